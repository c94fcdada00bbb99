//! What to do about a finding, where the requirement's remedy is about another way to break it.

use super::{Failure, World};
use crate::domain::{Advice, Finding, RequirementId};

impl World {
    /// Puts advice of its own to what was just found on one requirement; other requirements keep their remedies.
    pub(super) fn advised(&mut self, judged: Result<(), Failure>, requirement: &str, advice: &Advice) -> Result<(), Failure> {
        for (_, warning) in &mut self.ledger.warnings {
            advise(warning, requirement, advice);
        }
        judged.map_err(|failure| match failure {
            Failure::Found { mut findings } => {
                findings.iter_mut().for_each(|finding| advise(finding, requirement, advice));
                Failure::Found { findings }
            }
            other => other,
        })
    }
}

fn advise(finding: &mut Finding, requirement: &str, advice: &Advice) {
    let of: &RequirementId = &finding.requirement;
    if of.as_str() == requirement && finding.advice.is_none() {
        finding.advice = Some(advice.clone());
    }
}

/// What to look at when a sign-in with which nothing is wrong does not end signed in.
pub(super) fn of_a_plain_failure() -> Advice {
    Advice {
        en: "Follow the sign-in through the exchanges below: the authorization response has to reach your callback, the code has to be \
             redeemed, and the page has to show the user. Read the application's own log at the first of them that is missing or refused."
            .to_owned(),
        it: "Seguire l'accesso negli scambi qui sotto: la risposta di autorizzazione deve arrivare alla callback, il codice va riscattato e \
             la pagina deve mostrare l'utente. Leggere il log dell'applicazione al primo di questi passi che manca o è rifiutato."
            .to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Level;

    fn finding(requirement: &str) -> Finding {
        let requirement = requirement.parse().expect("an id");
        let [summary, expected, actual, clause] = Default::default();
        let (exchanges, step, diff, waiver, advice) = Default::default();
        Finding { requirement, level: Level::Must, summary, expected, actual, clause, exchanges, step, diff, waiver, advice }
    }

    #[test]
    fn advice_is_for_its_own_requirement_only() {
        let found = Failure::Found { findings: vec![finding("AC-08"), finding("CB-01")] };
        let advised = World::default().advised(Err(found), "AC-08", &of_a_plain_failure());
        let Err(Failure::Found { findings }) = advised else { panic!("it stays a finding") };
        assert_eq!(findings[0].advice, Some(of_a_plain_failure()));
        assert_eq!(findings[1].advice, None);
    }
}
