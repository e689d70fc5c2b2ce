//! The parser that pest generates from `promql.pest`, and helpers that scan the text.

use super::literal::hole_length;

/// The maximum depth of a tree. The depth of a chain of operators is its length.
pub const MAX_TREE_DEPTH: usize = 400;

#[derive(pest_derive::Parser)]
#[grammar = "promql.pest"]
pub(super) struct Grammar;

/// Returns where the holes of a text start, in order. Includes holes in comments, as the caller counts them too.
pub(super) fn holes(text: &str) -> Vec<usize> {
    text.match_indices("${")
        .map(|(at, _)| at)
        .filter(|at| hole_length(&text[*at..]).is_some())
        .collect()
}

/// Returns the offset of the last byte before `end` that is not in a comment or white space; `end` if there is none.
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

/// Returns the number of bytes before the first one for which `stop` is true.
pub(super) fn skip(bytes: &[u8], stop: impl Fn(u8) -> bool) -> usize {
    bytes
        .iter()
        .position(|byte| stop(*byte))
        .unwrap_or(bytes.len())
}

/// Returns the offset of the quote that closes the string, or of the end of its line.
pub(super) fn string_length(bytes: &[u8], quote: u8) -> usize {
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
