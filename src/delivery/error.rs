//! Errors of destinations.

use std::fmt;
use std::time::Duration;

use jiff::Timestamp;

use crate::object::ObjectKey;

/// Why a destination cannot be read or written. No text contains a password, a token or a control character: destinations pass
/// `cause` made safe to print.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeliveryError {
    /// The server requires other credentials: 401.
    Unauthorized {
        /// What the server reports.
        cause: String,
    },
    /// The credentials do not allow the request: 403.
    Forbidden {
        /// What the server reports.
        cause: String,
    },
    /// Something answers that is not the API: a page of HTML, a login, 404 of the API itself.
    NotTheApi {
        /// What came: `404 Not Found`, `a page of HTML`.
        found: String,
    },
    /// The server answers for another tenant, organization or cluster.
    WrongTenant {
        /// The expected one.
        expected: String,
        /// The one that answers.
        found: String,
    },
    /// Someone else changed the object at the same moment.
    Conflict {
        /// What the server reports.
        cause: String,
    },
    /// The object exceeds a limit of the server.
    LimitExceeded {
        /// What the server reports.
        cause: String,
    },
    /// Too many requests: 429.
    RateLimited {
        /// How long the server asks to wait.
        retry_after: Option<Duration>,
        /// What the server reports.
        cause: String,
    },
    /// The server cannot be reached, the connection was lost, or it reports an error of its own: 5xx. A write may or may not
    /// have been done.
    Unavailable {
        /// What the system or the server reports.
        cause: String,
    },
    /// The server does not accept the object.
    Rejected {
        /// What the server reports.
        cause: String,
    },
    /// The destination cannot hold such an object.
    Unsupported {
        /// Which object.
        key: ObjectKey,
        /// What is wrong with it.
        why: String,
    },
    /// The object is in a place that the settings protect.
    Protected {
        /// Which object.
        key: ObjectKey,
    },
    /// The answer cannot be understood, or is too large.
    Malformed {
        /// What is wrong with it.
        why: String,
    },
    /// Another run holds the lease.
    LeaseHeld {
        /// Who.
        holder: String,
        /// Until when, at most.
        expires: Timestamp,
    },
    /// The lease has expired, or another run has taken it.
    LeaseLost,
    /// A file cannot be read or written.
    Io {
        /// Which file.
        path: String,
        /// What the system reports.
        cause: String,
    },
    /// A program cannot be run, or fails.
    Program {
        /// Its name.
        program: String,
        /// What it reports.
        cause: String,
    },
    /// The destination is not set up correctly: an invalid URL, header or name.
    Invalid {
        /// What is wrong.
        why: String,
    },
}

impl DeliveryError {
    /// Returns true if the same request may be repeated and may succeed then: a lost connection, 5xx, 429.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::RateLimited { .. } | Self::Unavailable { .. })
    }

    /// How long the server asks to wait before the next request.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::RateLimited { retry_after, .. } => *retry_after,
            _ => None,
        }
    }

    /// How to solve it, imperative; `None` if that depends on the cause.
    pub fn help(&self) -> Option<&'static str> {
        Some(match self {
            Self::Unauthorized { .. } => "check the credentials and the tenant of the destination",
            Self::Forbidden { .. } => "allow this account to read and write there",
            Self::NotTheApi { .. } => "check the URL: it is that of the API, without a login page",
            Self::WrongTenant { .. } => "check the tenant of the destination",
            Self::Conflict { .. } => "plan again: someone else changes the same objects",
            Self::LimitExceeded { .. } => "raise the limit of the server, or generate less",
            Self::RateLimited { .. } => {
                "wait, then repeat the command: what is done is not repeated"
            }
            Self::Unavailable { .. } => "repeat the command: what is done is not repeated",
            Self::Protected { .. } => "choose another namespace, or unprotect this one",
            Self::LeaseHeld { .. } => "wait until the other run has ended or its lease has expired",
            Self::LeaseLost => "repeat the command: what is done is not repeated",
            Self::Malformed { .. } => "check that the URL is that of the API",
            Self::Rejected { .. }
            | Self::Unsupported { .. }
            | Self::Io { .. }
            | Self::Program { .. }
            | Self::Invalid { .. } => return None,
        })
    }
}

impl fmt::Display for DeliveryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unauthorized { cause } => write!(f, "not authorized: {cause}"),
            Self::Forbidden { cause } => write!(f, "not allowed: {cause}"),
            Self::NotTheApi { found } => write!(f, "expected the API, found {found}"),
            Self::WrongTenant { expected, found } => {
                write!(f, "expected tenant `{expected}`, found `{found}`")
            }
            Self::Conflict { cause } => write!(f, "changed by someone else: {cause}"),
            Self::LimitExceeded { cause } => {
                write!(f, "a limit of the server is exceeded: {cause}")
            }
            Self::RateLimited { cause, .. } => write!(f, "too many requests: {cause}"),
            Self::Unavailable { cause } => write!(f, "the server is unavailable: {cause}"),
            Self::Rejected { cause } => write!(f, "the server rejects it: {cause}"),
            Self::Unsupported { key, why } => write!(f, "cannot deliver {key}: {why}"),
            Self::Protected { key } => write!(f, "cannot change {key}: its namespace is protected"),
            Self::Malformed { why } => write!(f, "unexpected answer: {why}"),
            Self::LeaseHeld { holder, expires } => {
                write!(
                    f,
                    "{} applies at this moment, until {expires} at most",
                    holder.escape_debug()
                )
            }
            Self::LeaseLost => f.write_str("the lease is lost: another run may have taken it"),
            Self::Io { path, cause } => write!(f, "cannot access {}: {cause}", path.escape_debug()),
            Self::Program { program, cause } => write!(f, "{program} fails: {cause}"),
            Self::Invalid { why } => f.write_str(why),
        }
    }
}

impl std::error::Error for DeliveryError {}
