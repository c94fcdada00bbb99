use serde::de::Error;
use serde::{Deserialize, Deserializer};

/// The longest time that a record may tell, in milliseconds: more than five hundred years. Sums and thousandfolds of it fit 64 bits.
const MOST: u64 = 1 << 44;

/// Reads a time in milliseconds.
///
/// # Errors
/// When no run can have taken so long.
pub fn milliseconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    let told = u64::deserialize(deserializer)?;
    if told <= MOST { Ok(told) } else { Err(D::Error::custom(format!("{told} ms are longer than any run"))) }
}
