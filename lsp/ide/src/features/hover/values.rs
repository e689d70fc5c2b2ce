//! Hover over values: their source text, the origin of a field's value, and literals in other units.

use nthc::db::{ItemClass, item_entry};
use nthc::eval::index::TypedPlace;
use nthc::eval::{BlockRef, FieldValue, Runtime, Value, expression};
use nthc::ir::Duration;
use nthc::schema::Ty;
use nthc::schema::names::field;
use nthc::syntax::tree::{ExprNode, StringPart, TextRange};
use rust_decimal::Decimal;
use smol_str::SmolStr;

use crate::features::human;
use crate::features::markup::{Line, Markup};
use crate::features::source::{Placed, Source};
use crate::nodes::{Node, walk_item};

use super::source_text::source_text;
use super::{blocks, meaning};

/// The value of a field in every environment, with its origin and meaning.
pub fn effective(source: &Source<'_>, block: &BlockRef, kind: &str, field: &str) -> Markup {
    let found = source.everywhere(|environment| {
        let meaning =
            |value| meaning::field_meaning(source, Some(block), kind, field, value, environment);
        let Some(known) = source.field(block, field, environment) else {
            let line = Line::default().text("not set").text(", by default");
            let is_unset = source.is_unset(block, field, environment);
            return is_unset.then(|| (line, meaning(&Value::None)));
        };
        let mut line = match source_text(&known.value) {
            Some(written) => Line::default().code(written),
            None if known.value == Value::None => Line::default().text("not set"),
            None => return None,
        };
        line = line.then(origin(source, block, field, known));
        Some((line, meaning(&known.value)))
    });
    let mut markup = Markup::default();
    for (environments, (line, means)) in found {
        let place = match environments.as_slice() {
            [] => Line::default().text("Value: "),
            names => Line::default().text("In ").codes(names.to_vec()).text(": "),
        };
        markup = markup.line(place.then(line)).list(means);
    }
    markup
}

/// ", from the template `http.availability`"; empty if the block itself sets it.
fn origin(source: &Source<'_>, block: &BlockRef, field: &str, known: &FieldValue) -> Line {
    if !known.explicit {
        let by_default = Line::default().text(", by default");
        let default = source
            .schema()
            .field(known_kind(source, block), field)
            .and_then(|field| field.default.as_ref());
        return match default {
            Some(default) if is_reference(&default.node) => {
                by_default.text(": ").code(expression(default))
            }
            _ => by_default,
        };
    }
    if known.span.item == block.item {
        return Line::default();
    }
    let Some(entry) = item_entry(source.db, known.span.item) else {
        return Line::default();
    };
    let what = match entry.class {
        ItemClass::Template => "template",
        _ => entry.kind.as_str(),
    };
    Line::default()
        .text(format!(", from the {what} "))
        .code(entry.name.clone())
}

/// The kind whose fields a block has.
fn known_kind<'a>(source: &Source<'a>, block: &'a BlockRef) -> &'a str {
    let of = source.environments();
    let variant = of
        .iter()
        .find_map(|environment| source.instance(block, environment)?.variant.as_deref());
    variant.unwrap_or(&block.kind)
}

fn is_reference(node: &ExprNode) -> bool {
    matches!(
        node,
        ExprNode::Name(_) | ExprNode::Member(..) | ExprNode::Call(..)
    )
}

/// The hover of the innermost value at a byte of an item.
pub fn value_hover(
    source: &Source<'_>,
    placed: &Placed<'_>,
    offset: u32,
) -> Option<(TextRange, Markup)> {
    let notes = source.notes(placed.key);
    let place = notes
        .value_at(offset)
        .filter(|place| !place.range.is_empty())?;
    let literal = is_literal(placed, place.range);
    let mut lines: Vec<Line> = Vec::new();
    let block = notes.body_at(offset).and_then(|body| body.block.as_ref());
    // A value that is a field's whole value has the field's meaning.
    let mut means = Vec::new();
    if let Some((kind, field)) = field_of(source, placed, place.range, offset) {
        let environment = source.environment_at(&placed.item.node, offset);
        means = meaning::field_meaning(source, block, &kind, &field, &place.value, &environment);
    }
    match &place.value {
        Value::TimeOfWeek(time) => {
            let at = format!(
                "{}, {:02}:{:02}",
                human::day(time.day),
                time.hour,
                time.minute
            );
            lines.push(
                Line::default()
                    .text(at)
                    .then(zone(source, placed, block, offset)),
            );
        }
        Value::TimeOfDay(time) => {
            let at = format!("{:02}:{:02}", time.hour, time.minute);
            lines.push(
                Line::default()
                    .text(at)
                    .then(zone(source, placed, block, offset)),
            );
        }
        value => lines.extend(in_other_units(value)),
    }
    let mut markup = Markup::default();
    if !literal {
        markup = computed(source, place)?;
    }
    for line in lines {
        markup = markup.line(line);
    }
    if !means.is_empty() {
        let rest = means.split_off(1);
        for line in means {
            markup = markup.line(line);
        }
        markup = markup.list(rest);
    }
    (!markup.is_empty()).then_some((place.range, markup))
}

/// The hover of a computed value, with its type.
pub fn computed(source: &Source<'_>, place: &TypedPlace) -> Option<Markup> {
    let ty = place.value.ty();
    match &place.value {
        Value::Error | Value::None => None,
        Value::Unknown(Ty::Any) => None,
        Value::Unknown(ty) => Some(
            Markup::default().line(
                Line::default()
                    .code(ty.to_string())
                    .text(", known once the template is used"),
            ),
        ),
        Value::Runtime(_, ty) => Some(
            Markup::default().line(
                Line::default()
                    .code(ty.to_string())
                    .text(", known when the gate runs"),
            ),
        ),
        Value::Block(block) => Some(blocks::card(source, block)),
        value => {
            let written = source_text(value)?;
            let markup = Markup::default();
            Some(match value {
                Value::Query(query) => {
                    markup.query(nthc::backends::prometheus::layout(&query.expr))
                }
                _ => markup.source(format!("{written}: {ty}")),
            })
        }
    }
}

/// A literal in other units, exact; `None` if there are none.
pub fn in_other_units(value: &Value) -> Option<Line> {
    let text = match value {
        Value::Duration(milliseconds) => {
            let duration = Duration(*milliseconds);
            format!("{}, {} s", human::duration(duration), duration.as_seconds())
        }
        Value::Percent(percent) => format!(
            "{}, {}",
            human::percent(*percent),
            percent.checked_div(Decimal::ONE_HUNDRED)?.normalize()
        ),
        Value::Size(bytes) => format!("{} bytes", bytes.normalize()),
        Value::Rate(per_hour) => {
            let per = |hours: i64| {
                let exact = per_hour.checked_div(Decimal::from(hours))?.normalize();
                (exact.checked_mul(Decimal::from(hours))? == *per_hour).then_some(exact)
            };
            let rates = [(3600, "per second"), (60, "per minute"), (1, "per hour")];
            let rates = rates
                .into_iter()
                .filter_map(|(hours, word)| Some(format!("{} {word}", per(hours)?)));
            rates.collect::<Vec<_>>().join(", ")
        }
        _ => return None,
    };
    Some(Line::default().text(text))
}

fn is_literal(placed: &Placed<'_>, range: TextRange) -> bool {
    let mut literal = false;
    walk_item(&placed.item.node, &mut |node| {
        if let Node::Expr(expr) = node
            && expr.range == range
        {
            literal |= match &expr.node {
                ExprNode::Bool(_)
                | ExprNode::Number(_)
                | ExprNode::Percent(_)
                | ExprNode::Duration(_)
                | ExprNode::Size(_)
                | ExprNode::Rate(_)
                | ExprNode::TimeOfDay(_)
                | ExprNode::TimeOfWeek(_) => true,
                // A string with interpolations is computed.
                ExprNode::String(string) => {
                    let mut parts = string.parts.iter();
                    parts.all(|part| matches!(part, StringPart::Text(_)))
                }
                _ => false,
            };
        }
    });
    literal
}

/// The field whose value is at a range, and the kind that declares it.
fn field_of(
    source: &Source<'_>,
    placed: &Placed<'_>,
    range: TextRange,
    offset: u32,
) -> Option<(SmolStr, SmolStr)> {
    let notes = source.notes(placed.key);
    let body = notes.body_at(offset)?;
    let before = notes
        .names
        .iter()
        .rev()
        .find(|named| named.range.end <= range.start && named.range.start > body.range.start)?;
    let nthc::eval::index::Definition::Field(kind, field) = &before.meaning else {
        return None;
    };
    let between = TextRange {
        start: before.range.end,
        end: range.start,
    };
    let text = source.text_of(placed.key, between)?;
    (text.trim() == "=").then(|| (kind.clone(), field.clone()))
}

/// " in Europe/London": the time zone of a time, from the call that it is an argument of or the block around it.
fn zone(source: &Source<'_>, placed: &Placed<'_>, block: Option<&BlockRef>, offset: u32) -> Line {
    let of_call = source
        .notes(placed.key)
        .values
        .iter()
        .filter(|place| place.range.start <= offset && offset <= place.range.end)
        .filter_map(|place| match &place.value {
            Value::Runtime(Runtime::Call(call), _) => Some(call),
            _ => None,
        })
        .next_back()
        .and_then(|call| call.args.iter().find(|arg| arg.name == "zone"))
        .and_then(|arg| arg.value.show());
    let of_block = || {
        let block = block?;
        let environment = source.environments().into_iter().next().flatten();
        (0..=block.path.len()).rev().find_map(|depth| {
            let (kind, name) = match depth {
                0 => return None,
                depth => block.path.get(depth - 1)?.clone(),
            };
            let around = BlockRef {
                path: block.path.get(..depth)?.to_vec(),
                kind,
                name,
                ..block.clone()
            };
            source
                .field(&around, field::ZONE, &environment)?
                .value
                .show()
        })
    };
    match of_call.or_else(of_block) {
        Some(zone) => Line::default().text(format!(" in {zone}")),
        None => Line::default(),
    }
}
