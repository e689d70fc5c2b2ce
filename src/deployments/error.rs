//! Why a document cannot be read.

use std::fmt;

use nth_metrics::BadAnswer;

/// Why a document cannot be read. Places are paths in it: `items[0].status.history[1].deployedAt`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReadError {
    /// The document contains nothing.
    Empty,
    /// It is an HTML page, such as that of a login or a proxy.
    Html,
    /// It is not JSON, or JSON that parsers read differently.
    NotJson {
        /// What is wrong with it.
        why: String,
    },
    /// A field is missing.
    Missing {
        /// Where it is expected.
        place: String,
    },
    /// A value is not what the format describes.
    Unexpected {
        /// Where it is.
        place: String,
        /// What is expected.
        expected: &'static str,
        /// What is found.
        found: String,
    },
    /// The document has deployments in several environments, and the project has none.
    SeveralEnvironments {
        /// The names of the environments.
        names: Vec<String>,
    },
}

impl ReadError {
    /// What to do about it; `None` if the message says all.
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Empty => Some("check the command that writes the document".to_owned()),
            Self::Html => Some("check the URL, and the credentials of the request".to_owned()),
            Self::NotJson { .. } => Some(
                "pass the JSON document that the API or `kubectl get -o json` prints".to_owned(),
            ),
            Self::SeveralEnvironments { .. } => Some("choose one with `--from-env`".to_owned()),
            Self::Missing { .. } | Self::Unexpected { .. } => None,
        }
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("the document is empty"),
            Self::Html => f.write_str("got an HTML page instead of JSON"),
            Self::NotJson { why } => write!(f, "invalid JSON: {why}"),
            Self::Missing { place } => write!(f, "missing `{place}`"),
            Self::Unexpected {
                place,
                expected,
                found,
            } => write!(f, "`{place}`: expected {expected}, found {found}"),
            Self::SeveralEnvironments { names } => {
                write!(
                    f,
                    "deployments in several environments: `{}`",
                    names.join("`, `")
                )
            }
        }
    }
}

impl std::error::Error for ReadError {}

impl From<BadAnswer> for ReadError {
    fn from(bad: BadAnswer) -> Self {
        match bad {
            BadAnswer::Html => Self::Html,
            BadAnswer::Empty => Self::Empty,
            BadAnswer::Malformed(why) => Self::NotJson { why },
            other => Self::NotJson {
                why: other.to_string(),
            },
        }
    }
}
