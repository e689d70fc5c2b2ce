//! The lines of a file that a drawing shows, if some of them are too long to read.

use std::collections::BTreeMap;
use std::ops::Range;

use nth_diagnostics::limits;
use nth_diagnostics::position::Positions;
use nth_diagnostics::{Diagnostic, FileSpan};

/// The number of characters before the first label of a line that is cut.
const BEFORE: usize = 60;

/// A file with its long lines cut, and with every line emptied that a drawing does not show.
pub(super) struct Shortened {
    /// The text.
    pub text: String,
    /// The lines that are shown: their number, the character at which they start in this text, and the range of the
    /// line's characters that it contains.
    lines: BTreeMap<usize, (usize, Range<usize>)>,
}

/// Returns whether a label of a diagnostic touches a line that is too long to be drawn.
pub(super) fn is_needed(diagnostic: &Diagnostic<FileSpan>, positions: &Positions<'_>) -> bool {
    spans(diagnostic, positions).iter().any(|span| {
        let Some(index) = positions.index(span.file) else {
            return false;
        };
        let (first, last) = (index.line(span.start), index.line(span.end));
        (first..=last)
            .take(64)
            .any(|line| index.range(line).len() > limits::SHOWN)
    })
}

fn spans(diagnostic: &Diagnostic<FileSpan>, positions: &Positions<'_>) -> Vec<FileSpan> {
    std::iter::once(&diagnostic.primary)
        .chain(&diagnostic.secondary)
        .map(|label| positions.clamp(label.span))
        .collect()
}

impl Shortened {
    /// The part of a file that a diagnostic shows.
    pub fn new(diagnostic: &Diagnostic<FileSpan>, file: usize, positions: &Positions<'_>) -> Self {
        let mut shortened = Self {
            text: String::new(),
            lines: BTreeMap::new(),
        };
        let Some(index) = positions.index(file) else {
            return shortened;
        };
        // The first character of each shown line.
        let mut shown: BTreeMap<usize, usize> = BTreeMap::new();
        for span in spans(diagnostic, positions) {
            if span.file != file {
                continue;
            }
            for offset in [
                span.start,
                span.end.saturating_sub(1).max(span.start),
                span.end,
            ] {
                let line = index.line(offset);
                let start = index.range(line).start;
                let column = index.characters_before(offset) - index.characters_before(start);
                let first = column.saturating_sub(BEFORE);
                let known = shown.entry(line).or_insert(first);
                *known = (*known).min(first);
            }
        }
        let source = positions.text(file);
        let mut characters = 0;
        for line in 0..index.lines() {
            if let Some(first) = shown.get(&line) {
                let whole = source.get(index.range(line)).unwrap_or_default();
                let whole = whole.trim_end_matches(['\n', '\r']);
                let kept: String = whole.chars().skip(*first).take(limits::SHOWN).collect();
                let count = kept.chars().count();
                shortened
                    .lines
                    .insert(line, (characters, *first..first + count));
                shortened.text.push_str(&kept);
                characters += count;
            }
            shortened.text.push('\n');
            characters += 1;
        }
        shortened
    }

    /// The character of this text that is at, or nearest to, a byte of the file.
    pub fn character(&self, file: usize, offset: usize, positions: &Positions<'_>) -> usize {
        let place = self.place(file, offset, positions);
        place.map_or(0, |(start, column)| start + column)
    }

    /// The character in its line of this text.
    pub fn column(&self, file: usize, offset: usize, positions: &Positions<'_>) -> usize {
        let place = self.place(file, offset, positions);
        place.map_or(0, |(_, column)| column)
    }

    fn place(
        &self,
        file: usize,
        offset: usize,
        positions: &Positions<'_>,
    ) -> Option<(usize, usize)> {
        let index = positions.index(file)?;
        let line = index.line(offset);
        let start = index.range(line).start;
        let column = index.characters_before(offset) - index.characters_before(start);
        let (at, kept) = self.lines.get(&line)?;
        Some((*at, column.clamp(kept.start, kept.end) - kept.start))
    }
}
