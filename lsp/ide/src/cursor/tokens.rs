//! The tokens of an item, read so that half-typed text does little harm: what is left open ends where the grammar
//! would end it, and a brace in the first column closes everything.

use super::lines::{
    indent_of, is_escaped, number_length, query_end, starts_block, starts_statement,
    without_indent, word_length,
};

/// A delimiter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delim {
    /// `{ … }`
    Brace,
    /// `( … )`
    Paren,
    /// `[ … ]`
    Bracket,
    /// `${ … }`
    Hole,
    /// `"…"`
    Str,
    /// `"""…"""`
    Long,
    /// A query between backticks.
    Query,
}

impl Delim {
    /// True if it delimits text, rather than tokens.
    pub fn is_text(self) -> bool {
        matches!(self, Self::Str | Self::Long | Self::Query)
    }
}

/// The kind of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A name or keyword.
    Word,
    /// A number with its unit, or a time.
    Number,
    /// An operator or a separator.
    Sign(&'static str),
    /// An opening delimiter.
    Open(Delim),
    /// A closing delimiter; empty if it is missing.
    Close(Delim),
    /// Text of a string or query, without interpolations.
    Text,
    /// A comment.
    Comment,
    /// The end of a line.
    Newline,
}

/// A token and its bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token {
    /// Its kind.
    pub kind: Kind,
    /// Its start.
    pub start: usize,
    /// Its end, exclusive.
    pub end: usize,
}

/// The tokens of a text.
#[derive(Debug, Default)]
pub struct Tokens<'a> {
    /// The text.
    pub text: &'a str,
    /// The tokens, in source order.
    pub all: Vec<Token>,
    /// For delimiters, the index of the matching one.
    partners: Vec<usize>,
}

/// A delimiter that is open while tokens are read.
struct Open {
    delim: Delim,
    token: usize,
    /// True for a brace that contains labels.
    labels: bool,
    /// For a query, the byte at which it ends at the latest.
    limit: usize,
}

const SIGNS: [&str; 20] = [
    "==", "!=", "<=", ">=", "->", "=~", "!~", "<", ">", "+", "-", "*", "/", "=", ":", ",", ".",
    "|", "?", "@",
];

impl<'a> Tokens<'a> {
    /// Tokenizes a text. A hyphen at `cursor` belongs to the word before it.
    pub fn read(text: &'a str, cursor: usize) -> Self {
        let mut reader = Reader {
            tokens: Self {
                text,
                ..Self::default()
            },
            open: Vec::new(),
            at: 0,
            cursor,
        };
        while reader.at < text.len() {
            let before = (reader.at, reader.open.len());
            reader.step();
            // Each step makes progress, for any input.
            if before == (reader.at, reader.open.len()) {
                reader.at += reader.rest().chars().next().map_or(1, char::len_utf8);
            }
        }
        reader.close_to(0);
        reader.tokens
    }

    /// The text of a token.
    pub fn text(&self, token: usize) -> &'a str {
        self.all
            .get(token)
            .and_then(|token| self.text.get(token.start..token.end))
            .unwrap_or_default()
    }

    /// The kind of a token.
    pub fn kind(&self, token: usize) -> Option<Kind> {
        self.all.get(token).map(|token| token.kind)
    }

    /// The matching delimiter of a delimiter.
    pub fn partner(&self, token: usize) -> usize {
        self.partners.get(token).copied().unwrap_or(token)
    }

    /// True if a token is this word.
    pub fn is_word(&self, token: usize, word: &str) -> bool {
        self.kind(token) == Some(Kind::Word) && self.text(token) == word
    }

    /// True if a token is this sign.
    pub fn is_sign(&self, token: usize, sign: &str) -> bool {
        matches!(self.kind(token), Some(Kind::Sign(found)) if found == sign)
    }

    /// The opening delimiters around a byte, outermost first. A missing closing delimiter counts as after the byte.
    pub fn open_at(&self, offset: usize) -> Vec<usize> {
        let mut open = Vec::new();
        for (number, token) in self.all.iter().enumerate() {
            if token.start >= offset {
                break;
            }
            match token.kind {
                Kind::Open(_) if token.end <= offset => open.push(number),
                Kind::Close(_) if token.end <= offset => {
                    open.pop();
                }
                _ => {}
            }
        }
        open
    }
}

struct Reader<'a> {
    tokens: Tokens<'a>,
    open: Vec<Open>,
    at: usize,
    cursor: usize,
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        self.tokens.text.get(self.at..).unwrap_or_default()
    }

    fn push(&mut self, kind: Kind, length: usize) -> usize {
        let number = self.tokens.all.len();
        self.tokens.all.push(Token {
            kind,
            start: self.at,
            end: self.at + length,
        });
        self.tokens.partners.push(number);
        self.at += length;
        number
    }

    fn open(&mut self, delim: Delim, length: usize, labels: bool, limit: usize) {
        let token = self.push(Kind::Open(delim), length);
        self.open.push(Open {
            delim,
            token,
            labels,
            limit,
        });
    }

    fn close(&mut self, length: usize) {
        if let Some(open) = self.open.pop() {
            let token = self.push(Kind::Close(open.delim), length);
            if let Some(partner) = self.tokens.partners.get_mut(token) {
                *partner = open.token;
            }
            if let Some(partner) = self.tokens.partners.get_mut(open.token) {
                *partner = token;
            }
        }
    }

    /// Closes all open delimiters but the first `depth`.
    fn close_to(&mut self, depth: usize) {
        while self.open.len() > depth {
            self.close(0);
        }
    }

    fn step(&mut self) {
        let limit = self.open.iter().position(|open| self.at >= open.limit);
        if let Some(depth) = limit {
            self.close_to(depth + 1);
            let closes = self.rest().starts_with('`');
            self.close(usize::from(closes));
            return;
        }
        match self.open.last().map(|open| open.delim) {
            Some(delim) if delim.is_text() => self.text_step(delim),
            _ => self.code_step(),
        }
    }

    fn text_step(&mut self, delim: Delim) {
        let rest = self.rest();
        let quote = match delim {
            Delim::Long => "\"\"\"",
            Delim::Str => "\"",
            _ => "",
        };
        let mut length = 0;
        for (at, letter) in rest.char_indices() {
            let here = rest.get(at..).unwrap_or_default();
            let limit = self.open.last().map_or(usize::MAX, |open| open.limit);
            let ends = self.at + at >= limit
                || here.starts_with("${")
                || (!quote.is_empty() && here.starts_with(quote) && !is_escaped(rest, at))
                || (delim == Delim::Str && matches!(letter, '\n' | '\r'))
                || (delim == Delim::Long && letter == '\n' && {
                    let after = here.get(1..).unwrap_or_default();
                    !after.contains("\"\"\"") && starts_statement(after)
                });
            if ends {
                break;
            }
            length = at + letter.len_utf8();
        }
        if length > 0 {
            self.push(Kind::Text, length);
            return;
        }
        if rest.starts_with("${") {
            self.open(Delim::Hole, 2, false, usize::MAX);
        } else if !quote.is_empty() && rest.starts_with(quote) {
            self.close(quote.len());
        } else {
            self.close(0);
        }
    }

    fn code_step(&mut self) {
        let rest = self.rest();
        let Some(first) = rest.chars().next() else {
            return;
        };
        let after = |length: usize| rest.get(length..).unwrap_or_default();
        match first {
            ' ' | '\t' | '\u{feff}' => self.at += first.len_utf8(),
            '\r' if !rest.starts_with("\r\n") => self.at += 1,
            '\r' => self.newline(2),
            '\n' => self.newline(1),
            '/' if rest.starts_with("//") => {
                let length = rest.find(['\n', '\r']).unwrap_or(rest.len());
                self.push(Kind::Comment, length);
            }
            '"' if rest.starts_with("\"\"\"") => {
                self.open(Delim::Long, 3, false, usize::MAX);
            }
            '"' => self.open(Delim::Str, 1, false, usize::MAX),
            '`' => {
                let end = query_end(after(1));
                self.open(Delim::Query, 1, false, self.at + 1 + end);
            }
            '{' => {
                let labels = self.opens_labels();
                if !labels {
                    self.end_parentheses();
                }
                self.open(Delim::Brace, 1, labels, usize::MAX);
            }
            '(' => self.open(Delim::Paren, 1, false, usize::MAX),
            '[' => self.open(Delim::Bracket, 1, false, usize::MAX),
            '}' | ')' | ']' => self.closer(first),
            '0'..='9' => {
                let length = number_length(rest);
                self.push(Kind::Number, length);
            }
            letter if letter.is_ascii_alphabetic() || letter == '_' => {
                let mut length = word_length(rest);
                let hyphens = after(length)
                    .find(|c| c != '-')
                    .unwrap_or(after(length).len());
                if hyphens > 0 && self.at + length + hyphens == self.cursor {
                    length += hyphens;
                }
                self.push(Kind::Word, length);
            }
            _ => match SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
                Some(sign) => {
                    self.push(Kind::Sign(sign), sign.len());
                }
                None => self.at += first.len_utf8(),
            },
        }
    }

    /// Handles a closing delimiter: it closes its opening one and everything left open inside. It closes nothing
    /// outside the string or query around it, and a bracket closes nothing outside its brace.
    fn closer(&mut self, letter: char) {
        let line_start =
            self.at == 0 || self.tokens.text.as_bytes().get(self.at - 1) == Some(&b'\n');
        let in_text = self.open.iter().any(|open| open.delim.is_text());
        if letter == '}' && line_start && !in_text && !self.open.is_empty() {
            self.close_to(1);
            self.close(1);
            return;
        }
        let fitting = self.open.iter().rposition(|open| match letter {
            '}' => matches!(open.delim, Delim::Brace | Delim::Hole),
            ')' => open.delim == Delim::Paren,
            _ => open.delim == Delim::Bracket,
        });
        let barrier = self.open.iter().rposition(|open| {
            open.delim.is_text()
                || (letter != '}' && matches!(open.delim, Delim::Brace | Delim::Hole))
        });
        match fitting {
            Some(depth) if barrier.is_none_or(|barrier| barrier < depth) => {
                self.close_to(depth + 1);
                self.close(1);
            }
            _ => self.at += 1,
        }
    }

    /// Handles the end of a line: it ends strings, and brackets before a line that can only be a statement.
    fn newline(&mut self, length: usize) {
        let next = self.rest().get(length..).unwrap_or_default();
        let statement = starts_statement(next);
        if let Some(string) = self.open.iter().position(|open| open.delim == Delim::Str) {
            self.close_to(string);
        }
        while let Some(open) = self.open.last() {
            let ends = match open.delim {
                Delim::Paren | Delim::Bracket => statement,
                // Labels on several lines are indented; a line that is not belongs to the body.
                Delim::Brace => {
                    let in_body = statement && indent_of(next) <= self.indent_at(open.token);
                    open.labels
                        && (starts_block(next) || in_body && !without_indent(next).starts_with('}'))
                }
                Delim::Hole => statement && !self.is_bounded(),
                _ => false,
            };
            if !ends {
                break;
            }
            self.close(0);
        }
        self.push(Kind::Newline, length);
    }

    /// Indentation of the line of a token.
    fn indent_at(&self, token: usize) -> usize {
        let start = self.tokens.all.get(token).map_or(0, |token| token.start);
        let before = self.tokens.text.get(..start).unwrap_or_default();
        let line = before.rfind(['\n', '\r']).map_or(0, |end| end + 1);
        indent_of(self.tokens.text.get(line..).unwrap_or_default())
    }

    /// True inside a query whose end is known.
    fn is_bounded(&self) -> bool {
        self.open.iter().any(|open| open.limit < usize::MAX)
    }

    /// A body's brace ends parentheses that were left open in its head, unless it is a branch of an `if` inside them.
    fn end_parentheses(&mut self) {
        while let Some(open) = self.open.last()
            && matches!(open.delim, Delim::Paren | Delim::Bracket)
        {
            let within = self.tokens.all.len().saturating_sub(open.token);
            let has_if = (0..within).any(|at| self.tokens.is_word(open.token + at, "if"));
            if has_if {
                break;
            }
            self.close(0);
        }
    }

    fn opens_labels(&self) -> bool {
        let before = self
            .tokens
            .all
            .iter()
            .rev()
            .find(|token| !matches!(token.kind, Kind::Newline | Kind::Comment));
        before.is_some_and(|token| match token.kind {
            Kind::Sign("." | "?") => false,
            Kind::Sign(_) => true,
            Kind::Open(delim) => matches!(delim, Delim::Paren | Delim::Bracket),
            _ => false,
        })
    }
}
