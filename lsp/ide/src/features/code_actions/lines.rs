//! Brackets on one line and on several.

use nthc::syntax::comments::comments;
use nthc::syntax::structure::{Part, PartKind};
use nthc::syntax::tree::TextRange;

use super::super::formatting::layout::touch;
use super::place::{ActionKind, Offer, Place, replacement};

/// How far a line may go, in characters, as `nthc fmt` has it.
const WIDTH: usize = 100;

/// Puts what stands in the innermost bracket on one line, or each part of it on a line of its own.
pub fn lines<'a>(place: &'a Place<'a>, offers: &mut Vec<Offer<'a>>) {
    let parts = place.parts();
    let holds =
        |part: &&Part| part.range.start <= place.range.start && place.range.end <= part.range.end;
    let is_bracket = |part: &&Part| {
        matches!(
            part.kind,
            PartKind::Body | PartKind::List | PartKind::Labels | PartKind::Arguments
        ) && part.closed
    };
    // A head means its own braces too.
    let of_head = || {
        let core = parts.iter().filter(|part| part.kind == PartKind::Core);
        let core = core.filter(holds).max_by_key(|part| part.depth)?;
        let within = |part: &&Part| {
            part.kind == PartKind::Body
                && part.closed
                && part.depth == core.depth
                && core.range.start <= part.range.start
                && part.range.end == core.range.end
        };
        parts.iter().find(within)
    };
    let innermost = parts
        .iter()
        .filter(is_bracket)
        .filter(holds)
        .max_by_key(|part| (part.depth, part.range.start));
    let bracket = match (innermost, of_head()) {
        (Some(inner), Some(own)) if own.depth > inner.depth || own.range == inner.range => own,
        (Some(inner), _) => inner,
        (None, Some(own)) => own,
        (None, None) => return,
    };
    let pieces = pieces(&parts, bracket);
    if pieces.is_empty() {
        return;
    }
    let kind = ActionKind::Rewrite;
    let bracket = *bracket;
    if place.slice(bracket.range).contains('\n') {
        if let Some(text) = joined(place, bracket, &pieces) {
            offers.push(Offer::new(kind, "Put on one line", move || {
                Some(vec![replacement(bracket.range, text.as_str())])
            }));
        }
    } else {
        offers.push(Offer::new(kind, "Put on separate lines", move || {
            Some(vec![replacement(
                bracket.range,
                split(place, bracket, &pieces),
            )])
        }));
    }
}

/// What stands in a bracket, from the left to the right.
fn pieces(parts: &[Part], bracket: &Part) -> Vec<TextRange> {
    let wanted = match bracket.kind {
        PartKind::Body => PartKind::Unit,
        _ => PartKind::Piece,
    };
    let mut found: Vec<TextRange> = Vec::new();
    for part in parts {
        let is_inside = bracket.range.start < part.range.start
            && part.range.end < bracket.range.end
            && part.depth == bracket.depth + 1;
        let follows = found.last().is_none_or(|last| last.end <= part.range.start);
        if is_inside && follows && part.kind == wanted {
            found.push(part.range);
        }
    }
    found
}

fn opens(place: &Place<'_>, bracket: Part) -> (&'static str, &'static str) {
    match place.slice(bracket.range).chars().next() {
        Some('[') => ("[", "]"),
        Some('(') => ("(", ")"),
        _ => ("{", "}"),
    }
}

/// On one line, where no comment and no piece of several lines stands in the way and the line has room.
fn joined(place: &Place<'_>, bracket: Part, pieces: &[TextRange]) -> Option<String> {
    let has_comment = comments(place.text, |_| true)
        .iter()
        .any(|comment| touch(comment.range, bracket.range));
    let texts: Vec<&str> = pieces.iter().map(|piece| place.slice(*piece)).collect();
    if has_comment || texts.iter().any(|text| text.contains(['\n', '\r'])) {
        return None;
    }
    let (open, close) = opens(place, bracket);
    let text = match bracket.kind {
        PartKind::Body => {
            let mut text = String::from("{");
            for (number, piece) in texts.iter().enumerate() {
                let runs_on = number > 0
                    && texts
                        .get(number - 1)
                        .is_some_and(|last| last.starts_with("without "))
                    || piece.starts_with("in ");
                text.push_str(
                    match (number, runs_on || is_member(bracket, place, piece)) {
                        (0, _) => " ",
                        (_, true) => ", ",
                        (_, false) => "  ",
                    },
                );
                text.push_str(piece);
            }
            text + " }"
        }
        PartKind::Labels => format!("{{ {} }}", texts.join(", ")),
        _ => format!("{open}{}{close}", texts.join(", ")),
    };
    let start =
        super::super::formatting::layout::line_start(place.text, bracket.range.start as usize);
    let before = place.text.get(start..bracket.range.start as usize)?;
    let rest = place.text.get(bracket.range.end as usize..)?;
    let rest = rest.split(['\r', '\n']).next().unwrap_or_default();
    let width = before.chars().count() + text.chars().count() + rest.chars().count();
    (width <= WIDTH).then_some(text)
}

/// Whether a piece is a member of an enum or a field's declaration, which commas divide.
fn is_member(bracket: Part, place: &Place<'_>, piece: &str) -> bool {
    let head = place.indent_at(bracket.range.start);
    let start =
        super::super::formatting::layout::line_start(place.text, bracket.range.start as usize)
            + head.len();
    let line = place.text.get(start..).unwrap_or_default();
    !piece.contains('=')
        && ["enum ", "kind ", "extend "]
            .iter()
            .any(|word| line.starts_with(word))
}

fn split(place: &Place<'_>, bracket: Part, pieces: &[TextRange]) -> String {
    let indent = place.indent_at(bracket.range.start);
    let (open, close) = opens(place, bracket);
    let separator = match bracket.kind {
        PartKind::List | PartKind::Arguments => ",",
        _ => "",
    };
    let mut text = open.to_owned();
    for piece in pieces {
        let piece = place.slice(*piece);
        text.push_str(&format!("\n{indent}  {piece}{separator}"));
    }
    text + "\n" + indent + close
}
