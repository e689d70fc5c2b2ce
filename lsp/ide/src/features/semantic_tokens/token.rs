//! A semantic token.

use nthc::syntax::tree::TextRange;

use super::legend::{Kind, Modifiers};

/// A range of a file with its type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token {
    /// The range, in bytes of the file.
    pub range: TextRange,
    /// The type.
    pub kind: Kind,
    /// The modifiers.
    pub modifiers: Modifiers,
}
