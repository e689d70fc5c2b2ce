//! The other places in a document that mean what the cursor is at.

use tower_lsp::lsp_types::{
    DocumentHighlight, DocumentHighlightKind, DocumentHighlightParams, OneOf, ServerCapabilities,
};

use crate::features::definition::cursor;
use crate::settings::Settings;
use crate::view::View;

/// Uses in a document are shown.
pub fn offer(capabilities: &mut ServerCapabilities, _: &Settings) {
    capabilities.document_highlight_provider = Some(OneOf::Left(true));
}

/// The uses in its document of what the name at a cursor means: where it is given a name or a value, and where it is read.
pub fn highlights(view: &View, params: &DocumentHighlightParams) -> Option<Vec<DocumentHighlight>> {
    let at = cursor(view, &params.text_document_position_params)?;
    let written = at.names.name_at(at.file, at.offset)?;
    let target = at.names.target(&written.name.meaning, &[at.file]);
    let lines = view.lines(at.project.text(at.file));
    let found = at.names.uses(&target, &[at.file]).into_iter();
    let found = found.map(|used| {
        let range = at.names.absolute(used.span);
        DocumentHighlight {
            range: lines.range(range.start as usize, range.end as usize),
            kind: Some(match at.names.is_write(&used) {
                true => DocumentHighlightKind::WRITE,
                false => DocumentHighlightKind::READ,
            }),
        }
    });
    Some(found.collect())
}
