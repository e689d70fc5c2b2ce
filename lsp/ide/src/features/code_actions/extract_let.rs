//! Extracts an expression into a `let`.

use nthc::db::{BlockRef, ItemClass};
use nthc::eval::Value;
use nthc::eval::index::{Definition, NamedPlace};
use nthc::resolve::{Want, resolve_path};
use nthc::schema::names::kind;
use nthc::schema::{IN_TEXTS, Ty};
use nthc::syntax::tree::{Expr, ExprNode, ItemNode, Statement, TextRange};

use super::super::formatting::layout::line_start;
use super::place::{
    ActionKind, ItemAt, KEYWORDS, Offer, Place, has_labels, has_query, identifier, insertion,
    replacement,
};
use crate::nodes::Node;

/// Offers to extract the selected expression, or the literal at the cursor, into a `let` before its statement.
pub fn extract<'a>(place: &'a Place<'a>, offers: &mut Vec<Offer<'a>>) {
    let Some((at, within, path)) = place.path() else {
        return;
    };
    let Some(Node::Expr(expr)) = path.iter().rev().find(|node| match node {
        Node::Expr(expr) => within.is_empty() && is_literal(expr) || expr.range == within,
        _ => false,
    }) else {
        return;
    };
    let is_of_default = |node: &Node<'_>| matches!(node, Node::Param(_) | Node::Declared(_));
    if matches!(expr.node, ExprNode::Name(_) | ExprNode::Error) || path.iter().any(is_of_default) {
        return;
    }
    let kind = ActionKind::Extract;
    let title = "Extract into a `let`";
    // The `let` will be outside the blocks entered after the last statement.
    let left = path
        .iter()
        .rev()
        .take_while(|node| !matches!(node, Node::Statement(_)))
        .any(|node| matches!(node, Node::Block(block) if has_labels(place, block)));
    let by_its_place = (left && has_query(expr))
        .then(|| "the labels that are added to a query depend on where it is written".to_owned());
    if let Some(reason) = by_its_place.or_else(|| binding_reason(place, at, expr)) {
        offers.push(Offer::refused(kind, title, reason));
        return;
    }
    let statement = path.iter().rev().find_map(|node| match node {
        Node::Statement(statement) => Some(*statement),
        _ => None,
    });
    // The value of a `let` has a name already.
    let is_value_of_let = match (statement, &at.item.node) {
        (Some(Statement::Let(decl)), _) => decl.value.range == expr.range,
        (None, ItemNode::Let(decl)) => decl.value.range == expr.range,
        _ => false,
    };
    if is_value_of_let {
        return;
    }
    let name = place.fresh(&suggested_name(&path, expr));
    let (start, expr) = (at.start, *expr);
    let before = statement.map_or(at.start, |statement| start + statement.range().start);
    offers.push(Offer::new(kind, title, move || {
        let range = expr.range.shifted(start);
        let value = place.slice(range);
        let line = place.with_comments_above(before);
        let indent = place.indent_at(before);
        let is_first = place
            .text
            .get(line_start(place.text, before as usize)..before as usize)
            .is_some_and(|blank| blank.trim().is_empty());
        let blank = if statement.is_none() { "\n" } else { "" };
        let declared = if is_first || statement.is_none() {
            insertion(line, format!("{indent}let {name} = {value}\n{blank}"))
        } else {
            // The statement shares its line with others.
            insertion(before as usize, format!("let {name} = {value}  "))
        };
        Some(vec![declared, replacement(range, name.as_str())])
    }));
}

fn is_literal(expr: &Expr) -> bool {
    !matches!(
        expr.node,
        ExprNode::Name(_)
            | ExprNode::Member(..)
            | ExprNode::Call(..)
            | ExprNode::Unary(..)
            | ExprNode::Binary(..)
            | ExprNode::If(..)
            | ExprNode::Paren(_)
            | ExprNode::Error
    )
}

/// The reason why an expression has no meaning elsewhere; `None` if it has.
fn binding_reason(place: &Place<'_>, at: ItemAt<'_>, expr: &Expr) -> Option<String> {
    let notes = place.notes(at.key);
    let is_in = |range: TextRange| expr.range.start <= range.start && range.end <= expr.range.end;
    let names: Vec<&NamedPlace> = notes
        .names
        .iter()
        .filter(|name| is_in(name.range))
        .collect();
    for name in &names {
        let text = place.slice(name.range.shifted(at.start));
        match &name.meaning {
            Definition::Member(of, _) => {
                return Some(format!(
                    "`{text}` depends on its place as a member of `{of}`"
                ));
            }
            Definition::CompileTime(name) if is_text_variable(name) => {
                return Some(text_variable_reason(text));
            }
            Definition::Block(of) if of.kind == kind::ENVIRONMENT && !is_visible(place, of) => {
                return Some(format!("`{text}` is only known here, as an environment"));
            }
            Definition::Function(_) => {
                return Some(format!("`{text}` is computed when the gate runs"));
            }
            _ => {}
        }
    }
    let values: Vec<_> = notes
        .values
        .iter()
        .filter(|value| is_in(value.range))
        .collect();
    for value in &values {
        if *value.expected.required() == Ty::LabelName && value.range != expr.range
            || matches!(value.value, Value::Runtime(..))
        {
            let text = place.slice(value.range.shifted(at.start));
            return Some(format!("the meaning of `{text}` depends on its place"));
        }
    }
    let mut unknown = None;
    Node::Expr(expr).walk(&mut |node| {
        if let Node::Expr(Expr {
            node: ExprNode::Name(name),
            range,
        }) = node
            && !names.iter().any(|known| known.range == *range)
        {
            unknown = Some(name.text.clone());
        }
    });
    let name = unknown?;
    if is_text_variable(&name) {
        return Some(text_variable_reason(&name));
    }
    Some(format!("the meaning of `{name}` is unknown"))
}

/// True if a top-level block is declared or imported in the document, and so known by its name everywhere in it.
fn is_visible(place: &Place<'_>, block: &BlockRef) -> bool {
    let want = Want {
        class: ItemClass::Block,
        kind: &block.kind,
    };
    let path = std::slice::from_ref(&block.name);
    resolve_path(place.db(), place.workspace(), place.file, path, want) == Some(block.item)
}

/// True if a name is visible only in the texts of alerts.
fn is_text_variable(name: &str) -> bool {
    IN_TEXTS.iter().any(|known| known.name == name)
}

fn text_variable_reason(name: &str) -> String {
    format!("`{name}` is only known in alert text")
}

/// A name for the expression: that of the field, parameter or label with this value.
fn suggested_name(path: &[Node<'_>], expr: &Expr) -> String {
    for node in path.iter().rev() {
        let name = match node {
            Node::Statement(Statement::Field(field)) if field.value.range == expr.range => {
                &field.name
            }
            Node::Arg(arg) if arg.value.range == expr.range => match &arg.name {
                Some(name) => name,
                None => break,
            },
            Node::Label(label) if label.value.range == expr.range => &label.name,
            _ => continue,
        };
        let name = identifier(&name.text);
        if KEYWORDS.contains(&name.as_str()) {
            break;
        }
        return name;
    }
    let name = match expr.node {
        ExprNode::Query(_) => "query",
        ExprNode::String(_) => "text",
        ExprNode::List(_) => "list",
        ExprNode::Labels(_) => "labels",
        ExprNode::Duration(_) => "duration",
        ExprNode::Percent(_) => "share",
        _ => "value",
    };
    name.to_owned()
}
