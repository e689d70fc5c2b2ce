//! Finds what is at an offset in the text of an `nth.toml`: the name of a table, a key or a value. The text may be
//! incomplete, as it is being edited.

use std::ops::Range;

use toml_parser::Source;
use toml_parser::lexer::{Token, TokenKind};

/// The context of an offset, and the word there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    /// The syntax at the offset.
    pub kind: PlaceKind,
    /// The word at the offset, in bytes; empty between words.
    pub word: Range<usize>,
}

/// The syntax at an offset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum PlaceKind {
    /// The name of a table, in brackets.
    Header,
    /// A key.
    Key {
        /// The table that contains it; empty at the top.
        table: Vec<String>,
        /// True if a value follows.
        has_value: bool,
    },
    /// A value, or an item of a list.
    Value {
        /// The key with its tables.
        path: Vec<String>,
        /// True for an item of a list.
        in_list: bool,
    },
}

/// A key that is set, with its table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SetKey {
    /// The table; empty at the top.
    pub table: Vec<String>,
    /// The key.
    pub key: String,
    /// The range of the key, in bytes.
    pub range: Range<usize>,
}

/// Returns the place at a byte of a text, and the keys and tables of the whole text. The place is `None` if nothing can be
/// completed there, as in a comment.
pub(super) fn find(text: &str, offset: usize) -> (Option<Place>, Vec<SetKey>) {
    let source = Source::new(text);
    let tokens: Vec<Token> = source.lex().collect();
    let target = target(&tokens, offset);
    let mut walk = Walk {
        text,
        ..Walk::default()
    };
    let mut place = None;
    for (index, token) in tokens.iter().enumerate() {
        if Some(index) == target {
            place = walk.place(token, offset, &tokens[index..]);
        }
        walk.step(token);
    }
    (place, walk.set_keys)
}

/// Returns the token at an offset. Between two tokens, prefers the comment, which takes the rest of its line, and then the
/// word.
fn target(tokens: &[Token], offset: usize) -> Option<usize> {
    let touches = |token: &Token| token.span().start() <= offset && offset <= token.span().end();
    let touching: Vec<(usize, &Token)> = tokens
        .iter()
        .enumerate()
        .filter(|(_, token)| touches(token))
        .collect();
    let is_comment =
        |token: &Token| token.kind() == TokenKind::Comment && token.span().start() < offset;
    let comment = touching.iter().find(|(_, token)| is_comment(token));
    let word = touching.iter().rfind(|(_, token)| is_word(token));
    // Between two other tokens the offset belongs to the second: after `=`, at the start of a line.
    let (index, _) = comment.or(word).or(touching.last())?;
    Some(*index)
}

fn is_word(token: &Token) -> bool {
    matches!(
        token.kind(),
        TokenKind::Atom
            | TokenKind::BasicString
            | TokenKind::LiteralString
            | TokenKind::MlBasicString
            | TokenKind::MlLiteralString
    )
}

/// The state after the tokens so far.
#[derive(Default)]
struct Walk<'t> {
    text: &'t str,
    /// The table of the last header.
    header: Vec<String>,
    /// The parts of the header that is being read.
    in_header: Option<Vec<String>>,
    /// The open inline tables and lists.
    open: Vec<Open>,
    /// The parts of the key that is being read.
    key: Vec<String>,
    /// True if the key was read and its value is next.
    in_value: bool,
    /// True if no token of the line was read yet.
    at_line_start: bool,
    started: bool,
    set_keys: Vec<SetKey>,
}

/// An inline table or a list, with the path of its key.
enum Open {
    Table(Vec<String>),
    List(Vec<String>),
}

impl Walk<'_> {
    /// Returns the table of the current keys.
    fn table(&self) -> Vec<String> {
        match self.open.last() {
            Some(Open::Table(path) | Open::List(path)) => path.clone(),
            None => self.header.clone(),
        }
    }

    /// Returns the path of the current key.
    fn path(&self) -> Vec<String> {
        let mut path = self.table();
        if !matches!(self.open.last(), Some(Open::List(_))) {
            path.extend(self.key.iter().cloned());
        }
        path
    }

    fn is_list(&self) -> bool {
        matches!(self.open.last(), Some(Open::List(_)))
    }

    fn place(&self, token: &Token, offset: usize, rest: &[Token]) -> Option<Place> {
        if token.kind() == TokenKind::Comment && offset > token.span().start() {
            return None;
        }
        let word = if is_word(token) {
            let range = token.span().start()..token.span().end();
            // An unterminated string takes the rest of the line.
            let written = self.text.get(range.clone()).unwrap_or_default();
            let quote = written.chars().next().filter(|c| matches!(c, '"' | '\''));
            let is_open = quote.is_some_and(|quote| written.len() < 2 || !written.ends_with(quote));
            if is_open { range.start..offset } else { range }
        } else {
            offset..offset
        };
        // At the start of a line, `[` opens a header.
        if let Some(parts) = &self.in_header {
            let kind = PlaceKind::Header;
            return parts.is_empty().then_some(Place { kind, word });
        }
        if self.in_value || self.is_list() {
            let kind = PlaceKind::Value {
                path: self.path(),
                in_list: self.is_list(),
            };
            return Some(Place { kind, word });
        }
        let mut table = self.table();
        table.extend(self.key.iter().cloned());
        let rest = rest.iter().skip(usize::from(is_word(token)));
        let mut next = rest.filter(|token| token.kind() != TokenKind::Whitespace);
        let has_value = next
            .next()
            .is_some_and(|token| matches!(token.kind(), TokenKind::Equals | TokenKind::Dot));
        let kind = PlaceKind::Key { table, has_value };
        Some(Place { kind, word })
    }

    fn step(&mut self, token: &Token) {
        let is_first = !self.started || self.at_line_start;
        match token.kind() {
            TokenKind::Whitespace | TokenKind::Comment | TokenKind::Eof => return,
            TokenKind::Newline => {
                if self.open.is_empty() {
                    self.key.clear();
                    self.in_value = false;
                }
                self.close_header();
                self.at_line_start = true;
                self.started = true;
                return;
            }
            // No list in this file contains lists, so a `[` at the start of a line closes everything that is still open.
            TokenKind::LeftSquareBracket if is_first => {
                self.open.clear();
                self.key.clear();
                self.in_value = false;
                self.in_header = Some(Vec::new());
            }
            TokenKind::LeftSquareBracket if self.in_value || self.is_list() => {
                self.open.push(Open::List(self.path()));
                self.key.clear();
                self.in_value = false;
            }
            TokenKind::LeftCurlyBracket if self.in_value || self.is_list() => {
                self.open.push(Open::Table(self.path()));
                self.key.clear();
                self.in_value = false;
            }
            TokenKind::RightSquareBracket if self.in_header.is_some() => self.close_header(),
            TokenKind::RightSquareBracket | TokenKind::RightCurlyBracket => {
                self.open.pop();
                self.key.clear();
                self.in_value = false;
            }
            TokenKind::Equals => self.in_value = true,
            TokenKind::Comma => {
                self.key.clear();
                self.in_value = false;
            }
            _ if is_word(token) => self.word(token),
            _ => {}
        }
        self.at_line_start = false;
        self.started = true;
    }

    fn close_header(&mut self) {
        if let Some(parts) = self.in_header.take() {
            self.header = parts;
        }
    }

    fn word(&mut self, token: &Token) {
        let range = token.span().start()..token.span().end();
        let written = self.text.get(range.clone()).unwrap_or_default();
        let name = written.trim_matches(['"', '\'']).to_owned();
        if let Some(parts) = &mut self.in_header {
            let known = SetKey {
                table: parts.clone(),
                key: name.clone(),
                range,
            };
            parts.push(name);
            self.set_keys.push(known);
        } else if !self.in_value && !self.is_list() {
            let mut table = self.table();
            table.extend(self.key.iter().cloned());
            self.set_keys.push(SetKey {
                table,
                key: name.clone(),
                range,
            });
            self.key.push(name);
        }
    }
}
