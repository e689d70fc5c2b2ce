//! Edits that a new name makes, and why there may be none.

use nthc::db::SourceFile;
use nthc::syntax::tree::TextRange;

/// An edit of a file, by its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// The file.
    pub file: SourceFile,
    /// What is replaced.
    pub range: TextRange,
    /// By what.
    pub text: String,
    /// How much of the new text stands before the name itself: `ledger.` in `ledger.books`.
    pub before: u32,
}

/// Why a name cannot be changed, as a sentence for the person.
pub type Refusal = String;
