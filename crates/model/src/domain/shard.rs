use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A part of a run that was divided among machines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Shard {
    /// 1-based.
    pub index: usize,
    /// How many parts the run was divided into.
    pub of: usize,
}

/// A text that is no [`Shard`]; holds the text.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is no part of a run: write it as I/N with 1 <= I <= N, such as 2/3")]
pub struct ShardError(String);

impl Shard {
    /// Whether the scenario at this 0-based place of the plan is of this part. Neighbours are of different parts: what takes long
    /// mostly stands together.
    pub fn takes(self, place: usize) -> bool {
        place % self.of == self.index - 1
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.of)
    }
}

impl FromStr for Shard {
    type Err = ShardError;

    fn from_str(text: &str) -> Result<Self, ShardError> {
        let numbers = text.split_once('/').and_then(|(index, of)| Some((index.parse().ok()?, of.parse().ok()?)));
        match numbers {
            Some((index, of)) if 1 <= index && index <= of => Ok(Self { index, of }),
            _ => Err(ShardError(text.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_of_a_run_hold_every_scenario_once() {
        for of in 1..6 {
            let parts: Vec<Shard> = (1..=of).map(|index| format!("{index}/{of}").parse().expect("a part")).collect();
            for place in 0..17 {
                assert_eq!(parts.iter().filter(|part| part.takes(place)).count(), 1, "{place} of {of}");
            }
        }
    }

    #[test]
    fn what_is_no_part_is_refused() {
        for text in ["", "1", "0/3", "4/3", "1/0", "a/b", "1/2/3", "-1/2"] {
            assert!(text.parse::<Shard>().is_err(), "{text}");
        }
    }
}
