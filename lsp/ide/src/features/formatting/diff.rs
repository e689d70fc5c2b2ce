//! Minimal edits from one text to another, so that cursors and folds keep their places.

use nthc::syntax::tree::TextRange;
use similar::{Algorithm, DiffOp, TextDiff};

/// A range of bytes and its replacement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The range to replace; empty to insert.
    pub range: TextRange,
    /// The new text.
    pub text: String,
}

/// Returns the edits from one text to another, sorted and disjoint. Each is within lines that differ.
pub fn changes(old: &str, new: &str) -> Vec<Change> {
    if old == new {
        return Vec::new();
    }
    let diff = TextDiff::configure()
        .algorithm(Algorithm::Myers)
        .diff_lines(old, new);
    let starts = |lines: &[&str]| {
        let mut at = 0;
        let mut starts = vec![0];
        for line in lines {
            at += line.len();
            starts.push(at);
        }
        starts
    };
    let old_lines: Vec<&str> = diff.iter_old_slices().collect();
    let new_lines: Vec<&str> = diff.iter_new_slices().collect();
    let (old_starts, new_starts) = (starts(&old_lines), starts(&new_lines));
    let byte = |starts: &[usize], line: usize| starts.get(line).copied().unwrap_or_default();
    let mut found = Vec::new();
    for op in diff.ops() {
        if matches!(op, DiffOp::Equal { .. }) {
            continue;
        }
        let (from, to) = (op.old_range(), op.new_range());
        if from.len() == to.len() {
            // Line by line, as when columns are aligned.
            for (line, with) in from.zip(to) {
                let start = byte(&old_starts, line);
                let (line, with) = (old_lines.get(line), new_lines.get(with));
                if let (Some(line), Some(with)) = (line, with) {
                    found.extend(trimmed_change(start, line, with));
                }
            }
        } else {
            let start = byte(&old_starts, from.start);
            let lines = |text: &str, starts: &[usize], range: std::ops::Range<usize>| {
                let range = byte(starts, range.start)..byte(starts, range.end);
                text.get(range).unwrap_or_default().to_owned()
            };
            let line = lines(old, &old_starts, from);
            let with = lines(new, &new_starts, to);
            found.extend(trimmed_change(start, &line, &with));
        }
    }
    found
}

/// The edit from one piece to another, without their common prefix and suffix.
fn trimmed_change(start: usize, old: &str, new: &str) -> Option<Change> {
    if old == new {
        return None;
    }
    let alike = |left: char, right: char| left == right;
    let before: usize = old
        .chars()
        .zip(new.chars())
        .take_while(|(left, right)| alike(*left, *right))
        .map(|(left, _)| left.len_utf8())
        .sum();
    let (old_rest, new_rest) = (old.get(before..)?, new.get(before..)?);
    let after: usize = old_rest
        .chars()
        .rev()
        .zip(new_rest.chars().rev())
        .take_while(|(left, right)| alike(*left, *right))
        .map(|(left, _)| left.len_utf8())
        .sum();
    // The two bytes of `\r\n` stay together.
    let (before, after) = whole_line_ends(old, new, before, after);
    Some(Change {
        range: TextRange::new(start + before, start + old.len() - after),
        text: new.get(before..new.len() - after)?.to_owned(),
    })
}

fn whole_line_ends(old: &str, new: &str, before: usize, after: usize) -> (usize, usize) {
    let splits = |text: &str, at: usize| {
        text.as_bytes().get(at) == Some(&b'\n')
            && at.checked_sub(1).and_then(|last| text.as_bytes().get(last)) == Some(&b'\r')
    };
    let cuts = |text: &str, at: usize| splits(text, at);
    let before = if cuts(old, before) || cuts(new, before) {
        before.saturating_sub(1)
    } else {
        before
    };
    let ends_cut = cuts(old, old.len() - after) || cuts(new, new.len() - after);
    let after = if ends_cut {
        after.saturating_sub(1)
    } else {
        after
    };
    (before, after)
}

/// Applies edits, which must be sorted and disjoint; `None` if one does not fit the text.
pub fn apply(text: &str, changes: &[Change]) -> Option<String> {
    let mut made = String::with_capacity(text.len());
    let mut at = 0;
    for change in changes {
        made.push_str(text.get(at..change.range.start as usize)?);
        made.push_str(&change.text);
        at = change.range.end as usize;
    }
    made.push_str(text.get(at..)?);
    Some(made)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn replacements(old: &str, new: &str) -> Vec<(String, String)> {
        let found = changes(old, new);
        assert_eq!(apply(old, &found).as_deref(), Some(new));
        let range = |range: TextRange| range.start as usize..range.end as usize;
        let shown = found
            .into_iter()
            .map(|change| (old[range(change.range)].to_owned(), change.text));
        shown.collect()
    }

    fn pair(old: &str, new: &str) -> (String, String) {
        (old.to_owned(), new.to_owned())
    }

    #[test]
    fn only_what_differs_is_touched() {
        assert_eq!(replacements("a\nb\n", "a\nb\n"), []);
        assert_eq!(
            replacements("x = 1\nlonger = 2\nend\n", "x      = 1\nlonger = 2\nend\n"),
            [pair("", "     ")]
        );
        assert_eq!(replacements("a\n\n\n\nb\n", "a\n\nb\n"), [pair("\n\n", "")]);
        assert_eq!(replacements("a", "a\n"), [pair("", "\n")]);
        assert_eq!(replacements("", "a\n"), [pair("", "a\n")]);
    }

    #[test]
    fn line_ends_stay_whole() {
        assert_eq!(
            replacements("a\r\nb\r\n", "a\nb\n"),
            [pair("\r\n", "\n"), pair("\r\n", "\n")]
        );
        assert_eq!(replacements("é = 1\n", "è = 1\n"), [pair("é", "è")]);
    }
}
