//! Cycles of top-level `let`s.

use std::collections::HashSet;

use smol_str::SmolStr;

use crate::codes;
use crate::db::{Diag, ItemClass, ItemKey, Span, item_name, item_start};
use crate::eval::Evaluator;
use crate::resolve::{Want, module_named, resolve_path};
use nth_syntax::tree::{Expr, ExprNode, ItemNode, Let, StringPart};

/// Reports a `let` whose value depends on itself: once per cycle, at its first member.
pub fn check_let(evaluator: &mut Evaluator<'_>, key: ItemKey, decl: &Let) {
    let references = evaluator.workspace.references(evaluator.db);
    if !references.is_circular(key) || references.is_too_deep(key) {
        return;
    }
    let mut path = vec![key];
    if !find_way_back(evaluator, key, key, &mut path, &mut HashSet::from([key])) {
        return;
    }
    let db = evaluator.db;
    let place = |key: &ItemKey| (key.file.module(db).clone(), item_start(db, *key));
    if path.iter().any(|member| place(member) < place(&key)) {
        return;
    }
    let names: Vec<SmolStr> = path
        .iter()
        .chain([&key])
        .map(|member| item_name(db, *member))
        .collect();
    evaluator.diagnostics.push(
        Diag::new(
            &codes::VALUE_CYCLE,
            format!("the value of `{}` depends on itself", decl.name.text),
            Span {
                item: key,
                range: decl.value.range,
            },
        )
        .note(format!("cycle: {}", names.join(" → "))),
    );
}

fn find_way_back(
    evaluator: &Evaluator<'_>,
    from: ItemKey,
    to: ItemKey,
    path: &mut Vec<ItemKey>,
    seen: &mut HashSet<ItemKey>,
) -> bool {
    let Some(ItemNode::Let(decl)) = evaluator.tree(from) else {
        return false;
    };
    let mut lets = Vec::new();
    mentioned(evaluator, from, &decl.value, &mut lets);
    if lets.contains(&to) {
        return true;
    }
    for next in lets {
        if !seen.insert(next) {
            continue;
        }
        path.push(next);
        if crate::stack::with_room(|| find_way_back(evaluator, next, to, path, seen)) {
            return true;
        }
        path.pop();
    }
    false
}

/// Collects the top-level `let`s that an expression names.
fn mentioned(evaluator: &Evaluator<'_>, item: ItemKey, expr: &Expr, found: &mut Vec<ItemKey>) {
    let (db, workspace) = (evaluator.db, evaluator.workspace);
    let want = Want {
        class: ItemClass::Let,
        kind: "",
    };
    let mut visit = |inner: &Expr| mentioned(evaluator, item, inner, found);
    match &expr.node {
        ExprNode::Name(name) => {
            let path = std::slice::from_ref(&name.text);
            found.extend(resolve_path(db, workspace, item.file, path, want));
        }
        ExprNode::Member(object, name) => match &object.node {
            ExprNode::Name(module)
                if module_named(db, workspace, item.file, &module.text).is_some() =>
            {
                let path = [module.text.clone(), name.text.clone()];
                found.extend(resolve_path(db, workspace, item.file, &path, want));
            }
            _ => visit(object),
        },
        ExprNode::String(string) => {
            for part in &string.parts {
                if let StringPart::Hole(hole) = part {
                    visit(hole);
                }
            }
        }
        ExprNode::Query(query) => query.holes.iter().for_each(|hole| visit(&hole.expr)),
        ExprNode::List(items) => items.iter().for_each(visit),
        ExprNode::Labels(entries) => entries.iter().for_each(|entry| visit(&entry.value)),
        ExprNode::Call(_, args) => args.iter().for_each(|arg| visit(&arg.value)),
        ExprNode::Unary(_, inner) | ExprNode::Paren(inner) => visit(inner),
        ExprNode::Binary(_, left, right) => {
            visit(left);
            visit(right);
        }
        ExprNode::If(condition, then, otherwise) => {
            visit(condition);
            visit(then);
            visit(otherwise);
        }
        _ => {}
    }
}
