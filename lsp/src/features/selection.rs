//! Selection ranges: from the word through the nodes around it to the whole file.

use nth_ide::features::selection::selections;
use nthc::db::parsed;
use nthc::syntax::tree::TextRange;
use tower_lsp::lsp_types::{
    SelectionRange, SelectionRangeParams, SelectionRangeProviderCapability, ServerCapabilities,
};

use crate::lines::Lines;
use crate::settings::Settings;
use crate::view::View;

/// Announces selection ranges.
pub fn offer(capabilities: &mut ServerCapabilities, _: &Settings) {
    capabilities.selection_range_provider = Some(SelectionRangeProviderCapability::Simple(true));
}

/// The selection ranges at each position.
pub fn selection_range(view: &View, params: &SelectionRangeParams) -> Option<Vec<SelectionRange>> {
    let (project, file) = view.file(&params.text_document.uri)?;
    let text = project.text(file);
    let lines = view.lines(text);
    let offsets = params.positions.iter().map(|at| lines.offset(*at));
    // An answer has as many elements as the request, or is `None`.
    selections(text, parsed(project.db(), file), offsets)
        .into_iter()
        .map(|ranges| nest(ranges, &lines))
        .collect()
}

/// Nests ranges, given from the smallest.
fn nest(ranges: Vec<TextRange>, lines: &Lines<'_>) -> Option<SelectionRange> {
    let mut grown: Option<SelectionRange> = None;
    for range in ranges.into_iter().rev() {
        grown = Some(SelectionRange {
            range: lines.range(range),
            parent: grown.map(Box::new),
        });
    }
    grown
}
