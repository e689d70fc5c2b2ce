//! Document highlights: the references to the name at the cursor.

use nth_ide::features::highlights;
use tower_lsp::lsp_types::{
    DocumentHighlight, DocumentHighlightKind, DocumentHighlightParams, OneOf, ServerCapabilities,
};

use crate::settings::Settings;
use crate::view::View;

/// Announces document highlights.
pub fn offer(capabilities: &mut ServerCapabilities, _: &Settings) {
    capabilities.document_highlight_provider = Some(OneOf::Left(true));
}

/// The references in the document to the name at a cursor.
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
