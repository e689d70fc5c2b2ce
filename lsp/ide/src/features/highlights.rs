//! Document highlights: the references to the name at the cursor.

use nthc::syntax::tree::TextRange;

use super::definition::Cursor;

/// A reference in the document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Highlight {
    /// Its range, in bytes.
    pub range: TextRange,
    /// True for a declaration or an assignment, false for a read.
    pub is_write: bool,
}

/// The references in the document to the name at a cursor.
pub fn highlights(at: &Cursor<'_>) -> Option<Vec<Highlight>> {
    let written = at.names.name_at(at.file, at.offset)?;
    let target = at.names.target(&written.name.meaning, &[at.file]);
    let found = at.names.uses(&target, &[at.file]).into_iter();
    let found = found.map(|used| Highlight {
        range: at.names.absolute(used.span),
        is_write: at.names.is_write(&used),
    });
    Some(found.collect())
}
