//! Texts as pieces, so that each format escapes what users wrote.

use std::fmt;

use nth_render::one_line;

use crate::class::Class;

/// The number of characters of a text that is shown whole, unless a format has less room.
pub const CLIP: usize = 240;

/// The number of names in a list that is shown whole.
pub const NAMES: usize = 3;

/// A piece of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// Words of this program.
    Said(String),
    /// Words of this program that are seen first.
    Strong(String),
    /// The name of a class.
    Class(Class),
    /// A name or a value that a user wrote.
    Name(String),
    /// A sentence in which names are between backticks.
    Prose(String),
    /// The text before a change.
    Before(String),
    /// The text after a change.
    After(String),
}

/// A text of pieces, on one line.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Text {
    /// The pieces.
    pub pieces: Vec<Piece>,
}

impl Text {
    /// Adds words of this program.
    #[must_use]
    pub fn said(mut self, words: impl Into<String>) -> Self {
        self.pieces.push(Piece::Said(words.into()));
        self
    }

    /// Adds words of this program that are seen first.
    #[must_use]
    pub fn strong(mut self, words: impl Into<String>) -> Self {
        self.pieces.push(Piece::Strong(words.into()));
        self
    }

    /// Adds the name of a class.
    #[must_use]
    pub fn class(mut self, class: Class) -> Self {
        self.pieces.push(Piece::Class(class));
        self
    }

    /// Adds a name that a user wrote.
    #[must_use]
    pub fn name(mut self, name: &str) -> Self {
        self.pieces.push(Piece::Name(clip(name, CLIP)));
        self
    }

    /// Adds a sentence.
    #[must_use]
    pub fn prose(mut self, text: &str) -> Self {
        self.pieces.push(Piece::Prose(clip(text, 2 * CLIP)));
        self
    }

    /// Adds another text.
    #[must_use]
    pub fn text(mut self, other: Self) -> Self {
        self.pieces.extend(other.pieces);
        self
    }

    /// Adds names: the first ones, and how many more there are.
    #[must_use]
    pub fn names<'n>(mut self, names: impl ExactSizeIterator<Item = &'n str>) -> Self {
        let count = names.len();
        // "and 1 more" is not shorter than the name.
        let most = if count == NAMES + 1 { count } else { NAMES };
        for (place, name) in names.take(most).enumerate() {
            if place > 0 {
                self = self.said(", ");
            }
            self = self.name(name);
        }
        match count.saturating_sub(most) {
            0 => self,
            more => self.said(format!(" and {more} more")),
        }
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for piece in &self.pieces {
            f.write_str(match piece {
                Piece::Class(class) => class.name(),
                Piece::Said(text)
                | Piece::Strong(text)
                | Piece::Name(text)
                | Piece::Prose(text)
                | Piece::Before(text)
                | Piece::After(text) => text,
            })?;
        }
        Ok(())
    }
}

/// The first characters of a text on one line, and an ellipsis if there are more.
pub fn clip(text: &str, most: usize) -> String {
    let text = text.trim();
    match text.char_indices().nth(most) {
        Some((end, _)) => format!(
            "{}…",
            one_line(text.get(..end).unwrap_or_default().trim_end())
        ),
        None => one_line(text),
    }
}

/// A number with its noun: `1 service`, `2 services`.
pub fn count(number: usize, noun: &str) -> String {
    match (number, noun.strip_suffix('y')) {
        (1, _) => format!("1 {noun}"),
        (_, Some(stem)) => format!("{number} {stem}ies"),
        (_, None) => format!("{number} {noun}s"),
    }
}
