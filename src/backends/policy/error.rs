//! Errors of the output formats of gates.

use std::fmt;

use jiff::civil::Date;
use nth_policy::Unreadable;

/// The reason why a gate cannot be written in an output format.
#[derive(Debug)]
pub enum Error {
    /// A fact's query is not PromQL.
    UnreadableQuery(String),
    /// A condition names a fact that has no query.
    NoQuery(String),
    /// A freeze ends on the last day of the calendar.
    LastDay(Date),
    /// A day or a time zone of the document is invalid.
    Unreadable(Unreadable),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnreadableQuery(fact) => write!(f, "cannot read the query of {fact} back"),
            Self::NoQuery(fact) => write!(f, "there is no query for {fact}"),
            Self::LastDay(day) => write!(f, "{day} is the calendar's last day"),
            Self::Unreadable(unreadable) => unreadable.fmt(f),
        }
    }
}

impl std::error::Error for Error {}

impl From<Unreadable> for Error {
    fn from(unreadable: Unreadable) -> Self {
        Self::Unreadable(unreadable)
    }
}

impl From<Error> for crate::EmitError {
    fn from(error: Error) -> Self {
        Self::Unwritable(Box::new(error))
    }
}
