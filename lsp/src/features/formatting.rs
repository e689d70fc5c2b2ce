//! Laying a document out, as `nthc fmt` does.

use tower_lsp::lsp_types::{DocumentFormattingParams, OneOf, ServerCapabilities, TextEdit};

use crate::settings::Settings;
use crate::view::View;

/// Documents can be laid out.
pub fn offer(capabilities: &mut ServerCapabilities, _: &Settings) {
    capabilities.document_formatting_provider = Some(OneOf::Left(true));
}

/// The edits that lay a document out; none where it has syntax errors or is laid out. The options are not looked at:
/// the language has one layout.
pub fn formatting(view: &View, params: &DocumentFormattingParams) -> Option<Vec<TextEdit>> {
    let buffer = view.buffer(&params.text_document.uri)?;
    let new_text = nthc::syntax::format(&buffer.text)?;
    if new_text == *buffer.text {
        return Some(Vec::new());
    }
    let range = view.lines(&buffer.text).whole();
    Some(vec![TextEdit { range, new_text }])
}
