//! Folding ranges: brackets, long strings and queries, runs of comments and of imports.

use nth_ide::features::folding::{Fold, FoldKind, folds};
use nthc::db::parsed;
use tower_lsp::lsp_types::{
    FoldingRange, FoldingRangeKind, FoldingRangeParams, FoldingRangeProviderCapability,
    ServerCapabilities,
};

use crate::lines::Lines;
use crate::settings::Settings;
use crate::view::View;

/// Announces folding ranges.
pub fn offer(capabilities: &mut ServerCapabilities, _: &Settings) {
    capabilities.folding_range_provider = Some(FoldingRangeProviderCapability::Simple(true));
}

/// The folding ranges of a document.
pub fn folding_range(view: &View, params: &FoldingRangeParams) -> Option<Vec<FoldingRange>> {
    let (project, file) = view.file(&params.text_document.uri)?;
    let text = project.text(file);
    let client = view.settings.client.text_document.as_ref();
    let client = client.and_then(|known| known.folding_range.as_ref());
    let whole_lines = client
        .and_then(|known| known.line_folding_only)
        .unwrap_or_default();
    let mut folds = folds(text, parsed(project.db(), file));
    if let Some(limit) = client.and_then(|known| known.range_limit) {
        folds.sort_by_key(|fold| (fold.depth, fold.range.start));
        folds.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    }
    let lines = view.lines(text);
    let mut found: Vec<FoldingRange> = folds
        .iter()
        .filter_map(|fold| to_folding_range(fold, &lines, whole_lines))
        .collect();
    found.sort_by_key(|fold| (fold.start_line, fold.end_line));
    if whole_lines {
        // Two brackets that open on one line are one range there.
        found.dedup_by_key(|fold| (fold.start_line, fold.end_line));
    }
    Some(found)
}

fn to_folding_range(fold: &Fold, lines: &Lines<'_>, whole_lines: bool) -> Option<FoldingRange> {
    let range = lines.range(fold.range);
    let (start_line, mut end_line) = (range.start.line, range.end.line);
    if whole_lines && fold.has_end {
        // The line with the closing bracket stays visible.
        end_line = end_line.saturating_sub(1);
    }
    (start_line < end_line).then(|| FoldingRange {
        start_line,
        end_line,
        start_character: (!whole_lines).then_some(range.start.character),
        end_character: (!whole_lines).then_some(range.end.character),
        kind: fold.kind.map(|kind| match kind {
            FoldKind::Comment => FoldingRangeKind::Comment,
            FoldKind::Imports => FoldingRangeKind::Imports,
        }),
        collapsed_text: None,
    })
}
