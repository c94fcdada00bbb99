use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::Offset;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Finding, RequirementId, Verdict};

/// Somebody answers for a requirement that does not hold, for a while: its findings are shown and do not count.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Waiver {
    /// The requirement that does not hold for now.
    #[schemars(with = "String")]
    pub requirement: RequirementId,
    /// Who answers for it.
    pub owner: String,
    /// Why it may be, and what is done about it.
    pub reason: String,
    /// The last day on which it counts.
    #[schemars(with = "String")]
    pub until: Date,
}

impl Waiver {
    /// Whether it counts on this day.
    pub fn is_good_on(&self, day: Date) -> bool {
        day <= self.until
    }
}

/// The day of a moment, in UTC, as reports show times.
pub fn day_of(moment: Timestamp) -> Date {
    Offset::UTC.to_datetime(moment).date()
}

/// Puts the waivers that are good on this day to the findings of their requirements.
pub fn waive(findings: &mut [Finding], waivers: &[Waiver], day: Date) {
    for finding in findings {
        finding.waiver = waivers.iter().find(|waiver| waiver.requirement == finding.requirement && waiver.is_good_on(day)).cloned();
    }
}

/// What a scenario's verdict weighs in the readiness: one whose every finding is waived holds for now.
pub fn weight(verdict: Verdict, findings: &[Finding]) -> Verdict {
    let waived = !findings.is_empty() && findings.iter().all(|finding| finding.waiver.is_some());
    if waived && matches!(verdict, Verdict::Warned | Verdict::Failed) { Verdict::Passed } else { verdict }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Level;

    fn finding(requirement: &str) -> Finding {
        Finding {
            requirement: requirement.parse().expect("an id"),
            level: Level::Must,
            summary: String::new(),
            expected: String::new(),
            actual: String::new(),
            clause: String::new(),
            exchanges: Vec::new(),
            step: None,
            diff: None,
            waiver: None,
            advice: None,
        }
    }

    #[test]
    fn a_waiver_counts_up_to_its_last_day_and_for_its_own_requirement_only() {
        let until: Date = "2026-12-31".parse().expect("a date");
        let text = |text: &str| text.to_owned();
        let waivers =
            [Waiver { requirement: "CB-01".parse().expect("an id"), owner: text("N. Sala"), reason: text("next release"), until }];
        let waived = |requirements: &[&str], day: &str| {
            let mut findings: Vec<Finding> = requirements.iter().copied().map(finding).collect();
            waive(&mut findings, &waivers, day.parse().expect("a date"));
            weight(Verdict::Failed, &findings)
        };
        assert_eq!(waived(&["CB-01"], "2026-12-31"), Verdict::Passed);
        assert_eq!(waived(&["CB-01"], "2027-01-01"), Verdict::Failed);
        assert_eq!(waived(&["CB-02"], "2026-12-31"), Verdict::Failed);
        assert_eq!(waived(&["CB-01", "CB-02"], "2026-12-31"), Verdict::Failed);
        assert_eq!(weight(Verdict::Inconclusive, &[]), Verdict::Inconclusive);
        assert_eq!(weight(Verdict::Failed, &[]), Verdict::Failed);
    }
}
