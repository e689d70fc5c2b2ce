//! Indentation of a line while it is typed.

use nthc::syntax::structure::{Part, PartKind, parts};
use nthc::syntax::tree::{ParsedFile, TextRange};

use super::diff::Change;
use super::layout::line_start;

/// Indentation per open bracket, in spaces, as in `nthc fmt`.
const INDENT: usize = 2;

/// Returns the edit that indents the line of `offset` after `typed` was typed there: a line end, or a closing brace
/// at the start of its line. `None` in a string or query, or if the line is indented correctly.
pub fn indent(text: &str, file: &ParsedFile, offset: usize, typed: char) -> Option<Change> {
    let start = line_start(text, offset);
    let rest = text.get(start..)?;
    let line = rest
        .find(['\r', '\n'])
        .and_then(|end| rest.get(..end))
        .unwrap_or(rest);
    let content = line.trim_start_matches([' ', '\t']);
    let blank = line.len() - content.len();
    if typed == '}' && (!content.starts_with('}') || offset > start + blank + 1) {
        return None;
    }
    let parts = parts(text, file);
    let is_literal = |part: &&Part| {
        matches!(
            part.kind,
            PartKind::String | PartKind::Multiline | PartKind::Query
        )
    };
    let end_of = |part: &Part| {
        if part.closed {
            part.range.end as usize
        } else {
            end_of_item(file, part).unwrap_or(text.len() + 1)
        }
    };
    let holds = |part: &&Part| (part.range.start as usize) < start && start < end_of(part);
    if parts.iter().filter(is_literal).any(|part| holds(&part)) {
        return None;
    }
    let closes = |part: &&Part| part.closed && part.range.end as usize == start + blank + 1;
    // Brackets that open on one line indent once.
    let mut lines: Vec<usize> = parts
        .iter()
        .filter(|part| part.is_bracketed() || part.kind == PartKind::Hole)
        .filter(holds)
        .filter(|part| !(closes(part) && content.starts_with(['}', ']', ')'])))
        .map(|part| line_start(text, part.range.start as usize))
        .collect();
    // The line of a bracket that closes here is indented once, whatever else it opens.
    let partners = parts
        .iter()
        .filter(closes)
        .filter(|part| part.is_bracketed());
    let partner = partners
        .map(|part| line_start(text, part.range.start as usize))
        .next();
    lines.retain(|line| Some(*line) != partner || !content.starts_with(['}', ']', ')']));
    lines.sort_unstable();
    lines.dedup();
    let goes_on = ["and ", "or "].iter().any(|word| content.starts_with(word));
    let wanted = INDENT * (lines.len() + usize::from(goes_on));
    let wanted = " ".repeat(wanted);
    (line.get(..blank) != Some(wanted.as_str())).then(|| Change {
        range: TextRange::new(start, start + blank),
        text: wanted,
    })
}

/// The end of the item that contains a part, if another item follows: brackets left open end there.
fn end_of_item(file: &ParsedFile, part: &Part) -> Option<usize> {
    let next = file
        .items
        .iter()
        .find(|(start, _)| *start > part.range.start);
    next.map(|(start, _)| *start as usize)
}
