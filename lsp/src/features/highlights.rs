//! The other places in a document that mean what the cursor is at.

use nth_ide::features::highlights;
use tower_lsp::lsp_types::{
    DocumentHighlight, DocumentHighlightKind, DocumentHighlightParams, OneOf, ServerCapabilities,
};

use crate::settings::Settings;
use crate::view::View;

/// Uses in a document are shown.
pub fn offer(capabilities: &mut ServerCapabilities, _: &Settings) {
    capabilities.document_highlight_provider = Some(OneOf::Left(true));
}

/// The uses in its document of what the name at a cursor means.
pub fn highlights(view: &View, params: &DocumentHighlightParams) -> Option<Vec<DocumentHighlight>> {
    let at = view.cursor(&params.text_document_position_params)?;
    let lines = view.lines(at.project.text(at.file));
    let found = highlights::highlights(&at)?.into_iter();
    let found = found.map(|used| DocumentHighlight {
        range: lines.range(used.range),
        kind: Some(match used.is_write {
            true => DocumentHighlightKind::WRITE,
            false => DocumentHighlightKind::READ,
        }),
    });
    Some(found.collect())
}
