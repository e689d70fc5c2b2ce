//! Numbers in queries.

use nth_engine::eval::{self, Options};
use nth_engine::{Evaluated, MemoryStore, Steps};
use nth_promql::{Expr, Node, classify};

/// A number without the digits that only show how it is computed.
pub fn rounded(value: f64) -> f64 {
    format!("{value:.12e}").parse().unwrap_or(value)
}

/// The value of an operand that reads no series.
pub fn constant(expr: &Expr) -> Option<f64> {
    let is_constant = classify::exprs(expr).all(|part| {
        matches!(
            part.node,
            Node::Number(_) | Node::Binary(_) | Node::Unary(..) | Node::Paren(_)
        )
    });
    if !is_constant {
        return None;
    }
    let nothing = MemoryStore::new();
    match eval::evaluate(expr, &nothing, Steps::instant(0), &Options::default()) {
        Ok((Evaluated::Scalar(values), _)) => values.first().copied(),
        _ => None,
    }
}
