//! Formatting of a document, of a range, or of the line being typed, as in `nthc fmt`.

use nth_ide::features::formatting::{Change, layout, on_type};
use nthc::db::parsed;
use nthc::syntax::tree::TextRange;
use tower_lsp::lsp_types::{
    DocumentFormattingParams, DocumentOnTypeFormattingOptions, DocumentOnTypeFormattingParams,
    DocumentRangeFormattingParams, OneOf, ServerCapabilities, TextEdit,
};

use crate::lines::Lines;
use crate::settings::Settings;
use crate::view::View;

/// Announces formatting.
pub fn offer(capabilities: &mut ServerCapabilities, _: &Settings) {
    capabilities.document_formatting_provider = Some(OneOf::Left(true));
    capabilities.document_range_formatting_provider = Some(OneOf::Left(true));
    capabilities.document_on_type_formatting_provider = Some(DocumentOnTypeFormattingOptions {
        first_trigger_character: "}".to_owned(),
        more_trigger_character: Some(vec!["\n".to_owned()]),
    });
}

/// The edits that format a document; `None` if it has syntax errors. The options are ignored: the language has one
/// layout.
pub fn formatting(view: &View, params: &DocumentFormattingParams) -> Option<Vec<TextEdit>> {
    let buffer = view.buffer(&params.text_document.uri)?;
    let lines = view.lines(&buffer.text);
    Some(edits(&lines, layout::format_edits(&buffer.text)?))
}

/// The edits that format the statements at a range.
pub fn range_formatting(
    view: &View,
    params: &DocumentRangeFormattingParams,
) -> Option<Vec<TextEdit>> {
    let (project, file) = view.file(&params.text_document.uri)?;
    let text = project.text(file);
    let lines = view.lines(text);
    let (start, end) = (
        lines.offset(params.range.start),
        lines.offset(params.range.end),
    );
    let range = TextRange::new(start.min(end), start.max(end));
    let changes = layout::format_range(text, parsed(project.db(), file), range);
    Some(edits(&lines, changes))
}

/// The edit that indents the line that was just started or closed.
pub fn on_type_formatting(
    view: &View,
    params: &DocumentOnTypeFormattingParams,
) -> Option<Vec<TextEdit>> {
    let place = &params.text_document_position;
    let (project, file) = view.file(&place.text_document.uri)?;
    let text = project.text(file);
    let lines = view.lines(text);
    let offset = lines.offset(place.position);
    let typed = params.ch.chars().next()?;
    let change = on_type::indent(text, parsed(project.db(), file), offset, typed)?;
    Some(edits(&lines, vec![change]))
}

/// Converts changes to the protocol's edits.
fn edits(lines: &Lines<'_>, changes: Vec<Change>) -> Vec<TextEdit> {
    changes
        .into_iter()
        .map(|change| TextEdit {
            range: lines.range(change.range),
            new_text: change.text,
        })
        .collect()
}
