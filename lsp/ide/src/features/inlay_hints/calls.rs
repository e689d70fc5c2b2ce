//! Inlay hints for parameter names before positional arguments.

use nthc::db::ItemKey;
use nthc::eval::index::Definition;
use nthc::syntax::tree::{Arg, Base, Expr, ExprNode, ItemNode};
use smol_str::SmolStr;

use super::Hint;
use crate::features::source::{Placed, Source};

/// Adds hints before the arguments of a template.
pub fn base_hints(source: &Source<'_>, placed: &Placed<'_>, base: &Base, out: &mut Vec<Hint>) {
    let (Some(args), Some(last)) = (&base.args, base.path.segments.last()) else {
        return;
    };
    let names = &source.notes(placed.key).names;
    let meant = names.iter().find(|named| named.range == last.range);
    if let Some(Definition::Item(key)) = meant.map(|named| &named.meaning) {
        hints(
            placed,
            args,
            &params_of(source, *key),
            last.range.start,
            out,
        );
    }
}

fn params_of(source: &Source<'_>, key: ItemKey) -> Vec<SmolStr> {
    match source.tree(key).map(|tree| &tree.node) {
        Some(ItemNode::Template(template)) => template
            .params
            .iter()
            .map(|param| param.name.text.clone())
            .collect(),
        _ => Vec::new(),
    }
}

/// Adds hints before the arguments of a run-time function.
pub fn call_hints(source: &Source<'_>, placed: &Placed<'_>, expr: &Expr, out: &mut Vec<Hint>) {
    let ExprNode::Call(callee, args) = &expr.node else {
        return;
    };
    let ExprNode::Name(name) = &callee.node else {
        return;
    };
    let Some(function) = source.schema().functions.get(&name.text) else {
        return;
    };
    // `budget(availability)` is clear; of several parameters the names help.
    if function.params.len() < 2 {
        return;
    }
    let params: Vec<SmolStr> = function
        .params
        .iter()
        .map(|(name, ..)| name.clone())
        .collect();
    hints(placed, args, &params, name.range.start, out);
}

/// Adds a hint before the first argument if it is positional; the others must be named. `about` is the byte of the
/// declaration that has the parameters.
fn hints(placed: &Placed<'_>, args: &[Arg], params: &[SmolStr], about: u32, out: &mut Vec<Hint>) {
    let (Some(arg), Some(param)) = (args.first(), params.first()) else {
        return;
    };
    // A name explains itself.
    let says_so = matches!(
        arg.value.node,
        ExprNode::Name(_) | ExprNode::Member(..) | ExprNode::Error
    );
    if arg.name.is_none() && !says_so {
        out.push(Hint {
            at: placed.absolute(arg.value.range).start,
            label: format!("{param}:"),
            is_parameter: true,
            about: placed.start.saturating_add(about),
        });
    }
}
