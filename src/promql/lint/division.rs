//! Lints of divisions by zero.

use super::super::error::Error;
use super::super::tree::*;
use super::Lint;
use super::facts::Facts;
use crate::codes;

impl Lint<'_> {
    /// Reports `x / 0` and `x / (y or vector(0))`.
    pub(super) fn division(&mut self, binary: &Binary, right: &Facts) {
        if !matches!(binary.op, BinaryOp::Divide | BinaryOp::Modulo) {
            return;
        }
        let gives = if binary.op == BinaryOp::Divide {
            "Inf or NaN"
        } else {
            "NaN"
        };
        if right.bounds.value() == Some(0.0) {
            self.report(
                Error::new(
                    &codes::DIVISION_BY_ZERO,
                    "division by zero",
                    binary.right.span,
                )
                .label(format!("this is 0, so the result is {gives}")),
            );
            return;
        }
        let Node::Binary(divisor) = &binary.right.unparenthesised().node else {
            return;
        };
        if divisor.op == BinaryOp::Or && is_zero(&divisor.right) {
            self.report(
                Error::new(
                    &codes::DIVISION_BY_ZERO,
                    "divides by zero when the divisor is empty",
                    divisor.right.span,
                )
                .label(format!("with 0 in its place, the result is {gives}"))
                .help("remove it: without a divisor the result is empty, which is usually intended")
                .help("to return a number anyway, put `or vector(0)` after the whole division"),
            );
        }
    }
}

/// True for `vector(0)`.
fn is_zero(expr: &Expr) -> bool {
    match &expr.unparenthesised().node {
        Node::Call(call) if call.function == "vector" => call.args.first().is_some_and(|arg| {
            matches!(&arg.unparenthesised().node, Node::Number(text)
                if super::super::durations::seconds(text) == Some(0.0))
        }),
        _ => false,
    }
}
