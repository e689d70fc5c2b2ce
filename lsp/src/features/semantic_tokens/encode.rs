//! Encoding of semantic tokens: each relative to the previous one, in the client's units.

use nth_ide::features::semantic_tokens::Token;
use tower_lsp::lsp_types::{Position, SemanticToken, SemanticTokensEdit};

use crate::lines::Lines;

/// Encodes the tokens of a text. Tokens of several lines are split if the client does not support them.
pub fn encode(
    text: &str,
    tokens: &[Token],
    lines: &Lines<'_>,
    multiline: bool,
) -> Vec<SemanticToken> {
    let mut out = Vec::with_capacity(tokens.len());
    let mut last = Position::default();
    let mut push = |start: Position, length: u32, token: &Token| {
        if length == 0 {
            return;
        }
        let delta_line = start.line - last.line;
        let delta_start = if delta_line == 0 {
            start.character - last.character
        } else {
            start.character
        };
        out.push(SemanticToken {
            delta_line,
            delta_start,
            length,
            token_type: token.kind.number(),
            token_modifiers_bitset: token.modifiers.bits(),
        });
        last = start;
    };
    for token in tokens {
        let (start, end) = (token.range.start as usize, token.range.end as usize);
        let slice = text.get(start..end).unwrap_or_default();
        let is_one_line = !slice.contains(['\n', '\r']);
        if is_one_line || multiline {
            push(lines.position(start), length(slice, start, lines), token);
            continue;
        }
        let mut at = start;
        for piece in slice.split_inclusive(['\n', '\r']) {
            let content = piece.trim_end_matches(['\n', '\r']);
            // Indentation is not colored.
            let indent = content.len() - content.trim_start().len();
            let from = if at == start { at } else { at + indent };
            let to = at + content.len();
            if from < to {
                let piece = text.get(from..to).unwrap_or_default();
                push(lines.position(from), length(piece, from, lines), token);
            }
            at += piece.len();
        }
    }
    out
}

/// Length of a piece of the text in the client's units, including line ends.
fn length(slice: &str, start: usize, lines: &Lines<'_>) -> u32 {
    let mut at = start;
    let mut length = 0;
    for piece in slice.split_inclusive(['\n', '\r']) {
        let content = piece.trim_end_matches(['\n', '\r']).len();
        let (from, to) = (lines.position(at), lines.position(at + content));
        length += to.character.saturating_sub(from.character) + (piece.len() - content) as u32;
        at += piece.len();
    }
    length
}

/// The edit from `old` to `new`; empty if they are equal.
pub fn delta(old: &[SemanticToken], new: &[SemanticToken]) -> Vec<SemanticTokensEdit> {
    let same = |(left, right): &(&SemanticToken, &SemanticToken)| left == right;
    let before = old.iter().zip(new).take_while(same).count();
    let rest = old.len().min(new.len()) - before;
    let after = old
        .iter()
        .rev()
        .zip(new.iter().rev())
        .take(rest)
        .take_while(same)
        .count();
    let gone = old.len() - before - after;
    let come = new.get(before..new.len() - after).unwrap_or_default();
    if gone == 0 && come.is_empty() {
        return Vec::new();
    }
    // The protocol counts integers, of which a token has five.
    vec![SemanticTokensEdit {
        start: before as u32 * 5,
        delete_count: gone as u32 * 5,
        data: (!come.is_empty()).then(|| come.to_vec()),
    }]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(number: u32) -> SemanticToken {
        SemanticToken {
            delta_line: number,
            delta_start: 0,
            length: 1,
            token_type: 0,
            token_modifiers_bitset: 0,
        }
    }

    /// Applies edits as a client does.
    fn applied(old: &[SemanticToken], edits: &[SemanticTokensEdit]) -> Vec<SemanticToken> {
        let mut tokens = old.to_vec();
        for edit in edits {
            let start = edit.start as usize / 5;
            let end = start + edit.delete_count as usize / 5;
            tokens.splice(start..end, edit.data.clone().unwrap_or_default());
        }
        tokens
    }

    #[test]
    fn an_edit_makes_the_new_of_the_old() {
        let of = |numbers: &[u32]| -> Vec<SemanticToken> {
            numbers.iter().copied().map(token).collect()
        };
        for (old, new) in [
            (of(&[1, 2, 3]), of(&[1, 2, 3])),
            (of(&[1, 2, 3]), of(&[1, 9, 3])),
            (of(&[1, 1, 1]), of(&[1, 1])),
            (of(&[1, 1]), of(&[1, 1, 1])),
            (of(&[]), of(&[4])),
            (of(&[4]), of(&[])),
            (of(&[1, 2]), of(&[3, 4, 5])),
        ] {
            let edits = delta(&old, &new);
            assert_eq!(applied(&old, &edits), new);
            assert_eq!(edits.is_empty(), old == new);
        }
    }
}
