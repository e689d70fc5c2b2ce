//! Errors of reading a project, apart from errors in its files.

use std::fmt;
use std::io;

use super::MANIFEST;

/// An error of reading a project, apart from errors in its files.
#[derive(Debug)]
pub enum Error {
    /// Neither the folder nor one of its parents has an `nth.toml`.
    NoManifest {
        /// The folder where the search began, for messages.
        from: String,
    },
    /// A file or folder could not be read.
    Read {
        /// Its path for messages.
        path: String,
        /// The error.
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

/// Returns the text of an I/O error without the number of the system.
pub fn io_cause(cause: &io::Error) -> String {
    let text = cause.to_string();
    match text.split_once(" (os error ") {
        Some((text, _)) => text.to_lowercase(),
        None => text,
    }
}
