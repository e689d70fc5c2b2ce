//! The types of PromQL expressions.

use std::fmt::{self, Display, Formatter};

/// The type of an expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Type {
    /// One number.
    Scalar,
    /// A set of series with one sample each, at one time.
    InstantVector,
    /// A set of series with the samples of a time range.
    RangeVector,
    /// A string.
    String,
}

impl Type {
    /// Returns the name with its article, as in "is an instant vector".
    pub fn with_article(self) -> &'static str {
        match self {
            Self::Scalar => "a scalar",
            Self::InstantVector => "an instant vector",
            Self::RangeVector => "a range vector",
            Self::String => "a string",
        }
    }
}

impl Display for Type {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Scalar => "scalar",
            Self::InstantVector => "instant vector",
            Self::RangeVector => "range vector",
            Self::String => "string",
        })
    }
}
