//! Clocks of the medical centres.

use std::sync::LazyLock;

use jiff::Timestamp;
use jiff::civil::{Date, Time};
use jiff::tz::{Offset, TimeZone};

/// Europe/Rome by its rule since 1996, so that no time zone database is needed on the machine.
static ROME: LazyLock<TimeZone> = LazyLock::new(|| TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").expect("a POSIX rule"));

pub(super) fn date(time: Timestamp) -> Date {
    ROME.to_datetime(time).date()
}

/// Two in the morning may be missing or come twice; medical centres are closed then.
pub(super) fn at(date: Date, time: Time) -> Timestamp {
    ROME.to_timestamp(date.to_datetime(time)).unwrap_or(Timestamp::MIN)
}

pub(super) fn offset(time: Timestamp) -> Offset {
    ROME.to_offset(time)
}
