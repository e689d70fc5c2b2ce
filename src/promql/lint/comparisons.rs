//! Comparisons that come out the same whatever is measured.

use super::super::error::Error;
use super::super::tree::*;
use super::Lint;
use super::bounds::Bounds;
use super::facts::Facts;
use nth_diagnostics::codes;

impl Lint<'_> {
    /// A comparison that is always true, or never.
    pub(super) fn comparison(&mut self, binary: &Binary, span: Span, left: &Facts, right: &Facts) {
        if !binary.op.is_comparison() || binary.fill != Fill::default() {
            return;
        }
        let itself = left.identity == right.identity && binary.matching.is_none();
        let (never, always) = if itself {
            // With NaN among the values, `x == x` leaves it out, and `x != x` finds it.
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
        // `count(x == 0) > 0` asks whether there is one, and `vector(1) == 1` is to fire always.
        let asks = left.tells_presence || right.tells_presence;
        if !never && (!always || asks) {
            return;
        }
        let how = if never { "never" } else { "always" };
        let mut error = Error::new(
            &codes::CONSTANT_COMPARISON,
            format!("this comparison is {how} true"),
            span,
        );
        let text = match (itself, binary.return_bool) {
            (true, _) => "both sides are the same".to_owned(),
            (_, true) => format!("it gives {}, whatever is measured", u8::from(!never)),
            (_, false) if never => "it leaves nothing, whatever is measured".to_owned(),
            (_, false) => "it leaves nothing out, whatever is measured".to_owned(),
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

    /// `x > 5 and x < 3`
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
                    "these comparisons are never true together",
                    binary.left.span.to(binary.right.span),
                )
                .label("no value is in both ranges")
                .help("`or` gives the series that are in one range or the other"),
            );
        }
    }

    /// `absent(x or vector(0))`
    pub(super) fn absence(&mut self, call: &Call, arguments: &[Facts]) {
        let [of] = arguments else { return };
        if call.function == "absent" && of.always_there {
            self.report(
                Error::new(
                    &codes::CONSTANT_COMPARISON,
                    "`absent` never gives anything here",
                    call.function_span,
                )
                .label("what it is given always has a series")
                .help("`vector(…)` is there whatever is measured; give `absent` the metric alone"),
            );
        }
    }
}

/// Why an expression's values lie where they do, where that is seldom known.
fn reasons(expr: &Expr) -> Option<&'static str> {
    Some(match &expr.unparenthesised().node {
        Node::Aggregate(aggregate) if aggregate.op == "count" => {
            "where there is nothing to count, `count` gives nothing, and never 0: `absent(…)` tells of that"
        }
        Node::Call(call) => match call.function.as_str() {
            "count_over_time" => {
                "a series without samples is left out, so that the count is never 0: `absent_over_time(…)` tells of that"
            }
            "absent" | "absent_over_time" => {
                "it gives 1 where there is no series, and otherwise nothing: it needs no comparison"
            }
            "present_over_time" => {
                "it gives 1 for each series that has a sample, and otherwise nothing"
            }
            "rate" | "irate" | "increase" => {
                "a counter's growth is never negative: what falls is a gauge, and `delta` or `deriv` tell how far"
            }
            _ => return None,
        },
        Node::Selector(selector)
            if selector
                .metric
                .as_ref()
                .is_some_and(|metric| metric.text == "up") =>
        {
            "`up` is 1 where a target could be scraped and 0 where it could not"
        }
        _ => return None,
    })
}
