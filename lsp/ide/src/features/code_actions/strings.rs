//! Converts between strings on one line and on several lines.

use nthc::syntax::parse;
use nthc::syntax::tree::{Expr, ExprNode, ItemNode, StringLit, StringPart};

use super::place::{ActionKind, ItemAt, Offer, Place, replacement};
use crate::nodes::Node;

/// Offers to convert the string at the cursor.
pub fn convert<'a>(place: &'a Place<'a>, offers: &mut Vec<Offer<'a>>) {
    let Some((at, _, path)) = place.path() else {
        return;
    };
    let Some(Node::Expr(expr)) = path.last() else {
        return;
    };
    let ExprNode::String(string) = &expr.node else {
        return;
    };
    let range = expr.range.shifted(at.start);
    let indent = place.indent_at(range.start);
    let (title, text) = if string.multiline {
        ("Write the text on one line", on_one_line(place, at, string))
    } else {
        let lines = on_lines(place, at, string, &format!("{indent}  "));
        ("Write the text on several lines", lines)
    };
    // No offer if the other form cannot represent the text.
    let Some(text) = text.filter(|text| says_the_same(place, at, string, text)) else {
        return;
    };
    let kind = ActionKind::Rewrite;
    offers.push(Offer::new(kind, title, move || {
        Some(vec![replacement(range, text.as_str())])
    }));
}

fn escape(text: &str) -> String {
    let text = text.replace('\\', "\\\\").replace("${", "\\${");
    text.replace('\t', "\\t").replace('\r', "\\u{d}")
}

fn hole(place: &Place<'_>, at: ItemAt<'_>, expr: &Expr) -> Option<String> {
    let text = place.slice(expr.range.shifted(at.start));
    (!text.is_empty() && !text.contains(['\n', '\r'])).then(|| format!("${{{text}}}"))
}

fn on_one_line(place: &Place<'_>, at: ItemAt<'_>, string: &StringLit) -> Option<String> {
    let mut text = String::from("\"");
    for part in &string.parts {
        match part {
            StringPart::Text(part) => {
                let part = escape(part).replace('"', "\\\"").replace('\n', "\\n");
                text.push_str(&part);
            }
            StringPart::Hole(expr) => text.push_str(&hole(place, at, expr)?),
        }
    }
    text.push('"');
    Some(text)
}

fn on_lines(place: &Place<'_>, at: ItemAt<'_>, string: &StringLit, indent: &str) -> Option<String> {
    let mut text = String::new();
    for part in &string.parts {
        match part {
            StringPart::Text(part) => {
                let part = escape(part).replace("\"\"\"", "\\\"\"\"");
                text.push_str(&part);
            }
            StringPart::Hole(expr) => text.push_str(&hole(place, at, expr)?),
        }
    }
    let lines: Vec<String> = text
        .split('\n')
        .map(|line| match line {
            "" => String::new(),
            line => format!("{indent}{line}"),
        })
        .collect();
    Some(format!("\"\"\"\n{}\n{indent}\"\"\"", lines.join("\n")))
}

/// True if a text parses to the same string.
fn says_the_same(place: &Place<'_>, at: ItemAt<'_>, string: &StringLit, text: &str) -> bool {
    let source = format!("let x = {text}\n");
    let tree = parse(&source);
    let Some((start, item)) = tree.items.first() else {
        return false;
    };
    let ItemNode::Let(decl) = &item.node else {
        return false;
    };
    let ExprNode::String(made) = &decl.value.node else {
        return false;
    };
    let of_made = |expr: &Expr| {
        let range = expr.range.shifted(*start);
        source.get(range.start as usize..range.end as usize)
    };
    let is_same = |(left, right): (&StringPart, &StringPart)| match (left, right) {
        (StringPart::Text(left), StringPart::Text(right)) => left == right,
        (StringPart::Hole(left), StringPart::Hole(right)) => {
            Some(place.slice(left.range.shifted(at.start))) == of_made(right)
        }
        _ => false,
    };
    item.errors.is_empty()
        && string.parts.len() == made.parts.len()
        && string.parts.iter().zip(&made.parts).all(is_same)
}
