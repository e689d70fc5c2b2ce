//! Half-typed statements: the units before the cursor at each level of nesting.

use super::tokens::{Delim, Kind, Tokens};

/// A token, or everything between two delimiters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// A token that is no delimiter.
    Token(usize),
    /// The opening and the closing delimiter.
    Group(usize, usize),
}

impl Unit {
    /// The first token.
    pub fn first(self) -> usize {
        match self {
            Self::Token(token) | Self::Group(token, _) => token,
        }
    }
}

/// A level of nesting at the cursor.
#[derive(Debug, Clone)]
pub struct Level {
    /// The token that opens it; `None` for the item itself.
    pub open: Option<usize>,
    /// The units up to the next level or the cursor.
    pub units: Vec<Unit>,
}

/// Words between or before operands.
const INFIX: [&str; 8] = ["and", "or", "in", "not", "if", "else", "where", "as"];

impl<'a> Tokens<'a> {
    /// The units between two tokens, without comments.
    pub fn units(&self, from: usize, to: usize) -> Vec<Unit> {
        let mut units = Vec::new();
        let mut at = from;
        while at < to {
            match self.kind(at) {
                Some(Kind::Open(_)) => {
                    let close = self.partner(at);
                    units.push(Unit::Group(at, close));
                    at = close.max(at);
                }
                Some(Kind::Comment) | None => {}
                Some(_) => units.push(Unit::Token(at)),
            }
            at += 1;
        }
        units
    }

    /// The levels of nesting at the cursor. `word` is the start of the word at the cursor.
    pub fn levels(&self, word: usize) -> Vec<Level> {
        let open = self.open_at(word);
        let end = self
            .all
            .iter()
            .position(|token| token.start >= word)
            .unwrap_or(self.all.len());
        let starts = std::iter::once(None).chain(open.iter().copied().map(Some));
        let ends = open.iter().copied().chain([end]);
        starts
            .zip(ends)
            .map(|(open, end)| Level {
                open,
                units: self.units(open.map_or(0, |open| open + 1), end),
            })
            .collect()
    }

    /// The text of a word.
    pub fn word(&self, unit: Unit) -> Option<&'a str> {
        match unit {
            Unit::Token(token) if self.kind(token) == Some(Kind::Word) => Some(self.text(token)),
            _ => None,
        }
    }

    /// The text of a word, or of a string without its quotes.
    pub fn name(&self, unit: Unit) -> Option<&'a str> {
        match unit {
            Unit::Group(open, close) if self.kind(open) == Some(Kind::Open(Delim::Str)) => {
                let start = self.all.get(open)?.end;
                let end = self.all.get(close)?.start;
                self.text.get(start..end)
            }
            _ => self.word(unit),
        }
    }

    /// The text of a sign.
    pub fn sign(&self, unit: Unit) -> Option<&'static str> {
        match unit {
            Unit::Token(token) => match self.kind(token) {
                Some(Kind::Sign(sign)) => Some(sign),
                _ => None,
            },
            Unit::Group(..) => None,
        }
    }

    /// The delimiter of a group.
    pub fn delim(&self, unit: Unit) -> Option<Delim> {
        match unit {
            Unit::Group(open, _) => match self.kind(open) {
                Some(Kind::Open(delim)) => Some(delim),
                _ => None,
            },
            Unit::Token(_) => None,
        }
    }

    fn is_newline(&self, unit: Unit) -> bool {
        matches!(unit, Unit::Token(token) if self.kind(token) == Some(Kind::Newline))
    }

    /// True if a unit can end an operand.
    pub fn ends_operand(&self, unit: Unit) -> bool {
        match unit {
            Unit::Group(..) => true,
            Unit::Token(token) => match self.kind(token) {
                Some(Kind::Number) => true,
                Some(Kind::Word) => !INFIX.contains(&self.text(token)),
                _ => false,
            },
        }
    }

    /// True if an operand is expected after these units: there is none yet, or the last one is an operator.
    pub fn wants_operand(&self, units: &[Unit]) -> bool {
        units.last().is_none_or(|last| !self.ends_operand(*last))
    }

    /// Splits the units of a body into statements.
    pub fn statements(&self, units: &[Unit]) -> Vec<Vec<Unit>> {
        let mut all = Vec::new();
        let mut current: Vec<Unit> = Vec::new();
        let mut assigned = false;
        for (place, unit) in units.iter().enumerate() {
            let next = units.get(place + 1..).unwrap_or_default();
            let after = next.iter().find(|unit| !self.is_newline(**unit));
            let goes_on = after
                .and_then(|unit| self.word(*unit))
                .is_some_and(|word| matches!(word, "and" | "or" | "where" | "else"));
            let mut end = false;
            if self.is_newline(*unit) {
                let operator = current.last().and_then(|last| {
                    self.sign(*last)
                        .map(|sign| !matches!(sign, "=" | ":" | "," | "."))
                        .or_else(|| self.word(*last).map(|word| matches!(word, "and" | "or")))
                });
                let brace =
                    !assigned && after.is_some_and(|unit| self.delim(*unit) == Some(Delim::Brace));
                if !operator.unwrap_or(false) && !goes_on && !brace {
                    all.push(std::mem::take(&mut current));
                    assigned = false;
                }
                continue;
            }
            if self.sign(*unit) == Some(",") {
                all.push(std::mem::take(&mut current));
                assigned = false;
                continue;
            }
            let sets = next.first().and_then(|unit| self.sign(*unit)) == Some("=");
            if self.name(*unit).is_some() && !current.is_empty() {
                let is_let = current.len() == 1
                    && current.first().and_then(|unit| self.word(*unit)) == Some("let");
                let infix = self.word(*unit).is_some_and(|word| INFIX.contains(&word));
                let complete = assigned
                    && self.word(*unit).is_some()
                    && !infix
                    && !self.wants_operand(&current);
                if (sets && !is_let) || complete {
                    all.push(std::mem::take(&mut current));
                    assigned = false;
                }
            }
            if self.sign(*unit) == Some("=") {
                assigned = true;
            }
            if self.delim(*unit) == Some(Delim::Brace) && !assigned && !goes_on {
                end = true;
            }
            current.push(*unit);
            if end {
                all.push(std::mem::take(&mut current));
                assigned = false;
            }
        }
        all.push(current);
        all
    }

    /// The last statement of some units, which may be incomplete.
    pub fn last_statement(&self, units: &[Unit]) -> Vec<Unit> {
        self.statements(units).pop().unwrap_or_default()
    }

    /// Splits units at commas. The last element may be incomplete.
    pub fn elements(&self, units: &[Unit]) -> Vec<Vec<Unit>> {
        let mut all = vec![Vec::new()];
        for unit in units.iter().filter(|unit| !self.is_newline(**unit)) {
            if self.sign(*unit) == Some(",") {
                all.push(Vec::new());
            } else if let Some(last) = all.last_mut() {
                last.push(*unit);
            }
        }
        all
    }

    /// The units in a group.
    pub fn inner(&self, unit: Unit) -> Vec<Unit> {
        match unit {
            Unit::Group(open, close) => self.units(open + 1, close),
            Unit::Token(_) => Vec::new(),
        }
    }

    /// The words of an incomplete path, without its last word: empty at its start, `None` if the units are not a path
    /// that ends in a dot.
    pub fn incomplete_path(&self, units: &[Unit]) -> Option<Vec<&'a str>> {
        let Some((last, path)) = units.split_last() else {
            return Some(Vec::new());
        };
        let (words, taken) = self.path_before(path);
        (self.sign(*last) == Some(".") && !words.is_empty() && taken == path.len()).then_some(words)
    }

    /// The words of a path at the end of some units, such as `http.availability`, and the number of units that it
    /// consists of.
    pub fn path_before(&self, units: &[Unit]) -> (Vec<&'a str>, usize) {
        let mut words = Vec::new();
        let mut taken = 0;
        let mut wants_word = true;
        for unit in units.iter().rev() {
            if wants_word {
                let Some(word) = self.word(*unit) else { break };
                words.push(word);
            } else if self.sign(*unit) != Some(".") {
                break;
            }
            taken += 1;
            wants_word = !wants_word;
        }
        // A dot without a word before it is not part of the path.
        if wants_word && taken > 0 {
            taken -= 1;
        }
        words.reverse();
        (words, taken)
    }
}
