//! The texts and actions of a template.

use super::RenderError;

/// A part of a template: text, or the tokens of an action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    Text(String),
    Action(Vec<Token>),
}

/// A token of an action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Token {
    /// A keyword or the name of a function.
    Word(String),
    /// A variable with its fields: `$alert.Labels.team`.
    Variable(String, Vec<String>),
    /// The dot with its fields: `.`, `.Labels.team`.
    Dot(Vec<String>),
    Text(String),
    Number(i64),
    Declare,
    Assign,
    Comma,
    Open,
    Close,
}

/// Splits a template.
pub fn pieces(template: &str) -> Result<Vec<Piece>, RenderError> {
    let mut all = Vec::new();
    let mut rest = template;
    while let Some(start) = rest.find("{{") {
        if start > 0 {
            all.push(Piece::Text(rest[..start].to_owned()));
        }
        let inner = &rest[start + 2..];
        if let Some(comment) = inner.strip_prefix("/*") {
            let (_, after) = comment
                .split_once("*/}}")
                .ok_or_else(|| RenderError::new("a comment does not end"))?;
            rest = after;
            continue;
        }
        let (tokens, after) = action(inner)?;
        all.push(Piece::Action(tokens));
        rest = after;
    }
    if !rest.is_empty() {
        all.push(Piece::Text(rest.to_owned()));
    }
    Ok(all)
}

/// The tokens until the end of an action, and the text after it.
fn action(mut rest: &str) -> Result<(Vec<Token>, &str), RenderError> {
    let mut tokens = Vec::new();
    loop {
        rest = rest.trim_start();
        if let Some(after) = rest.strip_prefix("}}") {
            return Ok((tokens, after));
        }
        let Some(first) = rest.chars().next() else {
            return Err(RenderError::new("an action does not end"));
        };
        let after = &rest[first.len_utf8()..];
        let (token, after) = match first {
            '(' => (Token::Open, after),
            ')' => (Token::Close, after),
            ',' => (Token::Comma, after),
            '=' => (Token::Assign, after),
            ':' => match after.strip_prefix('=') {
                Some(after) => (Token::Declare, after),
                None => return Err(unknown(first)),
            },
            '"' => text(after)?,
            '.' => {
                let (fields, after) = fields(rest);
                (Token::Dot(fields), after)
            }
            '$' => {
                let (name, after) = word(after);
                let (fields, after) = fields(after);
                (Token::Variable(name.to_owned(), fields), after)
            }
            c if c.is_ascii_digit() => {
                let (digits, after) = word(rest);
                let number = digits.parse();
                let number =
                    number.map_err(|_| RenderError::new(format!("unknown number `{digits}`")))?;
                (Token::Number(number), after)
            }
            c if c.is_ascii_alphabetic() || c == '_' => {
                let (name, after) = word(rest);
                (Token::Word(name.to_owned()), after)
            }
            c => return Err(unknown(c)),
        };
        tokens.push(token);
        rest = after;
    }
}

fn unknown(c: char) -> RenderError {
    RenderError::new(format!("unexpected `{c}` in an action"))
}

/// The name at the start of a text, which may be empty, and the text after it.
fn word(text: &str) -> (&str, &str) {
    let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    text.split_at(end.unwrap_or(text.len()))
}

/// The fields at the start of a text: `.Labels.team`, or only a dot.
fn fields(mut text: &str) -> (Vec<String>, &str) {
    let mut all = Vec::new();
    while let Some(after) = text.strip_prefix('.') {
        let (name, after) = word(after);
        if !name.is_empty() {
            all.push(name.to_owned());
        }
        text = after;
    }
    (all, text)
}

/// A string of Go after its first quote, as [`crate::go_template::quote`] writes it.
fn text(rest: &str) -> Result<(Token, &str), RenderError> {
    let mut value = String::new();
    let mut chars = rest.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Ok((Token::Text(value), &rest[at + 1..])),
            '\\' => match chars.next().map(|(_, escaped)| escaped) {
                Some(c @ ('"' | '\\')) => value.push(c),
                Some('n') => value.push('\n'),
                Some('r') => value.push('\r'),
                Some('t') => value.push('\t'),
                Some('u') => {
                    let digits: String = chars.by_ref().take(4).map(|(_, digit)| digit).collect();
                    let c = u32::from_str_radix(&digits, 16)
                        .ok()
                        .and_then(char::from_u32);
                    value.push(c.ok_or_else(|| RenderError::new("unknown escape in a string"))?);
                }
                _ => return Err(RenderError::new("unknown escape in a string")),
            },
            c => value.push(c),
        }
    }
    Err(RenderError::new("a string does not end"))
}
