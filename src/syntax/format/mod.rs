//! The formatter: one layout for every file, with each comment at its place.
//!
//! It prints the nodes of the grammar, and looks for comments in the text between them. Widths are measured before anything is
//! aligned, so that a second run has the same result.

mod body;
mod expr;
mod law;
mod trivia;

use pest::Parser;
use pest::iterators::Pair;

use super::parse::{Grammar, Rule, parse};
use super::tree::SyntaxErrorKind;
use trivia::gap;

/// The maximum width of a line, in characters.
const WIDTH: usize = 100;

/// One level of indent, in spaces.
const INDENT: usize = 2;

/// Returns a line end and the indent of the next line.
fn newline(indent: usize) -> String {
    format!("\n{:indent$}", "")
}

/// The reason that a file is not formatted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unformatted {
    /// It has syntax errors.
    Malformed,
    /// Formatting would change more than white space at this byte.
    Changed(usize),
}

/// Formats a file. `None` if it has syntax errors, or if more than white space would change.
pub fn format(text: &str) -> Option<String> {
    try_format(text).ok()
}

/// Formats a file. All lines get the line end that most of them have.
///
/// # Errors
/// Returns the reason if the file cannot be formatted.
pub fn try_format(text: &str) -> Result<String, Unformatted> {
    let normal = text.replace("\r\n", "\n");
    let malformed = parse(&normal)
        .items
        .iter()
        .flat_map(|(_, item)| &item.errors)
        .any(|error| error.kind != SyntaxErrorKind::StrayDoc);
    if malformed {
        return Err(Unformatted::Malformed);
    }
    let laid = lay_out(&normal).ok_or(Unformatted::Malformed)?;
    let changed = |at: usize| Unformatted::Changed(original(text, at));
    law::compare(&normal, &laid).map_err(changed)?;
    // Formatting must be idempotent.
    if lay_out(&laid).as_deref() != Some(&laid) {
        return Err(changed(0));
    }
    Ok(match ends_with_returns(text) {
        true => laid.replace('\n', "\r\n"),
        false => laid,
    })
}

/// True if most lines of a text end with CRLF.
fn ends_with_returns(text: &str) -> bool {
    let returns = text.matches("\r\n").count();
    returns > text.matches('\n').count() - returns
}

/// Maps an offset in a text without carriage returns to the original text.
fn original(text: &str, at: usize) -> usize {
    let mut left = at;
    let mut place = 0;
    for line in text.split_inclusive('\n') {
        let without = line.len() - usize::from(line.ends_with("\r\n"));
        if left < without {
            return place + left;
        }
        left -= without;
        place += line.len();
    }
    text.len()
}

fn lay_out(text: &str) -> Option<String> {
    let root = Grammar::parse(Rule::file, text).ok()?.next()?;
    let mut out = String::new();
    let mut at = 0;
    let mut last: Option<Laid> = None;
    for pair in root.into_inner() {
        let start = pair.as_span().start();
        match pair.as_rule() {
            Rule::file_doc => {
                for line in pair.as_str().lines().map(str::trim) {
                    if !(line.is_empty() && (out.is_empty() || out.ends_with("\n\n"))) {
                        out.push_str(line);
                        out.push('\n');
                    }
                }
                at = pair.as_span().end();
                last = Some(Laid {
                    text: String::new(),
                    kind: Rule::file_doc,
                });
            }
            Rule::item => {
                let laid = item(&pair);
                between_items(&text[at..start], last.as_ref(), Some(&laid), &mut out);
                out.push_str(&laid.text);
                out.push('\n');
                last = Some(laid);
                at = start + pair.as_str().trim_end().len();
            }
            _ => {}
        }
    }
    between_items(&text[at..], last.as_ref(), None, &mut out);
    Some(out)
}

/// A formatted item.
struct Laid {
    text: String,
    kind: Rule,
}

/// Writes the text between two items: comments, and a blank line unless both are single-line items of the same kind.
fn between_items(text: &str, before: Option<&Laid>, after: Option<&Laid>, out: &mut String) {
    let found = gap(text);
    let mut comments = found.comments.into_iter().peekable();
    if before.is_some_and(|laid| laid.kind != Rule::file_doc)
        && let Some(trailing) = comments.next_if(|comment| !comment.own_line)
    {
        out.pop();
        out.push_str("  ");
        out.push_str(trailing.text);
        out.push('\n');
    }
    let together = match (before, after) {
        (Some(before), Some(after)) => {
            before.kind == after.kind && !before.text.contains('\n') && !after.text.contains('\n')
        }
        _ => false,
    };
    let comments: Vec<_> = comments.collect();
    let blanks = comments.iter().any(|comment| comment.blank_before) || found.blank_after;
    // A missing blank line is added before the comments.
    let mut owed = before.is_some() && !together && !blanks;
    for comment in comments {
        if (comment.blank_before || owed) && !out.is_empty() {
            out.push('\n');
        }
        owed = false;
        out.push_str(comment.text);
        out.push('\n');
    }
    if after.is_some() && (found.blank_after || owed) && !out.is_empty() {
        out.push('\n');
    }
}

/// Formats the lines of a doc comment and of comments after it, each with a line end and the indent.
fn doc(pair: &Pair<'_, Rule>, indent: usize) -> String {
    let mut text = String::new();
    for line in pair
        .as_str()
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
    {
        text.push_str(line);
        text.push_str(&newline(indent));
    }
    text
}

fn item(pair: &Pair<'_, Rule>) -> Laid {
    let mut text = String::new();
    let mut kind = Rule::nothing;
    for part in pair.clone().into_inner() {
        match part.as_rule() {
            Rule::doc => text.push_str(&doc(&part, 0)),
            Rule::nothing => text.truncate(text.trim_end().len()),
            other => {
                kind = other;
                text.push_str(&body::node(&part, 0, false).text);
            }
        }
    }
    Laid { text, kind }
}
