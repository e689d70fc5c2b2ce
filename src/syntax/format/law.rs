//! The formatter's invariant: only white space changes. Tokens and comments are equal before and after, except for commas, which
//! line ends can replace.

use pest::Parser;
use pest::iterators::Pair;

use crate::literals::{self, Piece};
use crate::parse::{Grammar, Rule};
use crate::tree::StringPart;

/// A token or comment, with its offset.
struct Token {
    at: usize,
    text: String,
}

/// Compares a text with its formatted version.
///
/// # Errors
/// Returns the offset of the first token or comment of the text that the formatted version lacks.
pub(super) fn compare(before: &str, after: &str) -> Result<(), usize> {
    let (old, new) = (
        tokenize(before).ok_or(0_usize)?,
        tokenize(after).ok_or(0_usize)?,
    );
    same(&old.tokens, &new.tokens, before.len())?;
    same(&old.comments, &new.comments, before.len())
}

fn same(old: &[Token], new: &[Token], end: usize) -> Result<(), usize> {
    for (number, piece) in old.iter().enumerate() {
        if new.get(number).map(|piece| &piece.text) != Some(&piece.text) {
            return Err(piece.at);
        }
    }
    match old.len() == new.len() {
        true => Ok(()),
        false => Err(end),
    }
}

#[derive(Default)]
struct Pieces {
    tokens: Vec<Token>,
    comments: Vec<Token>,
}

fn tokenize(text: &str) -> Option<Pieces> {
    let root = Grammar::parse(Rule::file, text).ok()?.next()?;
    let mut literals = Vec::new();
    gather(root, &mut literals);
    let mut pieces = Pieces::default();
    let mut at = 0;
    for pair in literals {
        let span = pair.as_span();
        between(text, at, span.start(), &mut pieces);
        pieces.tokens.push(Token {
            at: span.start(),
            text: match pair.as_rule() {
                Rule::multiline => shifted(span.as_str()),
                _ => span.as_str().to_owned(),
            },
        });
        at = span.end();
    }
    between(text, at, text.len(), &mut pieces);
    Some(pieces)
}

/// Collects the strings and queries, whose blanks are significant.
fn gather<'t>(pair: Pair<'t, Rule>, found: &mut Vec<Pair<'t, Rule>>) {
    match pair.as_rule() {
        Rule::string | Rule::multiline | Rule::query | Rule::quoted => found.push(pair),
        _ => {
            for inner in pair.into_inner() {
                gather(inner, found);
            }
        }
    }
}

/// Removes the common indent of a text of several lines.
fn shifted(text: &str) -> String {
    let inner = text
        .strip_prefix("\"\"\"")
        .and_then(|text| text.strip_suffix("\"\"\""));
    let parts = literals::dedent(vec![Piece::Raw(inner.unwrap_or(text))]);
    let texts = parts.iter().map(|part| match part {
        StringPart::Text(text) => text.as_str(),
        StringPart::Hole(_) => "",
    });
    texts.collect()
}

/// Collects words, signs and comments.
fn between(text: &str, from: usize, to: usize, pieces: &mut Pieces) {
    let mut at = from;
    while let Some(rest) = text.get(at..to).filter(|rest| !rest.is_empty()) {
        if rest.starts_with("//") {
            let end = rest.find(['\n', '\r']).unwrap_or(rest.len());
            pieces.comments.push(Token {
                at,
                text: rest[..end].trim_end().to_owned(),
            });
            at += end;
            continue;
        }
        let is_word = |c: char| c.is_alphanumeric() || c == '_';
        let word = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
        let first = rest.chars().next().map_or(1, char::len_utf8);
        let length = word.max(first);
        let token = &rest[..length];
        if !token
            .chars()
            .all(|c| c.is_whitespace() || c == ',' || c == '\u{feff}')
        {
            pieces.tokens.push(Token {
                at,
                text: token.to_owned(),
            });
        }
        at += length;
    }
}
