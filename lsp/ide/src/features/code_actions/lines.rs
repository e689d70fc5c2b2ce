//! Converts between brackets on one line and on several lines.

use nthc::syntax::comments::comments;
use nthc::syntax::structure::{Part, PartKind};
use nthc::syntax::tree::TextRange;

use super::super::formatting::layout::touch;
use super::place::{ActionKind, Offer, Place, replacement};

/// Maximum width of a line in characters, as in `nthc fmt`.
const WIDTH: usize = 100;

/// Offers to put the contents of the innermost bracket on one line, or each element on a line of its own.
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
    // On the head of a block, its own braces are meant too.
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
        if let Some(text) = join(place, bracket, &pieces) {
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

/// The elements in a bracket, from left to right.
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

/// The contents on one line; `None` if there is a comment or an element of several lines, or if the line would be too
/// long.
fn join(place: &Place<'_>, bracket: Part, pieces: &[TextRange]) -> Option<String> {
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

/// True if an element is an enum member or a field declaration, which are separated by commas.
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
