//! Conversion of bytes to the protocol's positions, in the negotiated encoding.

use nth_ide::position::{self, Encoding};
use nthc::syntax::tree::TextRange;
use tower_lsp::lsp_types::{Position, PositionEncodingKind, Range, TextEdit};

/// The first supported encoding in the client's list; UTF-16 if there is none.
pub fn negotiate(offered: Option<&[PositionEncodingKind]>) -> Encoding {
    offered
        .unwrap_or_default()
        .iter()
        .find_map(from_kind)
        .unwrap_or_default()
}

fn from_kind(offered: &PositionEncodingKind) -> Option<Encoding> {
    [Encoding::Utf8, Encoding::Utf16, Encoding::Utf32]
        .into_iter()
        .find(|known| kind(*known) == *offered)
}

/// The protocol's name of an encoding.
pub fn kind(encoding: Encoding) -> PositionEncodingKind {
    match encoding {
        Encoding::Utf8 => PositionEncodingKind::UTF8,
        Encoding::Utf16 => PositionEncodingKind::UTF16,
        Encoding::Utf32 => PositionEncodingKind::UTF32,
    }
}

/// The lines of a text, with the protocol's positions.
#[derive(Debug)]
pub struct Lines<'a>(position::Lines<'a>);

impl<'a> Lines<'a> {
    /// Finds the lines of a text.
    pub fn new(text: &'a str, encoding: Encoding) -> Self {
        Self(position::Lines::new(text, encoding))
    }

    /// The position of a byte. A byte inside a character is rounded down to its start, and one past the end to the
    /// end.
    pub fn position(&self, offset: usize) -> Position {
        to_position(self.0.position(offset))
    }

    /// The byte at a position. A position past the end of its line is that end, one past the last line the end of the
    /// text, and one inside a character the character's start.
    pub fn offset(&self, position: Position) -> usize {
        self.0.offset(from_position(position))
    }

    /// The bytes of a range, in ascending order.
    pub fn bytes(&self, range: Range) -> std::ops::Range<usize> {
        self.0.bytes(from_range(range))
    }

    /// The range of a byte range.
    pub fn range(&self, range: TextRange) -> Range {
        to_range(self.0.range(range.start as usize, range.end as usize))
    }
}

fn to_position(position: position::Position) -> Position {
    Position::new(position.line, position.character)
}

fn from_position(position: Position) -> position::Position {
    position::Position::new(position.line, position.character)
}

/// Converts a range to the protocol's.
pub fn to_range(range: position::Range) -> Range {
    Range::new(to_position(range.start), to_position(range.end))
}

/// Converts a range from the protocol's.
pub fn from_range(range: Range) -> position::Range {
    position::Range {
        start: from_position(range.start),
        end: from_position(range.end),
    }
}

/// Converts an edit to the protocol's.
pub fn to_edit(edit: position::TextEdit) -> TextEdit {
    TextEdit::new(to_range(edit.range), edit.new_text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_the_clients_favorite() {
        let both = [
            PositionEncodingKind::new("utf-7"),
            PositionEncodingKind::UTF8,
            PositionEncodingKind::UTF16,
        ];
        assert_eq!(negotiate(Some(&both)), Encoding::Utf8);
        assert_eq!(negotiate(Some(&[])), Encoding::Utf16);
        assert_eq!(negotiate(None), Encoding::Utf16);
    }
}
