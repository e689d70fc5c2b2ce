//! Parsing of text to a tree, with limits.

use pest::Parser as _;

use super::error::Error;
use super::grammar::{Grammar, Rule, skip, string_length};
use super::tree::{Expr, Span};
use super::tree_builder::TreeBuilder;
use crate::codes;

/// The maximum depth of brackets, far above the needs of real queries. It limits the parser's stack to about a megabyte in an
/// unoptimized build.
pub const MAX_DEPTH: usize = 64;

/// Parses a PromQL expression.
///
/// Checks only the syntax; see [`infer`](super::infer) for types, arguments and matching.
///
/// # Errors
///
/// Returns all independent syntax errors, in text order. Never panics, and takes time linear in the text's length.
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
        // The grammar matches every text, so this is the stack limit of the parser library.
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
    let mut lower = TreeBuilder::new(text);
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

/// Returns an error at the first bracket that exceeds [`MAX_DEPTH`]. Does not recurse.
pub fn too_deep(text: &str) -> Option<Error> {
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
