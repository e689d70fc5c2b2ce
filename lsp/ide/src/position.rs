//! Conversion between bytes and lines and columns, as editors count them.

/// A position in a text: line and column, both counted from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Position {
    /// The line.
    pub line: u32,
    /// Length of the line before the position, in the units of an [`Encoding`].
    pub character: u32,
}

impl Position {
    /// Creates a position.
    pub fn new(line: u32, character: u32) -> Self {
        Self { line, character }
    }
}

/// A range between two positions of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Range {
    /// The start.
    pub start: Position,
    /// The end, exclusive.
    pub end: Position,
}

/// A range of a text and its replacement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextEdit {
    /// The range to replace.
    pub range: Range,
    /// The replacement.
    pub new_text: String,
}

/// The unit of a position's `character`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Encoding {
    /// Bytes.
    Utf8,
    /// UTF-16 code units, which every editor supports.
    #[default]
    Utf16,
    /// Unicode scalar values.
    Utf32,
}

impl Encoding {
    fn count(self, text: &str) -> usize {
        match self {
            Self::Utf8 => text.len(),
            Self::Utf16 | Self::Utf32 => text.chars().map(|character| self.width(character)).sum(),
        }
    }

    fn width(self, character: char) -> usize {
        match self {
            Self::Utf8 => character.len_utf8(),
            Self::Utf16 => character.len_utf16(),
            Self::Utf32 => 1,
        }
    }
}

/// The starts of the lines of a text. Unlike in the compiler's own messages, a lone carriage return also ends a line,
/// as in editors.
#[derive(Debug)]
pub struct Lines<'a> {
    text: &'a str,
    starts: Vec<usize>,
    encoding: Encoding,
}

impl<'a> Lines<'a> {
    /// Finds the lines of a text.
    pub fn new(text: &'a str, encoding: Encoding) -> Self {
        let bytes = text.as_bytes();
        let mut starts = vec![0];
        if bytes.contains(&b'\r') {
            let ends = bytes.iter().enumerate().filter(|(at, byte)| match byte {
                b'\n' => true,
                b'\r' => bytes.get(at + 1) != Some(&b'\n'),
                _ => false,
            });
            starts.extend(ends.map(|(at, _)| at + 1));
        } else {
            // Several bytes are compared at once.
            starts.extend(text.match_indices('\n').map(|(at, _)| at + 1));
        }
        Self {
            text,
            starts,
            encoding,
        }
    }

    /// The position of a byte. A byte inside a character is rounded down to its start, and one past the end to the
    /// end.
    pub fn position(&self, offset: usize) -> Position {
        let line = self
            .starts
            .partition_point(|start| *start <= offset)
            .saturating_sub(1);
        let rest = self
            .starts
            .get(line)
            .and_then(|start| self.text.get(*start..))
            .unwrap_or_default();
        let within = offset - self.starts.get(line).copied().unwrap_or_default();
        let content = rest.find(['\r', '\n']).unwrap_or(rest.len());
        let mut end = within.min(content);
        while !rest.is_char_boundary(end) {
            end -= 1;
        }
        let before = rest.get(..end).unwrap_or_default();
        Position {
            line: number(line),
            character: number(self.encoding.count(before)),
        }
    }

    /// The byte at a position. A position past the end of its line is that end, one past the last line the end of the
    /// text, and one inside a character the character's start.
    pub fn offset(&self, position: Position) -> usize {
        let line = usize::try_from(position.line).unwrap_or(usize::MAX);
        let Some(start) = self.starts.get(line).copied() else {
            return self.text.len();
        };
        let rest = self.text.get(start..).unwrap_or_default();
        let content = rest.find(['\r', '\n']).unwrap_or(rest.len());
        let wanted = usize::try_from(position.character).unwrap_or(usize::MAX);
        let mut counted = 0;
        for (at, character) in rest.get(..content).unwrap_or_default().char_indices() {
            counted += self.encoding.width(character);
            if counted > wanted {
                return start + at;
            }
        }
        start + content
    }

    /// The bytes of a range, in ascending order.
    pub fn bytes(&self, range: Range) -> std::ops::Range<usize> {
        let start = self.offset(range.start);
        start..self.offset(range.end).max(start)
    }

    /// The range of bytes `start` to `end`.
    pub fn range(&self, start: usize, end: usize) -> Range {
        Range {
            start: self.position(start),
            end: self.position(end.max(start)),
        }
    }

    /// The range of the whole text.
    pub fn whole(&self) -> Range {
        self.range(0, self.text.len())
    }
}

/// Saturates: no editor holds a text with more lines.
fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str, encoding: Encoding, offset: usize) -> (u32, u32) {
        let position = Lines::new(text, encoding).position(offset);
        (position.line, position.character)
    }

    #[test]
    fn counts_what_was_agreed_on() {
        let text = "a\n🦀é = x";
        let x = text.len() - 1;
        assert_eq!(at(text, Encoding::Utf8, x), (1, 9));
        assert_eq!(at(text, Encoding::Utf16, x), (1, 6));
        assert_eq!(at(text, Encoding::Utf32, x), (1, 5));
    }

    #[test]
    fn every_line_end_of_the_protocol_counts() {
        let text = "a\rb\r\nc\nd";
        assert_eq!(at(text, Encoding::Utf16, 2), (1, 0));
        assert_eq!(
            at(text, Encoding::Utf16, 4),
            (1, 1),
            "between the two bytes of one line end"
        );
        assert_eq!(at(text, Encoding::Utf16, 5), (2, 0));
        assert_eq!(at(text, Encoding::Utf16, 7), (3, 0));
    }

    #[test]
    fn offsets_that_fit_no_text_do_no_harm() {
        assert_eq!(at("", Encoding::Utf16, 7), (0, 0));
        assert_eq!(at("é", Encoding::Utf16, 1), (0, 0));
        assert_eq!(at("é\n", Encoding::Utf16, 99), (1, 0));
        let range = Lines::new("abc", Encoding::Utf16).range(2, 1);
        assert_eq!(range.start, range.end);
    }

    #[test]
    fn a_position_is_the_byte_that_it_was_made_of() {
        let text = "a🦀é\r\n\rnäme\n";
        for encoding in [Encoding::Utf8, Encoding::Utf16, Encoding::Utf32] {
            let lines = Lines::new(text, encoding);
            // The second byte of `\r\n` has no position of its own.
            for (at, _) in text.char_indices().filter(|(at, _)| *at != 8) {
                assert_eq!(lines.offset(lines.position(at)), at, "{encoding:?} {at}");
            }
        }
    }
}
