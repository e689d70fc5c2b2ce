//! The reasons why no template can be extracted.

use std::fmt;

use smol_str::SmolStr;

/// The reason why a template cannot be extracted.
pub enum ExtractError {
    /// The block overrides one of a base.
    Overrides,
    /// This name is declared in the block, outside the selection.
    DeclaredOutside(String),
    /// The type of this name is unknown.
    UnknownType(String),
    /// This name refers to a block that would stay outside the template.
    RemainsOutside(String),
    /// This name is declared in the selection and used outside.
    UsedOutside(String),
    /// This field or block is set in the selection and outside.
    AlsoOutside(String),
    /// A block would change its place among others of its kind.
    OtherOrder {
        /// The block, such as `slo availability`.
        block: String,
        /// Its kind.
        kind: SmolStr,
    },
}

impl fmt::Display for ExtractError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Overrides => f.write_str("it overrides an inherited block"),
            Self::DeclaredOutside(name) => {
                write!(f, "`{name}` is declared outside the selection")
            }
            Self::UnknownType(name) => write!(f, "the type of `{name}` is unknown"),
            Self::RemainsOutside(name) => {
                write!(f, "`{name}` would remain outside the template")
            }
            Self::UsedOutside(name) => write!(f, "`{name}` is used outside the selection"),
            Self::AlsoOutside(name) => {
                write!(f, "`{name}` is also used outside the selection")
            }
            Self::OtherOrder { block, kind } => write!(
                f,
                "`{block}` would be placed before the `{kind}` blocks above it"
            ),
        }
    }
}
