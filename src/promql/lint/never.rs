//! Conditions that can never be true.

use super::super::tree::*;
use super::bounds::Bounds;
use super::{Lint, Surroundings};

/// Returns whether a condition certainly returns nothing, whatever is measured: `sum(rate(x_total[5m])) < 0`.
///
/// ```
/// use nth_promql::{lint, parse};
///
/// assert!(lint::is_never_true(&parse("count(up) < 0").unwrap()));
/// assert!(!lint::is_never_true(&parse("count(up) < 3").unwrap()));
/// ```
pub fn is_never_true(expr: &Expr) -> bool {
    match &expr.node {
        Node::Paren(inner) => is_never_true(inner),
        Node::Binary(binary) => match binary.op {
            BinaryOp::And => is_never_true(&binary.left) || is_never_true(&binary.right),
            BinaryOp::Or => is_never_true(&binary.left) && is_never_true(&binary.right),
            BinaryOp::Unless => is_never_true(&binary.left),
            op if op.is_comparison() && !binary.return_bool && binary.fill == Fill::default() => {
                let surroundings = Surroundings {
                    scrape_interval: nth_units::Duration::seconds(15),
                    added: None,
                };
                let mut lint = Lint {
                    holes: &[],
                    surroundings: &surroundings,
                    found: Vec::new(),
                };
                let (left, right) = (lint.visit(&binary.left), lint.visit(&binary.right));
                if left.identity == right.identity && binary.matching.is_none() {
                    return matches!(op, BinaryOp::Less | BinaryOp::Greater);
                }
                Bounds::never(op, left.bounds, right.bounds)
            }
            _ => false,
        },
        _ => false,
    }
}
