//! What an apply did, and why it did not do all.

use std::fmt;

use crate::destination::{DestinationIdentity, Excess, ObjectHealth};
use crate::document::PlanError;
use crate::error::DeliveryError;
use crate::object::{ChangedBy, ObjectKey};
use crate::plan::Foreign;

/// What an apply did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Applied {
    /// The number of objects that it wrote or deleted.
    pub written: usize,
    /// The number of operations that were done before, by a run that was interrupted.
    pub done_before: usize,
    /// The health of what was created, changed and adopted, if it was waited for.
    pub health: Vec<ObjectHealth>,
}

/// Why an apply ended early. No text contains a secret or a control character.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ApplyError {
    /// The plan is not for this project or these destinations, or has expired.
    Plan(PlanError),
    /// A desired object is not ours.
    Foreign {
        /// Where.
        target: DestinationIdentity,
        /// Which object.
        foreign: Foreign,
    },
    /// The desired objects exceed a limit of the server.
    LimitExceeded {
        /// Where.
        target: DestinationIdentity,
        /// Which limit.
        excess: Excess,
    },
    /// More would be deleted than is allowed.
    TooManyDeletions {
        /// How many.
        planned: usize,
        /// How many are allowed.
        allowed: usize,
    },
    /// The files are not those of the plan any more.
    SourceChanged {
        /// An object that they change in another way.
        key: ObjectKey,
    },
    /// The live object is not the one that the plan was made from.
    Changed {
        /// Where.
        target: DestinationIdentity,
        /// Which object.
        key: ObjectKey,
        /// Who changed it, where the destination knows.
        changed_by: Option<ChangedBy>,
    },
    /// The destination fails.
    Delivery {
        /// Where.
        target: Option<DestinationIdentity>,
        /// At which object; `None` if at none in particular.
        key: Option<ObjectKey>,
        /// Why.
        error: DeliveryError,
    },
    /// An object was written, and another one is live at the end.
    NotApplied {
        /// Where.
        target: DestinationIdentity,
        /// Which object.
        key: ObjectKey,
    },
    /// All is written, and an object fails.
    Failing {
        /// Where.
        target: DestinationIdentity,
        /// Which object.
        key: ObjectKey,
        /// The server's own words, made safe to print.
        error: String,
    },
    /// All is written, and objects are not healthy in time.
    NotHealthyInTime {
        /// Where.
        target: DestinationIdentity,
        /// Which objects.
        waiting: Vec<ObjectKey>,
    },
    /// The journal cannot be written, so nothing more is done.
    Journal {
        /// Why.
        error: DeliveryError,
    },
    /// The run was cancelled between two operations.
    Cancelled,
}

/// An apply that ended early.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApplyFailure {
    /// Why.
    pub error: ApplyError,
    /// What was done before.
    pub applied: Applied,
    /// The number of operations that are not done.
    pub left: usize,
}

impl ApplyError {
    /// How to solve it, imperative; `None` if that depends on the cause.
    pub fn help(&self) -> Option<&'static str> {
        match self {
            Self::Plan(error) => Some(error.help()),
            Self::Foreign { foreign, .. } => Some(match foreign.owner {
                None => "adopt it by name, or choose another name",
                Some(_) => "choose another name, or remove it in the project that it belongs to",
            }),
            Self::LimitExceeded { .. } => Some("raise the limit of the server, or generate less"),
            Self::TooManyDeletions { .. } => {
                Some("check what is deleted, then allow so many deletions")
            }
            Self::SourceChanged { .. } | Self::Changed { .. } | Self::NotApplied { .. } => {
                Some("plan again")
            }
            Self::Delivery { error, .. } | Self::Journal { error } => error.help(),
            Self::Failing { .. } => None,
            Self::NotHealthyInTime { .. } => Some("look at the status again later"),
            Self::Cancelled => Some("apply the same plan again: what is done is not repeated"),
        }
    }
}

impl fmt::Display for ApplyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plan(error) => error.fmt(f),
            Self::Foreign { target, foreign } => {
                let key = &foreign.key;
                match &foreign.owner {
                    None => write!(f, "{key} of {target} is not managed by nthc"),
                    Some(owner) => write!(f, "{key} of {target} belongs to {owner}"),
                }
            }
            Self::LimitExceeded { target, excess } => write!(
                f,
                "{target} allows {} for `{}`, and {} needs {}",
                excess.allowed,
                excess.limit,
                Place(excess.key.as_ref()),
                excess.needed
            ),
            Self::TooManyDeletions { planned, allowed } => {
                write!(
                    f,
                    "the plan has {planned} deletions, and {allowed} are allowed"
                )
            }
            Self::SourceChanged { key } => {
                write!(f, "the files have changed since the plan: {key}")
            }
            Self::Changed {
                target,
                key,
                changed_by,
            } => {
                write!(f, "{key} of {target} has changed since the plan")?;
                let who = changed_by.as_ref().and_then(|by| by.who.as_deref());
                match who {
                    Some(who) => write!(f, ", by {}", who.escape_debug()),
                    None => Ok(()),
                }
            }
            Self::Delivery { target, key, error } => {
                if let Some(key) = key {
                    write!(f, "{key}: ")?;
                }
                match target {
                    Some(target) => write!(f, "{target}: {error}"),
                    None => error.fmt(f),
                }
            }
            Self::NotApplied { target, key } => {
                write!(f, "{key} of {target} was written, and is another one now")
            }
            Self::Failing { target, key, error } => {
                write!(f, "{key} of {target} is applied and fails: {error}")
            }
            Self::NotHealthyInTime { target, waiting } => {
                write!(f, "applied to {target}, and not evaluated in time: ")?;
                match waiting.as_slice() {
                    [] => Ok(()),
                    [only] => only.fmt(f),
                    [first, rest @ ..] => write!(f, "{first} and {} more", rest.len()),
                }
            }
            Self::Journal { error } => write!(f, "cannot write the journal: {error}"),
            Self::Cancelled => f.write_str("cancelled"),
        }
    }
}

impl std::error::Error for ApplyError {}

/// A single object, or all together.
struct Place<'a>(Option<&'a ObjectKey>);

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(key) => key.fmt(f),
            None => f.write_str("all together"),
        }
    }
}
