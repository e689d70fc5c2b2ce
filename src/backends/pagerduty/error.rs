//! Errors of the generation of Terraform for PagerDuty.

use std::fmt;

use jiff::civil::Date;

/// The reason why a resource cannot be written.
#[derive(Debug)]
pub enum Error {
    /// Two resources would have this address.
    TakenAddress(String),
    /// An object is at this address, and another one would move away from it.
    StillInUse(String),
    /// The calendar ends before a schedule that starts on this day has its first hand-off.
    LateStart(Date),
    /// The start of a schedule does not exist in this time zone.
    NoSuchTime {
        /// The time zone as in the source.
        zone: String,
        /// The error of the time zone database.
        cause: jiff::Error,
    },
    /// The serializer failed for a file.
    Json {
        /// The name of the file without its extensions.
        stem: &'static str,
        /// The error of the serializer.
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
            Self::StillInUse(address) => write!(
                f,
                "Terraform cannot move an object from `{address}`, where another one is: remove the former name from \
                `renamed_from`"
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
            Self::TakenAddress(_) | Self::StillInUse(_) | Self::LateStart(_) => None,
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
