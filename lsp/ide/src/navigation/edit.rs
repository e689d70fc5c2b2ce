//! Edits that a rename consists of, and the reason if it is refused.

use nthc::db::SourceFile;
use nthc::syntax::tree::TextRange;

/// An edit of a file, in bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// The file.
    pub file: SourceFile,
    /// The range to replace.
    pub range: TextRange,
    /// The replacement.
    pub text: String,
    /// Length in bytes of the replacement before the name itself: `ledger.` in `ledger.books`.
    pub before: u32,
}

pub type Refusal = String;
