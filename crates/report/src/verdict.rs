//! What a run says: of each party, of what was left open, and whether it may be shown as an approval.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::{RequirementRow, Run, ScenarioRun, State, words};
use crate::domain::{Level, Parties, Party, Readiness, Verdict, Weighed};
use crate::event::Lang;

/// How long a READY verdict holds.
const VALIDITY: SignedDuration = SignedDuration::from_hours(365 * 24);

/// What stands beside the verdict of a run, in requirements of its first party.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// How many the run judged, and how many the catalogue has of every party.
    pub run: usize,
    /// How many requirements the catalogue has, of every party.
    pub of: usize,
    /// Recommendations that did not hold.
    pub open: usize,
    /// Requirements that do not hold, and somebody answers for.
    pub waived: usize,
    /// Recommendations that could not be judged.
    pub unjudged: usize,
    /// Requirements that apply, and that no scenario judged.
    pub untested: usize,
}

impl Run {
    /// What the run says of each party, by its verdicts.
    pub fn parties(&self) -> Parties {
        let weighed = self.scenarios().iter().map(|scenario| self.weighed(scenario));
        Parties::judge(weighed, self.is_strict(), self.selection().is_empty())
    }

    pub(super) fn weighed(&self, scenario: &ScenarioRun) -> Weighed {
        Weighed::new(&scenario.summary, scenario.weight(), &self.started().requirements)
    }

    /// The verdict of the run: the application's wherever it was judged, and never better than what the run said of itself. A run that
    /// never finished or was interrupted is not READY.
    pub fn readiness(&self) -> Readiness {
        let headline = self.parties().headline();
        self.said().chain([headline]).max_by_key(|readiness| readiness.severity()).unwrap_or(headline)
    }

    /// What the run came to, whichever party it is about: this decides how the program ends.
    pub fn outcome(&self) -> Readiness {
        let [headline, worst] = [self.readiness(), self.parties().worst()];
        if worst.severity() > headline.severity() { worst } else { headline }
    }

    /// Whose verdict the run's is; of a run that judged nobody, the application's.
    pub fn first_party(&self) -> Party {
        self.parties().first().map_or(Party::Application, |(party, _)| party)
    }

    /// Until when the verdict may be shown as an approval: a year, where nothing stands against it.
    pub fn valid_until(&self) -> Option<Timestamp> {
        self.no_approval(Lang::En).is_empty().then(|| self.started_at().checked_add(VALIDITY).ok()).flatten()
    }

    /// Why the run is no approval of the application; empty where it is one. The platform's faults are not the application's.
    pub fn no_approval(&self, lang: Lang) -> Vec<String> {
        let t = |english, italian| words::choose(lang, english, italian).to_owned();
        let mut reasons = Vec::new();
        let application = self.parties().of(Party::Application);
        match (application, self.readiness()) {
            (None, _) => reasons.push(t("the application was not judged", "l'applicazione non è stata giudicata")),
            (Some(_), Readiness::NotReady) => reasons.push(t("the application is not ready", "l'applicazione non è pronta")),
            (Some(_), Readiness::Incomplete) => reasons.push(t("something was not judged", "qualcosa non è stato giudicato")),
            (Some(_), Readiness::Ready | Readiness::Partial) => {}
        }
        if !self.selection().is_empty() {
            let part = t("only a part of the suite was run", "è stata eseguita solo una parte della suite");
            reasons.push(format!("{part} ({})", self.selection().join(", ")));
        }
        if let Some(readiness @ (Readiness::NotReady | Readiness::Incomplete)) = self.parties().of(Party::Project) {
            let project = t("the verdict on the integrator's project is", "l'esito sul progetto dell'integratore è");
            reasons.push(format!("{project} {}", words::readiness(readiness, lang)));
        }
        if let Some(defect) = &self.started().application.defect {
            let broken = t("the application was broken on purpose", "l'applicazione è stata guastata di proposito");
            reasons.push(format!("{broken} ({defect})"));
        }
        reasons
    }

    /// Counts the requirements of the run's first party.
    pub fn tally(&self) -> Tally {
        let rows = self.requirement_rows();
        let first = self.first_party();
        let own = || rows.iter().filter(move |row| is_of(row, first));
        let warned = |row: &&RequirementRow<'_>| row.state == State::Judged(Verdict::Warned);
        let waived = |row: &&RequirementRow<'_>| row.findings.iter().all(|(_, finding)| finding.waiver.is_some());
        let unjudged = |row: &&RequirementRow<'_>| {
            let open = matches!(row.state, State::Judged(Verdict::Inconclusive | Verdict::Errored));
            open && row.requirement.level != Level::Must
        };
        Tally {
            run: own().filter(|row| was_run(row)).count(),
            of: rows.len(),
            open: own().filter(warned).filter(|row| !waived(row)).count(),
            waived: own().filter(warned).filter(waived).count(),
            unjudged: own().filter(unjudged).count(),
            untested: self.untested().len(),
        }
    }

    /// Requirements that apply, and that no scenario judged: mandatory ones first.
    pub(crate) fn untested(&self) -> Vec<RequirementRow<'_>> {
        let untested = |row: &RequirementRow<'_>| matches!(row.state, State::Judged(Verdict::NotTested) | State::NotCovered);
        let mut rows: Vec<_> = self.requirement_rows().into_iter().filter(untested).collect();
        rows.sort_by_key(|row| row.requirement.level);
        rows
    }

    /// How many mandatory requirements the first party broke; in a strict run recommendations count too.
    pub fn broken(&self) -> usize {
        let first = self.first_party();
        let failed = |row: &&RequirementRow<'_>| match row.state {
            State::Judged(Verdict::Failed) => self.is_strict() || row.requirement.level == Level::Must,
            State::Judged(Verdict::Warned) => self.is_strict() && row.findings.iter().any(|(_, finding)| finding.waiver.is_none()),
            _ => false,
        };
        self.requirement_rows().iter().filter(|row| is_of(row, first)).filter(failed).count()
    }
}

fn is_of(row: &RequirementRow<'_>, party: Party) -> bool {
    row.scenarios.iter().any(|scenario| Party::from(scenario.summary.suite) == party)
}

fn was_run(row: &RequirementRow<'_>) -> bool {
    row.state.verdict().is_some_and(|verdict| !matches!(verdict, Verdict::NotApplicable | Verdict::NotTested))
}
