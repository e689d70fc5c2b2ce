//! Text to tree: the grammar's parser, and the bounds it works within.

use pest::Parser as _;

use super::error::Error;
use super::literal::hole_length;
use super::lower::Lower;
use super::tree::{Expr, Span};
use crate::diagnostics::codes;

/// How many brackets may be open at once. Nothing a person writes comes near; it keeps the stack of whoever reads
/// the text bounded, to about a megabyte in an unoptimised build.
pub const MAX_DEPTH: usize = 64;

/// How deep a tree may be; a chain of operators is as deep as it is long.
pub(crate) const MAX_TREE_DEPTH: usize = 400;

#[derive(pest_derive::Parser)]
#[grammar = "../grammar/promql.pest"]
pub(super) struct Grammar;

/// Reads a PromQL expression.
///
/// Only its syntax is judged here; see [`infer`](super::infer) for types, arguments and matching.
///
/// # Errors
///
/// Every mistake in the syntax that can be told apart from the others, in the order of the text. Never panics,
/// and takes time linear in the text's length.
pub fn parse(text: &str) -> Result<Expr, Vec<Error>> {
    if u32::try_from(text.len()).is_err() {
        let span = Span::default();
        return Err(vec![Error::new(
            &codes::PROMQL_TOO_DEEP,
            "query larger than 4 GiB",
            span,
        )]);
    }
    if let Some(error) = too_deep(text) {
        return Err(vec![error]);
    }
    let query = match Grammar::parse(Rule::query, text) {
        Ok(mut pairs) => pairs.next(),
        // The grammar is total, so this is the parser library's own limit on the stack.
        Err(_) => None,
    };
    let Some(query) = query else {
        let span = Span::new(0, text.len());
        return Err(vec![Error::new(
            &codes::PROMQL_TOO_DEEP,
            "query nested too deeply",
            span,
        )]);
    };
    let mut lower = Lower::new(text);
    let expr = lower.query(query);
    match expr {
        Some(expr) if lower.errors.is_empty() => Ok(expr),
        _ => {
            let mut errors = lower.errors;
            errors.sort_by_key(|error| (error.span.start, error.span.end));
            Err(errors)
        }
    }
}

/// Where the holes of a text start, in order. The caller counts them the same way: comments have holes too.
pub(super) fn holes(text: &str) -> Vec<usize> {
    text.match_indices("${")
        .map(|(at, _)| at)
        .filter(|at| hole_length(&text[*at..]).is_some())
        .collect()
}

/// The bracket that is one too many, found before anything recurses.
pub(crate) fn too_deep(text: &str) -> Option<Error> {
    let bytes = text.as_bytes();
    let mut depth = 0usize;
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'(' | b'[' | b'{' => {
                depth += 1;
                if depth > MAX_DEPTH {
                    return Some(
                        Error::new(
                            &codes::PROMQL_TOO_DEEP,
                            format!("query nested more than {MAX_DEPTH} brackets deep"),
                            Span::new(at, at + 1),
                        )
                        .label("first bracket beyond the limit")
                        .help("move the inner part into a recording rule and use its result"),
                    );
                }
            }
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            b'#' => at += skip(&bytes[at..], |b| b == b'\n' || b == b'\r'),
            b'"' | b'\'' => at += string_length(&bytes[at..], *byte),
            b'`' => at += 1 + skip(&bytes[at + 1..], |b| b == b'`'),
            _ => {}
        }
        at += 1;
    }
    None
}

/// Where the last byte before `end` is that belongs neither to a comment nor to the white space around it; `end` where there is
/// none.
pub(super) fn last_before(text: &str, end: usize) -> usize {
    let bytes = text.as_bytes();
    let mut last = end;
    let mut at = 0;
    while at < end {
        let Some(byte) = bytes.get(at) else { break };
        match byte {
            b'#' => at += skip(&bytes[at..], |b| b == b'\n' || b == b'\r'),
            b'"' | b'\'' => at += string_length(&bytes[at..], *byte),
            b'`' => at += 1 + skip(&bytes[at + 1..], |b| b == b'`'),
            _ => {}
        }
        if at < end
            && bytes
                .get(at)
                .is_some_and(|byte| !byte.is_ascii_whitespace())
        {
            last = at;
        }
        at += 1;
    }
    last
}

/// How many bytes come before the first that `stop` is true of.
fn skip(bytes: &[u8], stop: impl Fn(u8) -> bool) -> usize {
    bytes
        .iter()
        .position(|byte| stop(*byte))
        .unwrap_or(bytes.len())
}

/// The offset of the quote that closes the string, or of the end of its line.
fn string_length(bytes: &[u8], quote: u8) -> usize {
    let mut at = 1;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\\' if bytes.get(at + 1).is_some_and(|next| *next != b'\n') => at += 1,
            b'\n' => return at,
            byte if *byte == quote => return at,
            _ => {}
        }
        at += 1;
    }
    at
}
