//! Converts bytes to lines and columns.
//!
//! Spans are ranges of bytes; people, editors and CI systems count lines and characters. Each file is indexed once,
//! when one of its places is first shown.

use std::cell::OnceCell;
use std::ops::Range;
use std::sync::Arc;

use super::{FileSpan, SourceMap};

/// A place in a text for people: both numbers start at 1, columns count characters (Unicode scalar values), a tab
/// counting as one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Position {
    /// The line number; only a line feed ends a line.
    pub line: usize,
    /// The number of the character in the line.
    pub column: usize,
}

/// An index of a text that converts a byte offset to a line and a column in logarithmic time, however long the lines
/// are.
#[derive(Debug, Clone)]
pub struct LineIndex {
    /// The first byte of each line.
    starts: Vec<usize>,
    /// For each character of several bytes: its end, and the number of bytes by which all such characters so far exceed
    /// their count.
    wide: Vec<(usize, usize)>,
    length: usize,
}

impl LineIndex {
    /// Indexes a text.
    pub fn new(text: &str) -> Self {
        let mut wide = Vec::new();
        if !text.is_ascii() {
            let mut surplus = 0;
            for (at, character) in text
                .char_indices()
                .filter(|(_, character)| !character.is_ascii())
            {
                let length = character.len_utf8();
                surplus += length - 1;
                wide.push((at + length, surplus));
            }
        }
        Self {
            starts: std::iter::once(0)
                .chain(text.match_indices('\n').map(|(at, _)| at + 1))
                .collect(),
            wide,
            length: text.len(),
        }
    }

    /// The number of characters before a byte offset, which must be on a character boundary.
    pub fn characters_before(&self, offset: usize) -> usize {
        let before = self.wide.partition_point(|(end, _)| *end <= offset);
        let surplus = before.checked_sub(1).map_or(0, |last| self.wide[last].1);
        offset - surplus
    }

    /// The line of a byte offset, counted from 0. Offsets past the end are on the last line.
    pub fn line(&self, offset: usize) -> usize {
        self.starts
            .partition_point(|start| *start <= offset)
            .saturating_sub(1)
    }

    /// The number of lines; a text that ends with a line feed has an empty last line.
    pub fn lines(&self) -> usize {
        self.starts.len()
    }

    /// The bytes of a line, counted from 0, including its line feed.
    pub fn range(&self, line: usize) -> Range<usize> {
        let start = self.starts.get(line).copied().unwrap_or(self.length);
        let end = self.starts.get(line + 1).copied().unwrap_or(self.length);
        start..end
    }

    /// The line and column of a byte offset on a character boundary.
    pub fn position(&self, offset: usize) -> Position {
        let line = self.line(offset);
        let start = self.range(line).start;
        Position {
            line: line + 1,
            column: self.characters_before(offset) - self.characters_before(start) + 1,
        }
    }
}

/// The line indexes of the files of a source map, each created on first use.
///
/// Nothing in here panics on a span that fits no file: a compiler with a wrong place should still report its
/// diagnostic.
#[derive(Debug)]
pub struct Positions<'a> {
    sources: &'a SourceMap,
    indexes: Vec<OnceCell<LineIndex>>,
}

impl<'a> Positions<'a> {
    /// Creates the set without any index.
    pub fn new(sources: &'a SourceMap) -> Self {
        Self {
            sources,
            indexes: sources.files().iter().map(|_| OnceCell::new()).collect(),
        }
    }

    /// The path of a file to show; empty if there is no such file.
    pub fn path(&self, file: usize) -> &'a str {
        self.sources.file(file).map_or("", |source| &source.path)
    }

    /// The text of a file; empty if there is no such file.
    pub fn text(&self, file: usize) -> &'a str {
        self.sources.file(file).map_or("", |source| &source.text)
    }

    /// The shared text of a file.
    pub fn shared_text(&self, file: usize) -> Option<Arc<str>> {
        self.sources
            .file(file)
            .map(|source| Arc::clone(&source.text))
    }

    /// The line index of a file.
    pub fn index(&self, file: usize) -> Option<&LineIndex> {
        Some(
            self.indexes
                .get(file)?
                .get_or_init(|| LineIndex::new(self.text(file))),
        )
    }

    /// The same span, cut to its file and widened to character boundaries.
    pub fn clamp(&self, span: FileSpan) -> FileSpan {
        let text = self.text(span.file);
        let start = floor_boundary(text, span.start);
        let end = ceil_boundary(text, span.end).max(start);
        FileSpan {
            file: span.file,
            start,
            end,
        }
    }

    /// The start and the end of a span (one past its last character).
    pub fn range(&self, span: FileSpan) -> (Position, Position) {
        let span = self.clamp(span);
        match self.index(span.file) {
            Some(index) => (index.position(span.start), index.position(span.end)),
            None => (
                Position { line: 1, column: 1 },
                Position { line: 1, column: 1 },
            ),
        }
    }
}

/// The nearest character boundary at or before an offset.
fn floor_boundary(text: &str, offset: usize) -> usize {
    (0..=offset.min(text.len()))
        .rev()
        .find(|at| text.is_char_boundary(*at))
        .unwrap_or(0)
}

/// The nearest character boundary at or after an offset.
fn ceil_boundary(text: &str, offset: usize) -> usize {
    (offset..text.len())
        .find(|at| text.is_char_boundary(*at))
        .unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn columns_count_characters_not_bytes() {
        let index = LineIndex::new("é = ü\r\n名前\n");
        assert_eq!(index.position(0), Position { line: 1, column: 1 });
        assert_eq!(index.position(2), Position { line: 1, column: 2 });
        assert_eq!(index.position(7), Position { line: 1, column: 6 });
        assert_eq!(index.position(9), Position { line: 2, column: 1 });
        assert_eq!(index.position(12), Position { line: 2, column: 2 });
        assert_eq!(index.position(16), Position { line: 3, column: 1 });
        assert_eq!(index.lines(), 3);
    }

    #[test]
    fn spans_outside_any_text_do_no_harm() {
        let mut sources = SourceMap::default();
        let file = sources.add("a.nth", "é");
        let positions = Positions::new(&sources);
        let clamped = positions.clamp(FileSpan {
            file,
            start: 1,
            end: 99,
        });
        assert_eq!(
            clamped,
            FileSpan {
                file,
                start: 0,
                end: 2
            }
        );
        let inside = positions.clamp(FileSpan {
            file,
            start: 1,
            end: 1,
        });
        assert_eq!((inside.start, inside.end), (0, 2));
        let (start, end) = positions.range(FileSpan {
            file: 7,
            start: 3,
            end: 5,
        });
        assert_eq!(start, end);
    }

    proptest! {
        #[test]
        fn agrees_with_counting(text in "[a-z\u{e9}\u{540d}\u{1f980}\r\n\t]{0,40}") {
            let index = LineIndex::new(&text);
            for offset in (0..=text.len()).filter(|offset| text.is_char_boundary(*offset)) {
                let before = &text[..offset];
                let line = before.matches('\n').count() + 1;
                let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
                prop_assert_eq!(index.position(offset), Position { line, column });
                prop_assert_eq!(index.characters_before(offset), before.chars().count());
            }
        }
    }
}
