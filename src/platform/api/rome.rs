//! Clocks of the medical centres.

use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

/// Europe/Rome by its rule since 1996, so that no time zone database is needed on the machine.
pub fn zone() -> TimeZone {
    TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap_or(TimeZone::UTC)
}

pub fn date(time: Timestamp) -> Date {
    Zoned::new(time, zone()).date()
}

pub fn at(date: Date, time: Time) -> Timestamp {
    date.to_datetime(time).to_zoned(zone()).map_or(Timestamp::MIN, |zoned| zoned.timestamp())
}
