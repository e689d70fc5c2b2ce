//! Folding ranges: brackets, long strings and queries, runs of comments and of imports.

use nthc::syntax::comments::comments;
use nthc::syntax::structure::{PartKind, parts};
use nthc::syntax::tree::{ItemNode, ParsedFile, TextRange};

/// The kind of a folding range, if it is special.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FoldKind {
    /// Comments.
    Comment,
    /// Imports.
    Imports,
}

/// A folding range.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fold {
    /// The range, in bytes.
    pub range: TextRange,
    /// The kind; `None` for brackets, strings and queries.
    pub kind: Option<FoldKind>,
    /// True if the closing delimiter stays visible on its line.
    pub has_end: bool,
    /// Number of folding ranges around it.
    pub depth: u32,
}

/// The folding ranges of a text.
pub fn folds(text: &str, file: &ParsedFile) -> Vec<Fold> {
    let mut found = imports(file);
    for part in parts(text, file) {
        let (opens, closes) = match part.kind {
            PartKind::Multiline => (3, 3),
            PartKind::Query => (1, 1),
            PartKind::Doc => {
                found.push(Fold {
                    range: part.range,
                    kind: Some(FoldKind::Comment),
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
            Some(last) if goes_on => *last = last.cover(range),
            _ => runs.push(range),
        }
        goes_on = true;
    }
    let fold = |range| Fold {
        range,
        kind: Some(FoldKind::Imports),
        has_end: false,
        depth: 0,
    };
    runs.into_iter().map(fold).collect()
}

/// Runs of comments on neighboring lines without code, and the comment at the top of a file.
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
            Some(last) if follows(last) => *last = last.cover(comment.range),
            _ => runs.push(comment.range),
        }
    }
    let doc: Vec<TextRange> = file_doc(text).into_iter().collect();
    let fold = |range| Fold {
        range,
        kind: Some(FoldKind::Comment),
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
            range = Some(range.map_or(line, |range| range.cover(line)));
        } else if range.is_some() || !(content.is_empty() || content.starts_with("//")) {
            break;
        }
        at += line.len();
    }
    range
}
