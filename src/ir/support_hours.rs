//! Times of a day, and the hours in which a team is at work.

/// A time of a day, in a time zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TimeOfDay {
    /// 0 to 23.
    pub hour: u8,
    /// 0 to 59.
    pub minute: u8,
}

/// The hours in which the team is at work.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SupportHours {
    /// The time zone, a name of the IANA database.
    pub zone: String,
    /// The working days in rising order, 0 for Monday.
    pub days: Vec<u8>,
    /// The time at which work begins.
    pub from: TimeOfDay,
    /// The time at which work ends.
    pub to: TimeOfDay,
}
