//! Gives an expression a name, and takes one away again.

use nthc::db::{ItemKey, Span};
use nthc::eval::Value;
use nthc::eval::notes::{Meaning, NamedPlace};
use nthc::schema::{IN_TEXTS, Ty};
use nthc::syntax::structure::PartKind;
use nthc::syntax::tree::{Expr, ExprNode, ItemNode, Statement, TextRange};
use smol_str::SmolStr;
use tower_lsp::lsp_types::CodeActionKind;

use super::super::formatting::diff::Change;
use super::super::formatting::layout::{line_start, whole_lines};
use super::place::{ItemAt, Offer, Place, has_word, identifier, insertion, replacement};
use crate::nodes::{Node, statement_range, walk_item};

/// Makes the selected expression, or the literal at the cursor, a `let` right before its statement.
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
    let kind = CodeActionKind::REFACTOR_EXTRACT;
    let title = "Extract into a `let`";
    if let Some(reason) = what_binds(place, at, expr) {
        offers.push(Offer::refused(kind, title, reason));
        return;
    }
    let statement = path.iter().rev().find_map(|node| match node {
        Node::Statement(statement) => Some(*statement),
        _ => None,
    });
    // A `let` names its value already.
    let is_value_of_let = match (statement, &at.item.node) {
        (Some(Statement::Let(decl)), _) => decl.value.range == expr.range,
        (None, ItemNode::Let(decl)) => decl.value.range == expr.range,
        _ => false,
    };
    if is_value_of_let {
        return;
    }
    let name = place.fresh(&called(&path, expr));
    let (start, expr) = (at.start, *expr);
    let before = statement.map_or(at.start, |statement| {
        start + statement_range(statement).start
    });
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
            // Its statement shares a line with others.
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

/// Why an expression has no meaning away from its place.
fn what_binds(place: &Place<'_>, at: ItemAt<'_>, expr: &Expr) -> Option<String> {
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
            Meaning::Member(of, _) => {
                return Some(format!("`{text}` is a member of `{of}` by its place"));
            }
            Meaning::CompileTime(function)
                if IN_TEXTS.iter().any(|known| known.name == function.as_str()) =>
            {
                return Some(format!("`{text}` is known in the text of an alert only"));
            }
            Meaning::Function(_) => {
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
            return Some(format!("`{text}` means what it does by its place"));
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
    unknown.map(|name| format!("it is not known what `{name}` means"))
}

/// What an expression is called: as the field, parameter or label that it is the value of.
fn called(path: &[Node<'_>], expr: &Expr) -> String {
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
        return identifier(&name.text);
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

/// A `let`, and what it is to whoever speaks of it.
struct Declared<'a> {
    at: ItemAt<'a>,
    name: SmolStr,
    value: &'a Expr,
    range: TextRange,
    meaning: Meaning,
}

/// Puts the value of a `let` where it is spoken of, and the `let` away.
pub fn inline<'a>(place: &'a Place<'a>, offers: &mut Vec<Offer<'a>>) {
    let Some(declared) = declared(place) else {
        return;
    };
    let kind = CodeActionKind::REFACTOR_INLINE;
    let title = format!("Inline `{}`", declared.name);
    match uses(place, &declared) {
        Err(reason) => offers.push(Offer::refused(kind, title, reason)),
        Ok(changes) => offers.push(Offer::new(kind, title, move || Some(changes.clone()))),
    }
}

fn declared<'a>(place: &Place<'a>) -> Option<Declared<'a>> {
    let at = place.item()?;
    let notes = place.notes(at.key);
    let named = notes.name_at(place.range.start - at.start)?;
    let within = |range: TextRange| {
        TextRange {
            start: place.range.start - at.start,
            end: place.range.end - at.start,
        }
        .start
            >= range.start
            && place.range.end - at.start <= range.end
    };
    if !within(named.range) {
        return None;
    }
    match &named.meaning {
        Meaning::Local(Span { item, range }) if *item == at.key => {
            let mut found = None;
            walk_item(&at.item.node, &mut |node| {
                if let Node::Statement(Statement::Let(decl)) = node
                    && decl.name.range == *range
                {
                    found = Some(decl);
                }
            });
            let decl = found?;
            Some(Declared {
                at,
                name: decl.name.text.clone(),
                value: &decl.value,
                range: decl.range,
                meaning: named.meaning.clone(),
            })
        }
        Meaning::Item(key) => {
            let at = place.items().find(|at| at.key == *key)?;
            let ItemNode::Let(decl) = &at.item.node else {
                return None;
            };
            Some(Declared {
                at,
                name: decl.name.text.clone(),
                value: &decl.value,
                range: decl.range,
                meaning: named.meaning.clone(),
            })
        }
        _ => None,
    }
}

/// The edits, or why there are none.
fn uses(place: &Place<'_>, declared: &Declared<'_>) -> Result<Vec<Change>, String> {
    let name = &declared.name;
    if matches!(declared.value.node, ExprNode::Error) || !declared.at.item.errors.is_empty() {
        return Err("its text has mistakes".to_owned());
    }
    if matches!(declared.meaning, Meaning::Item(_)) && is_used_elsewhere(place, declared) {
        return Err(format!("`{name}` is used in other files"));
    }
    let value = place.slice(declared.value.range.shifted(declared.at.start));
    let mut changes = Vec::new();
    let items: Vec<ItemAt<'_>> = match declared.meaning {
        Meaning::Local(_) => vec![declared.at],
        _ => place.items().collect(),
    };
    for at in items {
        let notes = place.notes(at.key);
        let mut problem = None;
        for node in crate::nodes::of_item(&at.item.node) {
            visit(node, &mut Vec::new(), &mut |path| {
                let Some(Node::Expr(expr)) = path.last() else {
                    return;
                };
                let ExprNode::Name(found) = &expr.node else {
                    return;
                };
                if found.text != *name {
                    return;
                }
                let noted = notes.names.iter().find(|noted| noted.range == expr.range);
                match noted {
                    Some(noted) if noted.meaning == declared.meaning => {
                        match in_place(declared, value, at, path) {
                            Ok(text) => {
                                changes.push(replacement(expr.range.shifted(at.start), text))
                            }
                            Err(reason) => problem = Some(reason),
                        }
                    }
                    Some(_) => {}
                    None => problem = Some(format!("it is not known what each `{name}` means")),
                }
            });
        }
        if let Some(problem) = problem {
            return Err(problem);
        }
    }
    if changes.is_empty() {
        return Err(format!("nothing speaks of `{name}`"));
    }
    changes.push(removal(place, declared));
    Ok(changes)
}

/// Calls `found` with the way to each node.
fn visit<'t>(node: Node<'t>, path: &mut Vec<Node<'t>>, found: &mut impl FnMut(&[Node<'t>])) {
    path.push(node);
    found(path);
    let mut inner = Vec::new();
    node.children(&mut |node| inner.push(node));
    for node in inner {
        visit(node, path, found);
    }
    path.pop();
}

/// What is to stand where the name stood.
fn in_place(
    declared: &Declared<'_>,
    value: &str,
    at: ItemAt<'_>,
    path: &[Node<'_>],
) -> Result<String, String> {
    let name = &declared.name;
    // Where the value's own names mean something else.
    let mut words: Vec<SmolStr> = Vec::new();
    let mut has_query = false;
    Node::Expr(declared.value).walk(&mut |node| {
        if let Node::Expr(expr) = node {
            match &expr.node {
                ExprNode::Name(name) => words.push(name.text.clone()),
                ExprNode::Query(_) => has_query = true,
                _ => {}
            }
        }
    });
    let holds_let = |range: TextRange| {
        at.key == declared.at.key
            && range.start <= declared.range.start
            && declared.range.end <= range.end
    };
    for node in path {
        if holds_let(node.range()) {
            continue;
        }
        match node {
            Node::Body(body) => {
                let shadows = body.statements.iter().any(|statement| match statement {
                    Statement::Let(decl) => words.contains(&decl.name.text),
                    _ => false,
                });
                if shadows {
                    return Err(format!(
                        "a name in it means something else where `{name}` is used"
                    ));
                }
            }
            Node::Statement(Statement::For(repeat)) if words.contains(&repeat.variable.text) => {
                return Err(format!(
                    "a name in it means something else where `{name}` is used"
                ));
            }
            // Which labels are added to a query depends on where it is written.
            Node::Block(_) if has_query => {
                return Err(format!("its query would be another where `{name}` is used"));
            }
            _ => {}
        }
    }
    let parent = path.iter().rev().nth(1);
    let is_in_hole = matches!(
        parent,
        Some(Node::Expr(Expr {
            node: ExprNode::String(_) | ExprNode::Query(_),
            ..
        }))
    ) || matches!(parent, Some(Node::Block(_)));
    if is_in_hole && value.contains('\n') {
        return Err("its value has several lines, and a hole has one".to_owned());
    }
    let is_operand = matches!(
        parent,
        Some(Node::Expr(Expr {
            node: ExprNode::Unary(..)
                | ExprNode::Binary(..)
                | ExprNode::Member(..)
                | ExprNode::Call(..),
            ..
        }))
    );
    let is_compound = matches!(
        declared.value.node,
        ExprNode::Unary(..) | ExprNode::Binary(..) | ExprNode::If(..)
    );
    Ok(if is_operand && is_compound {
        format!("({value})")
    } else {
        value.to_owned()
    })
}

/// Whether another file speaks of a top-level `let`.
fn is_used_elsewhere(place: &Place<'_>, declared: &Declared<'_>) -> bool {
    let mentions = |key: ItemKey| {
        let names = &place.notes(key).names;
        names.iter().any(|name| name.meaning == declared.meaning)
    };
    let others = place
        .project
        .sources()
        .iter()
        .filter(|file| **file != place.file);
    others
        .filter(|file| has_word(place.project.text(**file), &declared.name))
        .any(|file| {
            place.view.stop_if_unwanted();
            let names = nthc::db::file_names(place.db(), *file);
            names.items.iter().any(|entry| mentions(entry.key))
        })
}

/// The edit that takes the `let` away, with its doc comment and its line if it has it for itself.
fn removal(place: &Place<'_>, declared: &Declared<'_>) -> Change {
    let range = declared.range.shifted(declared.at.start);
    let holds = |unit: &TextRange| unit.start <= range.start && range.end <= unit.end;
    let unit = place
        .parts()
        .iter()
        .filter(|part| part.kind == PartKind::Unit)
        .map(|part| part.range)
        .filter(holds)
        .min_by_key(|unit| unit.len())
        .unwrap_or(range);
    let mut lines = whole_lines(place.text, unit);
    let before = TextRange {
        start: lines.start,
        end: unit.start,
    };
    let after = TextRange {
        start: unit.end,
        end: lines.end,
    };
    if !place.slice(before).trim().is_empty() || !place.slice(after).trim().is_empty() {
        return replacement(unit, "");
    }
    // Of the blank lines around it one is enough.
    let above = place.text.get(..lines.start as usize).unwrap_or_default();
    let below = place.text.get(lines.end as usize..).unwrap_or_default();
    let first = below.split_inclusive('\n').next().unwrap_or_default();
    let begins = above.trim_end_matches(['\r', '\n']).ends_with('{') || above.trim().is_empty();
    let is_blank_above = above.replace('\r', "").ends_with("\n\n");
    if !first.is_empty() && first.trim().is_empty() && (begins || is_blank_above) {
        lines.end += first.len() as u32;
    }
    replacement(lines, "")
}
