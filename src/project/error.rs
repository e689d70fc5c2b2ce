//! What keeps a project from being read, apart from what is written in it.

use std::fmt;
use std::io;

use super::MANIFEST;

/// What kept a project from being read, apart from what is written in it.
#[derive(Debug)]
pub enum Error {
    /// Neither the folder nor one above it has an `nth.toml`.
    NoManifest {
        /// The folder where the search began, as shown.
        from: String,
    },
    /// A file or folder could not be read.
    Read {
        /// Its path as shown.
        path: String,
        /// Why.
        cause: io::Error,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoManifest { from } => {
                write!(f, "no {MANIFEST} in {from} or any directory above it")
            }
            Self::Read { path, cause } => write!(f, "cannot read {path}: {}", io_cause(cause)),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::NoManifest { .. } => None,
            Self::Read { cause, .. } => Some(cause),
        }
    }
}

/// An I/O error's text without the number that the system gives it.
pub fn io_cause(cause: &io::Error) -> String {
    let text = cause.to_string();
    match text.split_once(" (os error ") {
        Some((text, _)) => text.to_lowercase(),
        None => text,
    }
}
