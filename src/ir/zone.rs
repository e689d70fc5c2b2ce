//! Time zones by their names.

use std::fmt;

use jiff::tz::{TimeZone, TimeZoneDatabase};

/// A time zone is not in the IANA database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownZone(pub String);

impl fmt::Display for UnknownZone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "unknown time zone `{}`", self.0)
    }
}

impl std::error::Error for UnknownZone {}

/// Finds a time zone in the bundled IANA database, which is the same on every machine.
///
/// # Errors
///
/// If the time zone is unknown.
pub fn find(name: &str) -> Result<TimeZone, UnknownZone> {
    TimeZoneDatabase::bundled()
        .get(name)
        .map_err(|_| UnknownZone(name.to_owned()))
}

/// The names of all time zones.
pub fn names() -> Vec<String> {
    TimeZoneDatabase::bundled()
        .available()
        .map(|name| name.to_string())
        .collect()
}
