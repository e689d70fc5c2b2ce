//! Replaces the uses of a `let` with its value.

use std::fmt;

use nthc::db::{ItemKey, Span, file_names};
use nthc::eval::index::Definition;
use nthc::syntax::structure::PartKind;
use nthc::syntax::tree::{Expr, ExprNode, ItemNode, Statement, TextRange};
use smol_str::SmolStr;

use super::super::formatting::diff::Change;
use super::super::formatting::layout::whole_lines;
use super::place::{
    ActionKind, ItemAt, Offer, Place, has_labels, has_query, has_word, replacement,
};
use crate::nodes::{Node, item_children, walk_item};

/// A `let` and its declaration.
struct Declaration<'a> {
    at: ItemAt<'a>,
    name: SmolStr,
    value: &'a Expr,
    range: TextRange,
    meaning: Definition,
}

/// The reason why a `let` cannot be inlined.
enum InlineError {
    /// The value has errors.
    ValueHasErrors,
    /// The `let` with this name is used in other files.
    UsedElsewhere(SmolStr),
    /// The meaning of some uses of this name is unknown.
    UnknownUse(SmolStr),
    /// The `let` with this name is not used.
    Unused(SmolStr),
    /// A name in the value would change its meaning where this name is used.
    OtherMeaning(SmolStr),
    /// The query in the value would get other labels where this name is used.
    OtherLabels(SmolStr),
    /// The value has several lines, and would be interpolated.
    SeveralLines,
}

impl fmt::Display for InlineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ValueHasErrors => f.write_str("its value has errors"),
            Self::UsedElsewhere(name) => write!(f, "`{name}` is used in other files"),
            Self::UnknownUse(name) => {
                write!(f, "the meaning of some uses of `{name}` is unknown")
            }
            Self::Unused(name) => write!(f, "`{name}` is not used"),
            Self::OtherMeaning(name) => write!(
                f,
                "a name in its value has another meaning where `{name}` is used"
            ),
            Self::OtherLabels(name) => write!(
                f,
                "its query would select other labels where `{name}` is used"
            ),
            Self::SeveralLines => {
                f.write_str("its value has several lines, and an interpolation has one")
            }
        }
    }
}

/// Offers to replace the uses of a `let` with its value, and to remove the `let`.
pub fn inline<'a>(place: &'a Place<'a>, offers: &mut Vec<Offer<'a>>) {
    let Some(declared) = find_declaration(place) else {
        return;
    };
    let kind = ActionKind::Inline;
    let title = format!("Inline `{}`", declared.name);
    match uses(place, &declared) {
        Err(reason) => offers.push(Offer::refused(kind, title, reason)),
        Ok(changes) => offers.push(Offer::new(kind, title, move || Some(changes.clone()))),
    }
}

fn find_declaration<'a>(place: &Place<'a>) -> Option<Declaration<'a>> {
    let at = place.item()?;
    let notes = place.notes(at.key);
    let named = notes.name_at(place.range.start - at.start)?;
    let (start, end) = (place.range.start - at.start, place.range.end - at.start);
    if start < named.range.start || named.range.end < end {
        return None;
    }
    match &named.meaning {
        Definition::Local(Span { item, range }) if *item == at.key => {
            let mut found = None;
            walk_item(&at.item.node, &mut |node| {
                if let Node::Statement(Statement::Let(decl)) = node
                    && decl.name.range == *range
                {
                    found = Some(decl);
                }
            });
            let decl = found?;
            Some(Declaration {
                at,
                name: decl.name.text.clone(),
                value: &decl.value,
                range: decl.range,
                meaning: named.meaning.clone(),
            })
        }
        Definition::Item(key) => {
            let at = place.items().find(|at| at.key == *key)?;
            let ItemNode::Let(decl) = &at.item.node else {
                return None;
            };
            Some(Declaration {
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

/// Returns the edits, or the reason for a refusal.
fn uses(place: &Place<'_>, declared: &Declaration<'_>) -> Result<Vec<Change>, InlineError> {
    let name = &declared.name;
    if matches!(declared.value.node, ExprNode::Error) || !declared.at.item.errors.is_empty() {
        return Err(InlineError::ValueHasErrors);
    }
    if matches!(declared.meaning, Definition::Item(_)) && is_used_elsewhere(place, declared) {
        return Err(InlineError::UsedElsewhere(name.clone()));
    }
    let value = place.slice(declared.value.range.shifted(declared.at.start));
    let mut changes = Vec::new();
    let items: Vec<ItemAt<'_>> = match declared.meaning {
        Definition::Local(_) => vec![declared.at],
        _ => place.items().collect(),
    };
    for at in items {
        let notes = place.notes(at.key);
        let mut problem = None;
        for node in item_children(&at.item.node) {
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
                        match replacement_text(place, declared, value, at, path) {
                            Ok(text) => {
                                changes.push(replacement(expr.range.shifted(at.start), text))
                            }
                            Err(reason) => problem = Some(reason),
                        }
                    }
                    Some(_) => {}
                    None => problem = Some(InlineError::UnknownUse(name.clone())),
                }
            });
        }
        if let Some(problem) = problem {
            return Err(problem);
        }
    }
    if changes.is_empty() {
        return Err(InlineError::Unused(name.clone()));
    }
    changes.push(removal(place, declared));
    Ok(changes)
}

/// Calls `found` with the path to each node.
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

/// Returns the text that replaces a use.
fn replacement_text(
    place: &Place<'_>,
    declared: &Declaration<'_>,
    value: &str,
    at: ItemAt<'_>,
    path: &[Node<'_>],
) -> Result<String, InlineError> {
    let name = &declared.name;
    // The names in the value, which may mean something else at the use.
    let mut words: Vec<SmolStr> = Vec::new();
    Node::Expr(declared.value).walk(&mut |node| {
        if let Node::Expr(expr) = node
            && let ExprNode::Name(name) = &expr.node
        {
            words.push(name.text.clone());
        }
    });
    let has_query = has_query(declared.value);
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
                    return Err(InlineError::OtherMeaning(name.clone()));
                }
            }
            Node::Statement(Statement::For(repeat)) if words.contains(&repeat.variable.text) => {
                return Err(InlineError::OtherMeaning(name.clone()));
            }
            // The labels that are added to a query depend on the place of the query.
            Node::Block(block) if has_query && has_labels(place, block) => {
                return Err(InlineError::OtherLabels(name.clone()));
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
        return Err(InlineError::SeveralLines);
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

/// True if another file uses a top-level `let`.
fn is_used_elsewhere(place: &Place<'_>, declared: &Declaration<'_>) -> bool {
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
            place.view.stop_if_cancelled();
            let names = file_names(place.db(), *file);
            names.items.iter().any(|entry| mentions(entry.key))
        })
}

/// Returns the edit that removes the `let`, with its doc comment, and with its line if nothing else is on it.
fn removal(place: &Place<'_>, declared: &Declaration<'_>) -> Change {
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
    // Keep only one of the blank lines around it.
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
