//! Sentences with names of users in them, which each renderer escapes.

use serde::{Deserialize, Serialize};

/// A sentence.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Sentence {
    /// Its pieces, in order.
    pub pieces: Vec<Piece>,
}

/// A piece of a sentence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Piece {
    /// Words of the report.
    Words(String),
    /// A name of a user.
    Name(String),
    /// A text of a user.
    Text(String),
    /// A number that matters.
    Number(String),
}

impl Sentence {
    /// An empty sentence.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds words of the report.
    #[must_use]
    pub fn words(mut self, words: impl Into<String>) -> Self {
        self.pieces.push(Piece::Words(words.into()));
        self
    }

    /// Adds a name of a user.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.pieces.push(Piece::Name(name.into()));
        self
    }

    /// Adds a text of a user.
    #[must_use]
    pub fn text(mut self, text: impl Into<String>) -> Self {
        self.pieces.push(Piece::Text(text.into()));
        self
    }

    /// Adds a number that matters.
    #[must_use]
    pub fn number(mut self, number: impl Into<String>) -> Self {
        self.pieces.push(Piece::Number(number.into()));
        self
    }
}

/// The sentence as plain text.
impl std::fmt::Display for Sentence {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for piece in &self.pieces {
            match piece {
                Piece::Words(text)
                | Piece::Name(text)
                | Piece::Text(text)
                | Piece::Number(text) => f.write_str(text)?,
            }
        }
        Ok(())
    }
}
