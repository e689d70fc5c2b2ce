//! The language's one layout, as edits of a text that keeps its line ends.

use nthc::syntax::structure::{Part, PartKind, parts};
use nthc::syntax::tree::{ParsedFile, SyntaxErrorKind, TextRange};

use super::diff::{Change, apply, changes};

/// A text as `nthc fmt` lays it out, with the line ends that it has. Nothing where it has syntax errors.
pub fn laid_out(text: &str) -> Option<String> {
    let laid = nthc::syntax::format(text)?;
    if has_crlf(text) {
        Some(laid.replace("\r\n", "\n").replace('\n', "\r\n"))
    } else {
        Some(laid)
    }
}

/// Whether a text's lines end as on Windows. The first one decides.
pub fn has_crlf(text: &str) -> bool {
    text.find('\n')
        .is_some_and(|at| text.get(..at).is_some_and(|before| before.ends_with('\r')))
}

/// The edits that lay a whole text out. Nothing where it has syntax errors.
pub fn whole(text: &str) -> Option<Vec<Change>> {
    Some(changes(text, &laid_out(text)?))
}

/// A text after an edit, laid out where it was before: who lays out by hand is left alone.
pub fn tidied(before: &str, after: String) -> String {
    let was_tidy = laid_out(before).is_some_and(|laid| laid == before);
    if was_tidy {
        laid_out(&after).unwrap_or(after)
    } else {
        after
    }
}

/// The edits that lay out the statements or items that a range touches. In a text with syntax errors those items
/// that have none are laid out.
pub fn range(text: &str, file: &ParsedFile, range: TextRange) -> Vec<Change> {
    match laid_out(text) {
        Some(laid) => of_sound(text, &laid, file, range),
        None => of_damaged(text, file, range),
    }
}

fn of_sound(text: &str, laid: &str, file: &ParsedFile, range: TextRange) -> Vec<Change> {
    let all = changes(text, laid);
    let parts = parts(text, file);
    let items = items_touched(text, file, range);
    for extent in [statements_touched(&parts, range), items, Some(range)] {
        let Some(extent) = extent.map(|extent| whole_lines(text, extent)) else {
            continue;
        };
        let within =
            |change: &&Change| extent.start <= change.range.start && change.range.end <= extent.end;
        let chosen: Vec<Change> = all.iter().filter(within).cloned().collect();
        // A part of the edits must not say anything else than all of them do.
        let made = apply(text, &chosen);
        if made.and_then(|made| laid_out(&made)).as_deref() == Some(laid) {
            return chosen;
        }
    }
    Vec::new()
}

fn of_damaged(text: &str, file: &ParsedFile, range: TextRange) -> Vec<Change> {
    let mut found = Vec::new();
    for (start, item) in &file.items {
        let extent = TextRange {
            start: *start,
            end: *start + item.len,
        };
        let is_sound = item
            .errors
            .iter()
            .all(|error| error.kind == SyntaxErrorKind::StrayDoc);
        if !is_sound || !touch(extent, range) {
            continue;
        }
        let Some(slice) = text.get(extent.start as usize..extent.end as usize) else {
            continue;
        };
        let slice = slice.trim_end();
        let Some(laid) = laid_out(slice) else {
            continue;
        };
        let of_item = changes(slice, laid.trim_end());
        found.extend(of_item.into_iter().map(|change| Change {
            range: change.range.shifted(*start),
            ..change
        }));
    }
    found
}

/// From the first to the last statement that a range touches, of those that stand side by side.
fn statements_touched(parts: &[Part], range: TextRange) -> Option<TextRange> {
    let holds = |part: &&Part| part.range.start <= range.start && range.end <= part.range.end;
    let depth = parts
        .iter()
        .filter(|part| part.kind == PartKind::Body && part.closed)
        .filter(holds)
        .map(|part| part.depth + 1)
        .max()
        .unwrap_or(0);
    parts
        .iter()
        .filter(|part| {
            part.kind == PartKind::Unit && part.depth == depth && touch(part.range, range)
        })
        .map(|part| part.range)
        .reduce(TextRange::to)
}

fn items_touched(text: &str, file: &ParsedFile, range: TextRange) -> Option<TextRange> {
    let items = file.items.iter().map(|(start, item)| {
        let end = (*start + item.len) as usize;
        let slice = text.get(*start as usize..end).unwrap_or_default();
        TextRange::new(*start as usize, *start as usize + slice.trim_end().len())
    });
    items
        .filter(|item| touch(*item, range))
        .reduce(TextRange::to)
        .map(|items| items.to(range))
}

/// Whether two ranges share a place, be it an end of each.
pub fn touch(left: TextRange, right: TextRange) -> bool {
    left.start <= right.end && right.start <= left.end
}

/// From the beginning of the first line to the beginning of the line after the last.
pub fn whole_lines(text: &str, range: TextRange) -> TextRange {
    let start = line_start(text, range.start as usize);
    let end = range.end as usize;
    let end = text
        .get(end..)
        .and_then(|rest| rest.find('\n'))
        .map_or(text.len(), |at| end + at + 1);
    TextRange::new(start, end)
}

/// The first byte of the line that a byte is in.
pub fn line_start(text: &str, at: usize) -> usize {
    text.get(..at)
        .and_then(|before| before.rfind('\n'))
        .map_or(0, |end| end + 1)
}
