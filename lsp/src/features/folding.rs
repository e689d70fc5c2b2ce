//! What can be folded: brackets, long strings and queries, runs of comments and of imports.

use nthc::db::parsed;
use nthc::syntax::comments::comments;
use nthc::syntax::structure::{PartKind, parts};
use nthc::syntax::tree::{ItemNode, ParsedFile, TextRange};
use tower_lsp::lsp_types::{
    FoldingRange, FoldingRangeKind, FoldingRangeParams, FoldingRangeProviderCapability,
    ServerCapabilities,
};

use crate::position::Lines;
use crate::settings::Settings;
use crate::view::View;

/// Documents can be folded.
pub fn offer(capabilities: &mut ServerCapabilities, _: &Settings) {
    capabilities.folding_range_provider = Some(FoldingRangeProviderCapability::Simple(true));
}

/// What can be folded in a document.
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
        .filter_map(|fold| shown(fold, &lines, whole_lines))
        .collect();
    found.sort_by_key(|fold| (fold.start_line, fold.end_line));
    if whole_lines {
        // Two brackets that open on one line are one fold there.
        found.dedup_by_key(|fold| (fold.start_line, fold.end_line));
    }
    Some(found)
}

/// Bytes that can be hidden.
#[derive(Debug, Clone, PartialEq)]
struct Fold {
    range: TextRange,
    kind: Option<FoldingRangeKind>,
    /// Whether what ends it stays to be seen, on its line.
    has_end: bool,
    depth: u32,
}

fn folds(text: &str, file: &ParsedFile) -> Vec<Fold> {
    let mut found = imports(file);
    for part in parts(text, file) {
        let (opens, closes) = match part.kind {
            PartKind::Multiline => (3, 3),
            PartKind::Query => (1, 1),
            PartKind::Doc => {
                found.push(Fold {
                    range: part.range,
                    kind: Some(FoldingRangeKind::Comment),
                    has_end: false,
                    depth: part.depth,
                });
                continue;
            }
            _ if part.is_bracketed() => (1, 1),
            _ => continue,
        };
        let closes = if part.closed { closes } else { 0 };
        let range = TextRange {
            start: part.range.start + opens,
            end: part
                .range
                .end
                .saturating_sub(closes)
                .max(part.range.start + opens),
        };
        found.push(Fold {
            range,
            kind: None,
            has_end: part.closed,
            depth: part.depth,
        });
    }
    found.extend(comment_runs(text));
    found
}

fn imports(file: &ParsedFile) -> Vec<Fold> {
    let mut runs: Vec<TextRange> = Vec::new();
    let mut goes_on = false;
    for (start, item) in &file.items {
        let ItemNode::Import(import) = &item.node else {
            goes_on = false;
            continue;
        };
        let range = import.range.shifted(*start);
        match runs.last_mut() {
            Some(last) if goes_on => *last = last.to(range),
            _ => runs.push(range),
        }
        goes_on = true;
    }
    let fold = |range| Fold {
        range,
        kind: Some(FoldingRangeKind::Imports),
        has_end: false,
        depth: 0,
    };
    runs.into_iter().map(fold).collect()
}

/// Comments on neighbouring lines that have these for themselves, and the comment at the top of a file.
fn comment_runs(text: &str) -> Vec<Fold> {
    let mut runs: Vec<TextRange> = Vec::new();
    for comment in comments(text, |_| true) {
        if !comment.own_line {
            continue;
        }
        let follows = |last: &TextRange| {
            let between = text.get(last.end as usize..comment.range.start as usize);
            between.is_some_and(|between| {
                between.trim().is_empty() && between.matches('\n').count() == 1
            })
        };
        match runs.last_mut() {
            Some(last) if follows(last) => *last = last.to(comment.range),
            _ => runs.push(comment.range),
        }
    }
    let doc: Vec<TextRange> = file_doc(text).into_iter().collect();
    let fold = |range| Fold {
        range,
        kind: Some(FoldingRangeKind::Comment),
        has_end: false,
        depth: 1,
    };
    runs.into_iter().chain(doc).map(fold).collect()
}

/// The `//!` lines at the top.
fn file_doc(text: &str) -> Option<TextRange> {
    let mut range: Option<TextRange> = None;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let content = line.trim().trim_start_matches('\u{feff}');
        if content.starts_with("//!") {
            let start = at + line.find("//!").unwrap_or_default();
            let line = TextRange::new(start, at + line.trim_end().len());
            range = Some(range.map_or(line, |range| range.to(line)));
        } else if range.is_some() || !(content.is_empty() || content.starts_with("//")) {
            break;
        }
        at += line.len();
    }
    range
}

fn shown(fold: &Fold, lines: &Lines<'_>, whole_lines: bool) -> Option<FoldingRange> {
    let range = lines.range(fold.range.start as usize, fold.range.end as usize);
    let (start_line, mut end_line) = (range.start.line, range.end.line);
    if whole_lines && fold.has_end {
        // The line with the closing bracket stays.
        end_line = end_line.saturating_sub(1);
    }
    (start_line < end_line).then(|| FoldingRange {
        start_line,
        end_line,
        start_character: (!whole_lines).then_some(range.start.character),
        end_character: (!whole_lines).then_some(range.end.character),
        kind: fold.kind.clone(),
        collapsed_text: None,
    })
}
