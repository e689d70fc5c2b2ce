//! Selectors that do not look at the time of evaluation itself.

use nth_promql::{Duration, Expr, Node, Offset, Selector, seconds};

/// How a query uses a selector.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    /// The last sample of each series.
    Instant,
    /// The samples of a range.
    Range,
}

/// Returns a query whose selectors do not see samples of the time of evaluation, where `is_late` says that there are none. Then its
/// result is the same, even if these samples exist already. `None` if it is the query itself.
///
/// An instant selector gets an offset of 1 ms, so `is_late` must ensure that the first millisecond of its lookback does not matter.
/// A range is shortened by as much, if its function looks only at samples, not at the bounds of the range. Subqueries are not
/// changed: the times before the time of evaluation have their samples.
pub(super) fn delayed(expr: &Expr, is_late: &impl Fn(&Selector, Use) -> bool) -> Option<Expr> {
    let mut delayed = expr.clone();
    delay(&mut delayed, is_late).then_some(delayed)
}

/// True if something was changed.
fn delay(expr: &mut Expr, is_late: &impl Fn(&Selector, Use) -> bool) -> bool {
    match &mut expr.node {
        Node::Number(_) | Node::String(_) | Node::Hole(_) | Node::Modified(..) => false,
        Node::Range(..) | Node::Subquery(_) => false,
        Node::Selector(selector) => {
            let is_late = selector.modifiers.is_empty() && is_late(selector, Use::Instant);
            if is_late {
                set_offset(selector);
            }
            is_late
        }
        Node::Unary(_, inner) | Node::Paren(inner) => delay(inner, is_late),
        Node::Call(call) => {
            let looks_at_samples = looks_at_samples(&call.function);
            let mut changed = false;
            for arg in &mut call.args {
                changed |= match &mut arg.node {
                    Node::Range(inner, range) if looks_at_samples => {
                        delay_range(inner, range, is_late)
                    }
                    _ => delay(arg, is_late),
                };
            }
            changed
        }
        Node::Aggregate(aggregate) => {
            let param = aggregate
                .param
                .as_mut()
                .is_some_and(|param| delay(param, is_late));
            delay(&mut aggregate.expr, is_late) || param
        }
        Node::Binary(binary) => {
            let left = delay(&mut binary.left, is_late);
            delay(&mut binary.right, is_late) || left
        }
    }
}

fn delay_range(
    inner: &mut Expr,
    range: &mut Duration,
    is_late: &impl Fn(&Selector, Use) -> bool,
) -> bool {
    let Node::Selector(selector) = &mut inner.node else {
        return false;
    };
    let Some(shorter) = shortened(range) else {
        return false;
    };
    let is_late = selector.modifiers.is_empty() && is_late(selector, Use::Range);
    if is_late {
        set_offset(selector);
        *range = shorter;
    }
    is_late
}

fn set_offset(selector: &mut Selector) {
    selector.modifiers.offset = Some(Box::new(Offset {
        negative: false,
        duration: Duration::literal("1ms"),
    }));
}

/// Returns a duration less 1 ms; `None` if nothing would be left, or if it is not a literal.
fn shortened(range: &Duration) -> Option<Duration> {
    let nth_promql::DurationNode::Literal(text) = &range.node else {
        return None;
    };
    let milliseconds = seconds(text)? * 1000.0;
    if !(2.0..1e15).contains(&milliseconds) || (milliseconds - milliseconds.round()).abs() > 1e-3 {
        return None;
    }
    Some(Duration::literal(format!(
        "{}ms",
        milliseconds.round() as i64 - 1
    )))
}

/// True if a function's result depends only on the samples of its range, not on the bounds of the range.
fn looks_at_samples(function: &str) -> bool {
    function.ends_with("_over_time")
        || matches!(
            function,
            "changes" | "deriv" | "idelta" | "irate" | "predict_linear" | "resets"
        )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn selectors_without_modifiers_are_delayed() {
        for (query, expected) in [
            ("a + b", Some("a offset 1ms + b")),
            (
                "sum(max_over_time(a[1m])) > a",
                Some("sum(max_over_time(a[59999ms] offset 1ms)) > a offset 1ms"),
            ),
            ("timestamp(a)", Some("timestamp(a offset 1ms)")),
            ("rate(a[1m])", None),
            ("max_over_time(a[1m:1m])", None),
            ("a offset 1m", None),
            ("a @ end()", None),
            ("b", None),
        ] {
            let is_late = |selector: &Selector, _| {
                selector
                    .metric
                    .as_ref()
                    .is_some_and(|metric| metric.text == "a")
            };
            let found = delayed(&nth_promql::parse(query).unwrap(), &is_late);
            assert_eq!(
                found.map(|expr| expr.to_string()).as_deref(),
                expected,
                "{query}"
            );
        }
    }
}
