//! Errors of targets.

use std::error::Error;
use std::fmt;

use smol_str::SmolStr;

use super::limits::Excess;

/// The reason why a target generates no files.
#[derive(Debug)]
pub enum EmitError {
    /// A document could not be serialized; the error names the document and the cause.
    Unwritable(Box<dyn Error + Send + Sync>),
    /// A document exceeds the size limit of its reader.
    TooLarge(Excess),
    /// There are more rule groups than the ruler accepts.
    TooManyGroups(TooManyGroups),
    /// The generated configuration and an existing one do not fit together.
    Base(BaseError),
    /// The program that reads the document cannot do what the source says.
    Unsupported(Unsupported),
}

/// A generated name is also in the existing configuration of Alertmanager, or that is missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseError {
    /// The headline.
    pub message: String,
    /// What to do.
    pub help: String,
}

impl fmt::Display for BaseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for BaseError {}

impl From<BaseError> for EmitError {
    fn from(error: BaseError) -> Self {
        Self::Base(error)
    }
}

/// The program that reads a document cannot do what the source says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsupported {
    /// The service; `None` if it is the project.
    pub service: Option<SmolStr>,
    /// The message, with the program.
    pub message: String,
    /// The help: what to write instead.
    pub help: String,
}

/// A project has more rule groups than its ruler accepts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TooManyGroups {
    /// The service whose groups exceed the limit.
    pub service: SmolStr,
    /// The number of its groups.
    pub own: usize,
    /// The number of groups of the services before it.
    pub before: usize,
    /// The number of groups of all services.
    pub all: usize,
    /// The limit, `max_groups` of `[prometheus]`.
    pub max: usize,
}

/// An error of a serializer.
#[derive(Debug)]
pub struct WriteError {
    document: &'static str,
    cause: Box<dyn Error + Send + Sync>,
}

impl WriteError {
    /// Creates the error; `document` names the document, such as `the Prometheus rules`.
    pub fn new(document: &'static str, cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self {
            document,
            cause: cause.into(),
        }
    }
}

impl fmt::Display for WriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot write {}: {}", self.document, self.cause)
    }
}

impl Error for WriteError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(self.cause.as_ref())
    }
}

impl fmt::Display for EmitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unwritable(error) => error.fmt(f),
            Self::TooLarge(excess) => excess.fmt(f),
            Self::TooManyGroups(groups) => groups.fmt(f),
            Self::Base(error) => error.fmt(f),
            Self::Unsupported(unsupported) => unsupported.fmt(f),
        }
    }
}

impl Error for EmitError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Unwritable(error) => error.source(),
            Self::TooLarge(_) | Self::TooManyGroups(_) | Self::Base(_) | Self::Unsupported(_) => {
                None
            }
        }
    }
}

impl fmt::Display for TooManyGroups {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "too many rule groups: {}, and `max_groups` is {}",
            self.all, self.max
        )
    }
}

impl Error for TooManyGroups {}

impl fmt::Display for Unsupported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.message, self.help)
    }
}

impl Error for Unsupported {}

impl From<Unsupported> for EmitError {
    fn from(error: Unsupported) -> Self {
        Self::Unsupported(error)
    }
}

impl From<WriteError> for EmitError {
    fn from(error: WriteError) -> Self {
        Self::Unwritable(Box::new(error))
    }
}

impl From<Excess> for EmitError {
    fn from(excess: Excess) -> Self {
        Self::TooLarge(excess)
    }
}

impl From<TooManyGroups> for EmitError {
    fn from(groups: TooManyGroups) -> Self {
        Self::TooManyGroups(groups)
    }
}
