//! The other places in a document that mean what the cursor is at.

use nthc::syntax::tree::TextRange;

use super::definition::Cursor;

/// A use in the document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Highlight {
    /// Its bytes.
    pub range: TextRange,
    /// Whether it is given a name or a value there, rather than read.
    pub is_write: bool,
}

/// The uses in its document of what the name at a cursor means: where it is given a name or a value, and where it is read.
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
