//! The words outside syntax trees: keywords, operators, comments, and text with syntax errors.

use nthc::syntax::tree::TextRange;

use super::legend::{Kind, Modifiers};
use super::token::Token;

/// The keywords.
const KEYWORDS: [&str; 23] = [
    "and", "as", "else", "enum", "extend", "false", "for", "function", "if", "import", "in", "it",
    "kind", "let", "list", "not", "one", "or", "require", "rule", "template", "true", "without",
];

fn is_keyword(word: &str) -> bool {
    word == "where" || KEYWORDS.contains(&word)
}

fn is_letter(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// Adds the words of a range of text without tokens from a tree.
pub fn words(text: &str, stretch: TextRange, out: &mut Vec<Token>) {
    let mut scanner = Scanner {
        text: text
            .get(stretch.start as usize..stretch.end as usize)
            .unwrap_or_default(),
        start: stretch.start,
        at: 0,
        out,
    };
    while scanner.step() {}
}

struct Scanner<'a> {
    text: &'a str,
    start: u32,
    at: usize,
    out: &'a mut Vec<Token>,
}

impl Scanner<'_> {
    fn push(&mut self, length: usize, kind: Kind) {
        self.out.push(Token {
            range: TextRange::new(self.at, self.at + length).shifted(self.start),
            kind,
            modifiers: Modifiers::NONE,
        });
        self.at += length;
    }

    fn step(&mut self) -> bool {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let Some(first) = rest.chars().next() else {
            return false;
        };
        let line = rest.find(['\n', '\r']).unwrap_or(rest.len());
        match first {
            '/' if rest.starts_with("//") => self.push(line, Kind::Comment),
            // The rest of an unterminated string or query.
            '"' | '`' => {
                let within = rest.get(1..line).unwrap_or_default();
                let length = within.find(first).map_or(line, |end| end + 2);
                self.push(length, Kind::String);
            }
            c if is_letter(c) => {
                let length = rest
                    .find(|c: char| !is_letter(c) && c != '-')
                    .unwrap_or(rest.len());
                let word = rest.get(..length).unwrap_or_default();
                if is_keyword(word) {
                    self.push(length, Kind::Keyword);
                } else {
                    self.at += length;
                }
            }
            '=' | '!' | '<' | '>' => {
                let length = if rest.get(1..2) == Some("=") { 2 } else { 1 };
                self.push(length, Kind::Operator);
            }
            '-' if rest.starts_with("->") => self.push(2, Kind::Operator),
            '+' | '-' | '*' | '/' | '|' | '?' => self.push(1, Kind::Operator),
            c => self.at += c.len_utf8(),
        }
        true
    }
}
