//! From bytes to lines and columns, as editors count them, and back.

/// A place in a text by its line and its column, both counted from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Position {
    /// The line.
    pub line: u32,
    /// How much of the line is before it, counted as an [`Encoding`] says.
    pub character: u32,
}

impl Position {
    /// A position.
    pub fn new(line: u32, character: u32) -> Self {
        Self { line, character }
    }
}

/// What is between two positions of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Range {
    /// Where it begins.
    pub start: Position,
    /// Where it ends: the first position that is not part of it.
    pub end: Position,
}

/// A range of a text, and what takes its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextEdit {
    /// What goes.
    pub range: Range,
    /// What comes.
    pub new_text: String,
}

/// What a position's `character` counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Encoding {
    /// Bytes.
    Utf8,
    /// UTF-16 code units, which every editor knows.
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

/// Where the lines of a text begin. Unlike in the compiler's own messages, a carriage return alone ends one too,
/// as editors have it.
#[derive(Debug)]
pub struct Lines<'a> {
    text: &'a str,
    starts: Vec<usize>,
    encoding: Encoding,
}

impl<'a> Lines<'a> {
    /// Reads a text.
    pub fn new(text: &'a str, encoding: Encoding) -> Self {
        let bytes = text.as_bytes();
        let ends = bytes.iter().enumerate().filter(|(at, byte)| match byte {
            b'\n' => true,
            b'\r' => bytes.get(at + 1) != Some(&b'\n'),
            _ => false,
        });
        let starts = std::iter::once(0)
            .chain(ends.map(|(at, _)| at + 1))
            .collect();
        Self {
            text,
            starts,
            encoding,
        }
    }

    /// The position of a byte. One inside of a character is its start, one past the end is the end.
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

    /// The byte at a position. One past the end of its line is that end, one past the last line the end of the text,
    /// and one inside of a character is the character's start.
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

    /// The bytes of a range, in their order.
    pub fn bytes(&self, range: Range) -> std::ops::Range<usize> {
        let start = self.offset(range.start);
        start..self.offset(range.end).max(start)
    }

    /// The range of some bytes.
    pub fn range(&self, start: usize, end: usize) -> Range {
        Range {
            start: self.position(start),
            end: self.position(end.max(start)),
        }
    }

    /// The whole text.
    pub fn whole(&self) -> Range {
        self.range(0, self.text.len())
    }
}

/// No editor holds a text with more lines.
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
            // The second byte of a line end of two has no position of its own.
            for (at, _) in text.char_indices().filter(|(at, _)| *at != 8) {
                assert_eq!(lines.offset(lines.position(at)), at, "{encoding:?} {at}");
            }
        }
    }
}
