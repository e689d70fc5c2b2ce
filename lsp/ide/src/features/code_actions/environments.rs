//! Restricts statements to an environment.

use nthc::syntax::tree::{Body, Statement, TextRange};

use super::super::formatting::layout::{touch, whole_lines};
use super::place::{ActionKind, ItemAt, Offer, Place, replacement};
use super::values::name_text;
use crate::nodes::Node;

/// Maximum number of environments offered.
const MANY: usize = 12;

/// Offers to wrap the selected statements in `in ENVIRONMENT { … }`, or to override the field at the cursor there.
pub fn environments<'a>(place: &'a Place<'a>, offers: &mut Vec<Offer<'a>>) {
    let Some((at, within, path)) = place.path() else {
        return;
    };
    // `in` blocks do not nest, and rules apply to all environments.
    let is_inside = path
        .iter()
        .any(|node| matches!(node, Node::Statement(Statement::In(_))));
    let is_block = path.iter().any(|node| matches!(node, Node::Block(_)));
    let is_template = matches!(at.item.node, nthc::syntax::tree::ItemNode::Template(_));
    let Some(body) = innermost_body(&path, within) else {
        return;
    };
    if is_inside || !(is_block || is_template) {
        return;
    }
    let names = place.workspace().environments(place.db());
    for name in names.keys().take(MANY) {
        let name = name_text(name);
        if within.is_empty() {
            amend(place, at, body, within, &name, offers);
        } else {
            wrap(place, at, body, within, &name, offers);
        }
    }
}

/// The innermost body that contains a selection of whole statements, or a cursor.
pub fn innermost_body<'t>(path: &[Node<'t>], within: TextRange) -> Option<&'t Body> {
    path.iter().rev().find_map(|node| match node {
        Node::Body(body) if body.range.start < within.start && within.end < body.range.end => {
            Some(*body)
        }
        _ => None,
    })
}

fn amend<'a>(
    place: &'a Place<'a>,
    at: ItemAt<'a>,
    body: &'a Body,
    within: TextRange,
    name: &str,
    offers: &mut Vec<Offer<'a>>,
) {
    let field = body
        .statements
        .iter()
        .find_map(|statement| match statement {
            Statement::Field(field) if touch(field.range, within) => Some(field),
            _ => None,
        });
    let Some(field) = field else { return };
    let known = body
        .statements
        .iter()
        .find_map(|statement| match statement {
            Statement::In(inner) if name_text(&inner.environment.text) == name => Some(inner),
            _ => None,
        });
    if let Some(known) = known {
        let sets = |statement: &Statement| matches!(statement, Statement::Field(other) if other.name.text == field.name.text);
        if known.body.statements.iter().any(sets) || known.body.range.is_empty() {
            return;
        }
    }
    let title = format!("Override `{}` in `{name}`", field.name.text);
    let name = name.to_owned();
    let edits = move || {
        let text = place.slice(field.range.shifted(at.start));
        let indent = place.indent_at(at.start + field.range.start);
        if let Some(known) = known {
            let last = known.body.statements.last().map(Statement::range);
            let end = last.map_or(known.body.range.start + 1, |range| range.end);
            let inner = format!("{}  ", place.indent_at(at.start + known.range.start));
            return Some(vec![place.lines_after(at.start + end, &inner, &[text])]);
        }
        let last = body.statements.last().map(Statement::range)?;
        let lines = format!("in {name} {{\n{indent}  {text}\n{indent}}}");
        let mut change = place.lines_after(at.start + last.end, indent, &[&lines]);
        if change.text.starts_with('\n') {
            change.text.insert(0, '\n');
        } else {
            // After a value on the same line, `in` would be an operator.
            let inner = format!("{indent}  ");
            let lines = format!("in {name} {{\n{inner}  {text}\n{inner}}}");
            change.text = format!("\n{inner}{lines}\n{indent}");
        }
        Some(vec![change])
    };
    offers.push(Offer::new(ActionKind::Rewrite, title, edits));
}

fn wrap<'a>(
    place: &'a Place<'a>,
    at: ItemAt<'a>,
    body: &'a Body,
    within: TextRange,
    name: &str,
    offers: &mut Vec<Offer<'a>>,
) {
    let chosen: Vec<&Statement> = body
        .statements
        .iter()
        .filter(|statement| {
            let range = statement.range();
            within.start <= range.start && range.end <= within.end
        })
        .collect();
    let is_plain = |statement: &&Statement| {
        !matches!(
            statement,
            Statement::Let(_) | Statement::In(_) | Statement::Require(_)
        )
    };
    if chosen.is_empty() || !chosen.iter().all(is_plain) {
        return;
    }
    let kind = ActionKind::Rewrite;
    let title = format!("Wrap in `in {name} {{ … }}`");
    let name = name.to_owned();
    offers.push(Offer::new(kind, title, move || {
        let text = place.slice(place.range);
        let indent = place.indent_at(place.range.start);
        let lines = whole_lines(place.text, place.range);
        let before = TextRange {
            start: lines.start,
            end: place.range.start,
        };
        if !place.slice(before).trim().is_empty()
            || !text.contains('\n') && at.item.errors.is_empty() && is_shared(place, lines)
        {
            return Some(vec![replacement(
                place.range,
                format!("in {name} {{ {text} }}"),
            )]);
        }
        let text = indent_more(place, place.range);
        Some(vec![replacement(
            place.range,
            format!("in {name} {{\n{indent}  {text}\n{indent}}}"),
        )])
    }));
}

/// True if the lines of a selection contain more than the selection.
fn is_shared(place: &Place<'_>, lines: TextRange) -> bool {
    let after = TextRange {
        start: place.range.end,
        end: lines.end,
    };
    let rest = place.slice(after).trim_start();
    !(rest.is_empty() || rest.starts_with("//"))
}

/// The text of a range, indented one level deeper from its second line on, except inside long strings and queries.
pub fn indent_more(place: &Place<'_>, range: TextRange) -> String {
    use nthc::syntax::structure::PartKind;
    let literals: Vec<TextRange> = place
        .parts()
        .iter()
        .filter(|part| {
            matches!(
                part.kind,
                PartKind::String | PartKind::Multiline | PartKind::Query
            )
        })
        .map(|part| part.range)
        .collect();
    let mut text = String::new();
    let mut at = range.start;
    for (number, line) in place.slice(range).split_inclusive('\n').enumerate() {
        let is_literal = literals
            .iter()
            .any(|literal| literal.start < at && at < literal.end);
        if number > 0 && !is_literal && !line.trim().is_empty() {
            text.push_str("  ");
        }
        text.push_str(line);
        at += line.len() as u32;
    }
    text
}
