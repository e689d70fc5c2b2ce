//! Lints of comparisons with a constant result.

use super::super::error::Error;
use super::super::tree::*;
use super::Lint;
use super::bounds::Bounds;
use super::facts::Facts;
use crate::codes;

impl Lint<'_> {
    /// Reports a comparison that is always true, or never.
    pub(super) fn comparison(&mut self, binary: &Binary, span: Span, left: &Facts, right: &Facts) {
        if !binary.op.is_comparison() || binary.fill != Fill::default() {
            return;
        }
        let itself = left.identity == right.identity && binary.matching.is_none();
        let (never, always) = if itself {
            // If values may be NaN, `x == x` filters it and `x != x` finds it.
            let is_number = !left.bounds.nan;
            match binary.op {
                BinaryOp::Less | BinaryOp::Greater => (true, false),
                BinaryOp::NotEqual => (is_number, false),
                _ => (false, is_number),
            }
        } else {
            (
                Bounds::never(binary.op, left.bounds, right.bounds),
                Bounds::always(binary.op, left.bounds, right.bounds),
            )
        };
        // `count(x == 0) > 0` tests for existence, and `vector(1) == 1` is intended to fire always.
        let asks = left.tells_presence || right.tells_presence;
        if !never && (!always || asks) {
            return;
        }
        let how = if never { "never" } else { "always" };
        let mut error = Error::new(
            &codes::CONSTANT_COMPARISON,
            format!("comparison is {how} true"),
            span,
        );
        let text = match (itself, binary.return_bool) {
            (true, _) => "both sides are the same".to_owned(),
            (_, true) => format!("always returns {}, whatever is measured", u8::from(!never)),
            (_, false) if never => "returns nothing, whatever is measured".to_owned(),
            (_, false) => "filters nothing, whatever is measured".to_owned(),
        };
        error = error.label(text);
        for help in reasons(&binary.left)
            .into_iter()
            .chain(reasons(&binary.right))
        {
            error = error.help(help);
        }
        self.report(error);
    }

    /// Reports `x > 5 and x < 3`.
    pub(super) fn contradiction(&mut self, binary: &Binary, left: &Facts, right: &Facts) {
        if binary.op != BinaryOp::And || binary.matching.is_some() {
            return;
        }
        let clash = right.limits.iter().any(|(of, bounds)| {
            left.limits
                .get(of)
                .is_some_and(|other| other.excludes(*bounds))
        });
        if clash {
            self.report(
                Error::new(
                    &codes::CONSTANT_COMPARISON,
                    "contradictory comparisons",
                    binary.left.span.cover(binary.right.span),
                )
                .label("no value is in both ranges")
                .help("use `or` to get the series in either range"),
            );
        }
    }

    /// Reports `absent(x or vector(0))`.
    pub(super) fn absence(&mut self, call: &Call, arguments: &[Facts]) {
        let [of] = arguments else { return };
        if call.function == "absent" && of.always_there {
            self.report(
                Error::new(
                    &codes::CONSTANT_COMPARISON,
                    "`absent` never returns anything for this argument",
                    call.function_span,
                )
                .label("this argument always has a series")
                .help("pass the metric alone, without `vector(…)`"),
            );
        }
    }
}

/// Explains the range of an expression's values, if it is not well known.
fn reasons(expr: &Expr) -> Option<&'static str> {
    Some(match &expr.unparenthesised().node {
        Node::Aggregate(aggregate) if aggregate.op == "count" => {
            "use `absent(…)`: `count` returns nothing, never 0, if there are no series"
        }
        Node::Call(call) => match call.function.as_str() {
            "count_over_time" => {
                "use `absent_over_time(…)`: a series without samples is dropped, so the count is never 0"
            }
            "absent" | "absent_over_time" => {
                "remove the comparison: it returns 1 if there are no series, and nothing otherwise"
            }
            "present_over_time" => {
                "remove the comparison: it returns 1 for each series with a sample, and nothing \
                otherwise"
            }
            "rate" | "irate" | "increase" => {
                "use `delta` or `deriv` for a gauge: a counter's increase is never negative"
            }
            _ => return None,
        },
        Node::Selector(selector)
            if selector
                .metric
                .as_ref()
                .is_some_and(|metric| metric.text == "up") =>
        {
            "compare with 0 or 1: `up` is 1 if the target was scraped and 0 if not"
        }
        _ => return None,
    })
}
