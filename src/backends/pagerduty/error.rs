//! Why Terraform for PagerDuty can't be generated.

use std::fmt;

use jiff::civil::Date;

/// What keeps a resource from being written.
#[derive(Debug)]
pub enum Error {
    /// Two resources would have this address.
    TakenAddress(String),
    /// The calendar ends before a schedule that starts on this day has its first handoff.
    LateStart(Date),
    /// The start of a schedule is no time in this zone.
    NoSuchTime {
        /// The zone as it is written.
        zone: String,
        /// What the time zone database says.
        cause: jiff::Error,
    },
    /// The serializer refused a file.
    Json {
        /// The file's name without its extensions.
        stem: &'static str,
        /// What it says.
        cause: serde_json::Error,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TakenAddress(address) => write!(
                f,
                "two objects would have the same Terraform address `{address}`: rename one"
            ),
            Self::LateStart(day) => write!(f, "{day} is too late a day for a schedule"),
            Self::NoSuchTime { zone, cause } => {
                write!(f, "the time zone `{zone}` has no such time: {cause}")
            }
            Self::Json { stem, cause } => write!(f, "cannot write PagerDuty's {stem}: {cause}"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::TakenAddress(_) | Self::LateStart(_) => None,
            Self::NoSuchTime { cause, .. } => Some(cause),
            Self::Json { cause, .. } => Some(cause),
        }
    }
}

impl From<Error> for crate::EmitError {
    fn from(error: Error) -> Self {
        Self::Unwritable(Box::new(error))
    }
}
