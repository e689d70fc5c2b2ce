//! A lexer for PromQL that accepts any text.

/// Words between or after expressions.
pub const OPERATORS: [&str; 12] = [
    "and",
    "or",
    "unless",
    "by",
    "without",
    "on",
    "ignoring",
    "group_left",
    "group_right",
    "offset",
    "bool",
    "atan2",
];

/// The kind of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A name or a keyword; also `$window`.
    Word,
    /// A number or a duration.
    Number,
    /// A string, possibly unterminated.
    Text,
    /// An operator or separator.
    Sign,
    /// `(`, `{` or `[`
    Open(char),
    /// `)`, `}` or `]`
    Close(char),
    /// An interpolation, `${…}`
    Hole,
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

const SIGNS: [&str; 20] = [
    "=~", "!~", "==", "!=", ">=", "<=", "=", ">", "<", "+", "-", "*", "/", "%", "^", ",", "@", ":",
    "!", ".",
];

/// The tokens of a query, and whether it ends in a comment.
pub fn tokens(text: &str) -> (Vec<Token>, bool) {
    let mut tokens = Vec::new();
    let mut at = 0;
    let mut in_comment = false;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let Some(first) = rest.chars().next() else {
            break;
        };
        let run = |fits: fn(char) -> bool| rest.find(|c| !fits(c)).unwrap_or(rest.len());
        let (kind, length) = match first {
            '#' => {
                let end = rest.find('\n').unwrap_or(rest.len());
                in_comment = end == rest.len();
                at += end.max(1);
                continue;
            }
            letter if letter.is_whitespace() => {
                at += letter.len_utf8();
                continue;
            }
            '$' if rest.starts_with("${") => (Kind::Hole, hole(rest)),
            '$' => {
                let word = rest.get(1..).unwrap_or_default();
                let end = word.find(|c| !is_word(c)).unwrap_or(word.len());
                (Kind::Word, 1 + end)
            }
            '"' | '\'' => (Kind::Text, string(rest, first)),
            '(' | '{' | '[' => (Kind::Open(first), 1),
            ')' | '}' | ']' => (Kind::Close(first), 1),
            '0'..='9' => (Kind::Number, run(|c| is_word(c) || c == '.')),
            letter if is_word(letter) || letter == ':' => {
                (Kind::Word, run(|c| is_word(c) || c == ':'))
            }
            _ => {
                let sign = SIGNS.iter().find(|sign| rest.starts_with(**sign));
                (Kind::Sign, sign.map_or(first.len_utf8(), |sign| sign.len()))
            }
        };
        tokens.push(Token {
            kind,
            start: at,
            end: at + length,
        });
        at += length;
    }
    (tokens, in_comment)
}

/// True if a letter is allowed in a word; colons are too.
pub fn is_word(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || letter == '_'
}

fn hole(text: &str) -> usize {
    let mut depth = 0_usize;
    for (at, letter) in text.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return at + 1;
                }
            }
            _ => {}
        }
    }
    text.len()
}

fn string(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, letter) in text.char_indices().skip(1) {
        match letter {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '\n' => return at,
            letter if letter == quote => return at + 1,
            _ => {}
        }
    }
    text.len()
}
