//! A token by the bytes of its file.

use nthc::syntax::tree::TextRange;

use super::legend::{Kind, Modifiers};

/// A stretch of a file with what it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token {
    /// Where it stands, in bytes of the file.
    pub range: TextRange,
    /// What it is.
    pub kind: Kind,
    /// What is true of it besides.
    pub modifiers: Modifiers,
}
