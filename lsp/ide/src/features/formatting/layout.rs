//! Formatting as in `nthc fmt`, as edits that keep the line ends of the text.

use nthc::syntax::structure::{Part, PartKind, parts};
use nthc::syntax::tree::{ParsedFile, SyntaxErrorKind, TextRange};

use super::diff::{Change, apply, changes};

/// Formats a text, and keeps its line ends. `None` if it has syntax errors.
pub fn format(text: &str) -> Option<String> {
    let laid = nthc::syntax::format(text)?;
    Some(with_line_ends(&laid, has_crlf(text)))
}

/// Converts the line ends of a text.
pub fn with_line_ends(text: &str, crlf: bool) -> String {
    let text = text.replace("\r\n", "\n");
    if crlf {
        text.replace('\n', "\r\n")
    } else {
        text
    }
}

/// True if the text has `\r\n` line ends; the first one decides.
pub fn has_crlf(text: &str) -> bool {
    text.find('\n')
        .is_some_and(|at| text.get(..at).is_some_and(|before| before.ends_with('\r')))
}

/// Returns the edits that format a whole text. `None` if it has syntax errors.
pub fn format_edits(text: &str) -> Option<Vec<Change>> {
    Some(changes(text, &format(text)?))
}

/// Formats the text after an edit if it was formatted before; otherwise returns it unchanged.
pub fn keep_formatted(before: &str, after: String) -> String {
    let was_tidy = format(before).is_some_and(|laid| laid == before);
    if was_tidy {
        format(&after).unwrap_or(after)
    } else {
        after
    }
}

/// Returns the edits that format the statements or items at a range. In a text with syntax errors, only items without
/// errors are formatted.
pub fn format_range(text: &str, file: &ParsedFile, range: TextRange) -> Vec<Change> {
    let touched: Vec<(TextRange, bool)> = file
        .items
        .iter()
        .map(|(start, item)| {
            let (from, until) = (*start as usize, (*start + item.len) as usize);
            let slice = text.get(from..until).unwrap_or_default();
            let is_sound = item
                .errors
                .iter()
                .all(|error| error.kind == SyntaxErrorKind::StrayDoc);
            (
                TextRange::new(from, from + slice.trim_end().len()),
                is_sound,
            )
        })
        .filter(|(extent, _)| touch(*extent, range))
        .collect();
    let holds_all = text
        .get(..range.start as usize)
        .zip(text.get(range.end as usize..))
        .is_some_and(|(before, after)| before.trim().is_empty() && after.trim().is_empty());
    if holds_all && let Some(changes) = format_edits(text) {
        return changes;
    }
    let mut found = Vec::new();
    // Neighbors without errors are formatted together, with the text between them.
    for run in touched.chunk_by(|left, right| left.1 && right.1) {
        if let ([(first, true), ..], Some((last, _))) = (run, run.last()) {
            found.extend(run_edits(text, file, first.cover(*last), range));
        }
    }
    found
}

/// The edits of one or several items, or of the statements of one item at the range.
fn run_edits(text: &str, file: &ParsedFile, run: TextRange, range: TextRange) -> Vec<Change> {
    let Some(slice) = text.get(run.start as usize..run.end as usize) else {
        return Vec::new();
    };
    let laid = format(slice);
    // The first line of the whole text determines its line ends.
    let Some(laid) = laid.map(|laid| with_line_ends(&laid, has_crlf(text))) else {
        return Vec::new();
    };
    let mut all = changes(slice, laid.trim_end());
    for change in &mut all {
        change.range = change.range.shifted(run.start);
    }
    let Some(extent) = statements_touched(text, file, run, range) else {
        return all;
    };
    let is_within =
        |change: &Change| extent.start <= change.range.start && change.range.end <= extent.end;
    let is_apart = |change: &Change| !touch(extent, change.range);
    let chosen: Vec<Change> = all
        .iter()
        .filter(|change| is_within(change))
        .cloned()
        .collect();
    // A part of the edits must not change the meaning of the text.
    let is_whole = all
        .iter()
        .all(|change| is_within(change) || is_apart(change));
    let made = apply(text, &chosen);
    let is_same = || {
        let of_run = |text: &str, end: usize| format(text.get(run.start as usize..end)?);
        let grown = made.as_ref()?.len() + run.end as usize - text.len();
        let laid = with_line_ends(&of_run(made.as_ref()?, grown)?, has_crlf(text));
        Some(
            laid.trim_end()
                == with_line_ends(&of_run(text, run.end as usize)?, has_crlf(text)).trim_end(),
        )
    };
    if is_whole && is_same() == Some(true) {
        chosen
    } else {
        all
    }
}

/// The lines of the statements at a range, if they are neighbors in one body; `None` if the range touches more.
fn statements_touched(
    text: &str,
    file: &ParsedFile,
    run: TextRange,
    range: TextRange,
) -> Option<TextRange> {
    let parts = parts(text, file);
    let holds = |part: &&Part| part.range.start < range.start && range.end < part.range.end;
    let body = parts
        .iter()
        .filter(|part| part.kind == PartKind::Body && part.closed && touch(part.range, run))
        .filter(holds)
        .max_by_key(|part| part.depth)?;
    let statements = parts.iter().filter(|part| {
        part.kind == PartKind::Unit
            && part.depth == body.depth + 1
            && body.range.start <= part.range.start
            && part.range.end <= body.range.end
            && touch(part.range, range)
    });
    let touched = statements.map(|part| part.range).reduce(TextRange::cover)?;
    Some(whole_lines(text, touched))
}

/// True if two ranges overlap or touch.
pub fn touch(left: TextRange, right: TextRange) -> bool {
    left.start <= right.end && right.start <= left.end
}

/// Extends a range to whole lines: from the start of the first line to the start of the line after the last.
pub fn whole_lines(text: &str, range: TextRange) -> TextRange {
    let start = line_start(text, range.start as usize);
    let end = range.end as usize;
    let end = text
        .get(end..)
        .and_then(|rest| rest.find('\n'))
        .map_or(text.len(), |at| end + at + 1);
    TextRange::new(start, end)
}

/// The start of the line that contains a byte.
pub fn line_start(text: &str, at: usize) -> usize {
    text.get(..at)
        .and_then(|before| before.rfind('\n'))
        .map_or(0, |end| end + 1)
}
