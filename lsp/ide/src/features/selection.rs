//! Selection ranges: from the word through the nodes around it to the whole file.

use nthc::promql;
use nthc::syntax::comments::comments;
use nthc::syntax::structure::{Part, PartKind, parts};
use nthc::syntax::tree::{ExprNode, ParsedFile, QueryLit, TextRange};

use crate::nodes::{Node, path_to};
use crate::promql_spans::spans;

/// For each byte, the ranges to which a selection there grows: from the smallest to the whole text.
pub fn selections(
    text: &str,
    tree: &ParsedFile,
    offsets: impl IntoIterator<Item = usize>,
) -> Vec<Vec<TextRange>> {
    let parts = parts(text, tree);
    let outwards = |offset| ranges_around(text, tree, &parts, offset);
    offsets.into_iter().map(outwards).collect()
}

/// The ranges around a byte, each within the next. Never empty: the last one is the whole text.
fn ranges_around(text: &str, file: &ParsedFile, parts: &[Part], offset: usize) -> Vec<TextRange> {
    let mut found = vec![TextRange::new(0, text.len())];
    found.extend(word(text, offset));
    for part in parts {
        found.push(part.range);
        found.extend(contents(text, part));
    }
    for (start, item) in &file.items {
        let end = *start + item.len;
        let Some(within) = u32::try_from(offset)
            .ok()
            .filter(|at| *start <= *at && *at <= end)
            .map(|at| at - *start)
        else {
            continue;
        };
        let place = TextRange {
            start: within,
            end: within,
        };
        for node in path_to(&item.node, place) {
            // An unterminated bracket extends to the end of its item.
            found.extend(without_blanks(text, node.range().shifted(*start)));
            if let Node::Expr(expr) = node
                && let ExprNode::Query(query) = &expr.node
            {
                let of_query = query_ranges(query).into_iter();
                found.extend(of_query.map(|range| range.shifted(*start)));
            }
        }
    }
    found.extend(comments(text, |_| true).iter().map(|comment| comment.range));
    nesting_ranges(found, offset)
}

fn without_blanks(text: &str, range: TextRange) -> Option<TextRange> {
    let slice = text.get(range.start as usize..range.end as usize)?;
    let start = range.start as usize;
    Some(TextRange::new(start, start + slice.trim_end().len()))
}

/// The ranges that contain a byte, from the smallest, each within the next.
fn nesting_ranges(mut ranges: Vec<TextRange>, offset: usize) -> Vec<TextRange> {
    ranges.retain(|range| range.start as usize <= offset && offset <= range.end as usize);
    ranges.sort_by_key(|range| (range.len(), std::cmp::Reverse(range.start)));
    let mut chain: Vec<TextRange> = Vec::new();
    for range in ranges {
        let grows = chain.last().is_none_or(|last| {
            range.start <= last.start && last.end <= range.end && range != *last
        });
        if grows && !(range.is_empty() && chain.is_empty()) {
            chain.push(range);
        }
    }
    if chain.is_empty() {
        chain.push(TextRange::new(offset, offset));
    }
    chain
}

/// The word at a byte, or one that ends there. Hyphens are allowed, as in names.
fn word(text: &str, offset: usize) -> Option<TextRange> {
    let is_part = |letter: &char| letter.is_alphanumeric() || matches!(letter, '_' | '-');
    let (before, after) = (text.get(..offset)?, text.get(offset..)?);
    let back: usize = before
        .chars()
        .rev()
        .take_while(is_part)
        .map(char::len_utf8)
        .sum();
    let forth: usize = after.chars().take_while(is_part).map(char::len_utf8).sum();
    let range = TextRange::new(offset - back, offset + forth);
    let found = text.get(range.start as usize..range.end as usize)?;
    found.contains(char::is_alphanumeric).then_some(range)
}

/// The contents of brackets or quotes, without blanks around them.
fn contents(text: &str, part: &Part) -> Option<TextRange> {
    let opens = match part.kind {
        PartKind::Multiline => 3,
        PartKind::Hole => 2,
        PartKind::String | PartKind::Query => 1,
        _ if part.is_bracketed() && !text.get(part.range.start as usize..)?.starts_with('.') => 1,
        _ => return None,
    };
    let closes = match part.kind {
        _ if !part.closed => 0,
        PartKind::Multiline => 3,
        _ => 1,
    };
    let (start, end) = (
        part.range.start as usize + opens,
        (part.range.end as usize).checked_sub(closes)?,
    );
    let within = text.get(start..end)?;
    let leading = within.len() - within.trim_start().len();
    let length = within.trim().len();
    (length > 0).then(|| TextRange::new(start + leading, start + leading + length))
}

/// The nodes of a query, in bytes of its item. If it is not valid PromQL, only brackets.
fn query_ranges(query: &QueryLit) -> Vec<TextRange> {
    let text = query.masked();
    let ranges = match promql::parse(&text) {
        Ok(expr) => spans(&expr),
        Err(_) => bracket_ranges(&text),
    };
    let start = query.text_range.start;
    ranges
        .into_iter()
        .map(|range| range.shifted(start))
        .collect()
}

/// Brackets and their contents.
fn bracket_ranges(text: &str) -> Vec<TextRange> {
    let mut open: Vec<usize> = Vec::new();
    let mut found = Vec::new();
    for (at, letter) in text.char_indices() {
        match letter {
            '(' | '[' | '{' => open.push(at),
            ')' | ']' | '}' => {
                if let Some(start) = open.pop() {
                    found.push(TextRange::new(start + 1, at));
                    found.push(TextRange::new(start, at + 1));
                }
            }
            _ => {}
        }
    }
    found
}
