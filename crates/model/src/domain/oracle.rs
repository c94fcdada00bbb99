use serde::{Deserialize, Serialize};

/// The five parts that a provoked scenario needs before it may pass (`None`: not observed).
///
/// A missing part is Inconclusive, never Passed: a crashed application refuses everything too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Oracle {
    /// An honest sign-in just before succeeded.
    pub control: Option<bool>,
    /// The platform logged the fault's firing.
    pub delivered: Option<bool>,
    /// The platform saw no forbidden follow-up.
    pub no_follow_up: Option<bool>,
    /// The browser showed the expected reaction: not signed in, or the error marker, or the feature still working.
    pub reaction: Option<bool>,
    /// The next honest sign-in succeeded.
    pub recovery: Option<bool>,
}

/// One part of an [`Oracle`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OraclePart {
    /// The sign-in before, without a fault, worked.
    Control,
    /// The fault fired.
    Delivered,
    /// Nothing that the fault must not lead to reached the platform.
    NoFollowUp,
    /// The application showed what the scenario expects of it.
    Reaction,
    /// The sign-in after, without a fault, worked.
    Recovery,
}

impl OraclePart {
    /// The parts in the order in which a scenario comes to them.
    pub const ALL: [Self; 5] = [Self::Control, Self::Delivered, Self::NoFollowUp, Self::Reaction, Self::Recovery];

    /// What it says when it holds, in English, without capital and full stop.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Control => "an honest sign-in just before succeeded",
            Self::Delivered => "the platform delivered the fault",
            Self::NoFollowUp => "the platform saw no forbidden follow-up",
            Self::Reaction => "the browser showed the expected reaction",
            Self::Recovery => "the next honest sign-in succeeded",
        }
    }
}

impl Oracle {
    /// Whether a part held; `None` where it was not observed.
    pub fn part(&self, part: OraclePart) -> Option<bool> {
        match part {
            OraclePart::Control => self.control,
            OraclePart::Delivered => self.delivered,
            OraclePart::NoFollowUp => self.no_follow_up,
            OraclePart::Reaction => self.reaction,
            OraclePart::Recovery => self.recovery,
        }
    }

    /// Writes down whether a part held; the last word counts.
    pub fn set(&mut self, part: OraclePart, held: bool) {
        *match part {
            OraclePart::Control => &mut self.control,
            OraclePart::Delivered => &mut self.delivered,
            OraclePart::NoFollowUp => &mut self.no_follow_up,
            OraclePart::Reaction => &mut self.reaction,
            OraclePart::Recovery => &mut self.recovery,
        } = Some(held);
    }

    /// The parts that are not known to hold.
    pub fn missing(&self) -> Vec<OraclePart> {
        OraclePart::ALL.into_iter().filter(|part| self.part(*part) != Some(true)).collect()
    }
}
