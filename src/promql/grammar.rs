//! The parser that pest makes of `promql.pest`, and what is known of a text before it.

use super::literal::hole_length;

/// How deep a tree may be; a chain of operators is as deep as it is long.
pub const MAX_TREE_DEPTH: usize = 400;

#[derive(pest_derive::Parser)]
#[grammar = "promql.pest"]
pub(super) struct Grammar;

/// Where the holes of a text start, in order. The caller counts them the same way: comments have holes too.
pub(super) fn holes(text: &str) -> Vec<usize> {
    text.match_indices("${")
        .map(|(at, _)| at)
        .filter(|at| hole_length(&text[*at..]).is_some())
        .collect()
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
pub(super) fn skip(bytes: &[u8], stop: impl Fn(u8) -> bool) -> usize {
    bytes
        .iter()
        .position(|byte| stop(*byte))
        .unwrap_or(bytes.len())
}

/// The offset of the quote that closes the string, or of the end of its line.
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
