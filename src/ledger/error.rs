//! Errors of the ledger.

use std::fmt;

/// Why the ledger cannot be read or written. No text contains a password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LedgerError {
    /// The location is neither a path nor a URL of PostgreSQL.
    InvalidLocation {
        /// What is wrong with it.
        why: String,
    },
    /// No ledger exists at the location.
    NotFound,
    /// The file or the schema contains something else.
    NotALedger,
    /// A newer version wrote the ledger.
    NewerVersion {
        /// The version of its schema.
        found: i64,
        /// The newest version that is supported.
        supported: i64,
    },
    /// Another process writes, and has not finished in time.
    Locked,
    /// The disk is full, or the ledger has reached its limit.
    DiskFull,
    /// The server cannot be reached.
    CannotConnect {
        /// What the system or the server reports.
        cause: String,
    },
    /// The connection was lost, and could not be restored.
    ConnectionLost {
        /// What the system or the server reports.
        cause: String,
    },
    /// The file, the folder, the user or the password does not allow the access.
    Permission {
        /// What the system or the server reports.
        cause: String,
    },
    /// A row has a value that the ledger never writes.
    Damaged {
        /// The table and the column, or the part.
        place: String,
        /// What is wrong with it.
        why: String,
    },
    /// A value cannot be recorded.
    InvalidValue {
        /// Which value, and why.
        why: String,
    },
    /// Any other error of the database.
    Storage {
        /// What the database reports.
        cause: String,
    },
}

impl LedgerError {
    /// A value that cannot be recorded.
    pub(crate) fn invalid(why: impl Into<String>) -> Self {
        Self::InvalidValue { why: why.into() }
    }

    /// A row with a value that the ledger never writes.
    pub(crate) fn damaged(place: impl Into<String>, why: impl Into<String>) -> Self {
        Self::Damaged {
            place: place.into(),
            why: why.into(),
        }
    }

    /// How to solve it, imperative; `None` if that depends on the cause.
    pub fn help(&self) -> Option<&'static str> {
        Some(match self {
            Self::InvalidLocation { .. } => {
                "write a path, or `postgres://user:password@host/database`"
            }
            Self::NotFound => "check the location, or create the ledger with the first pull",
            Self::NotALedger => "choose another path, or an empty database",
            Self::NewerVersion { .. } => "update nthc",
            Self::Locked => "wait until the other process has finished, then repeat the command",
            Self::DiskFull => "free some space, then repeat the command: nothing is lost",
            Self::ConnectionLost { .. } => "repeat the command: nothing is lost",
            Self::Damaged { .. } => "restore a backup, or pull into a new ledger",
            Self::CannotConnect { .. }
            | Self::Permission { .. }
            | Self::InvalidValue { .. }
            | Self::Storage { .. } => return None,
        })
    }
}

impl fmt::Display for LedgerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InvalidLocation { why } => write!(f, "invalid location of the ledger: {why}"),
            Self::NotFound => f.write_str("the ledger does not exist"),
            Self::NotALedger => f.write_str("the database is not a ledger"),
            Self::NewerVersion { found, supported } => write!(
                f,
                "the ledger has version {found}, and this program supports versions up to {supported}"
            ),
            Self::Locked => f.write_str("another process writes the ledger"),
            Self::DiskFull => f.write_str("no space left for the ledger"),
            Self::CannotConnect { cause } => write!(f, "cannot connect to the ledger: {cause}"),
            Self::ConnectionLost { cause } => {
                write!(f, "lost the connection to the ledger: {cause}")
            }
            Self::Permission { cause } => write!(f, "no permission for the ledger: {cause}"),
            Self::Damaged { place, why } => write!(f, "the ledger is damaged: {place}: {why}"),
            Self::InvalidValue { why } => write!(f, "cannot record this in the ledger: {why}"),
            Self::Storage { cause } => write!(f, "cannot use the ledger: {cause}"),
        }
    }
}

impl std::error::Error for LedgerError {}
