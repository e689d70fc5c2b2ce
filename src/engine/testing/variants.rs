//! Other forms of an instant query with the same result.

use nth_promql::{At, Expr, Node, rewrite};
use smol_str::SmolStr;

use crate::value::Timestamp;

/// The functions whose result depends on the evaluation time even if their arguments do not, or on the time of the samples.
const DEPENDS_ON_TIME: &[&str] = &[
    "days_in_month",
    "day_of_month",
    "day_of_week",
    "day_of_year",
    "end",
    "hour",
    "minute",
    "month",
    "year",
    "predict_linear",
    "range",
    "start",
    "step",
    "time",
    "timestamp",
];

/// Returns the query with `@` set to the evaluation time on all outer selectors and subqueries, and the times at which it has the
/// same result. `None` if the result depends on the evaluation time in another way.
pub(super) fn pinned(query: &Expr, at: Timestamp) -> Option<(Expr, Vec<Timestamp>)> {
    let mut pinned = query.clone();
    if !pin(&mut pinned, at) {
        return None;
    }
    let times = if at == 0 {
        vec![-1000, 0, 1000]
    } else {
        vec![at.saturating_mul(-10), 0, at / 5, at, at.saturating_mul(10)]
    };
    Some((pinned, times))
}

/// Sets `@`. Returns false if a function depends on the evaluation time.
fn pin(expr: &mut Expr, at: Timestamp) -> bool {
    let seconds = || {
        let sign = if at < 0 { "-" } else { "" };
        let (whole, rest) = (at.unsigned_abs() / 1000, at.unsigned_abs() % 1000);
        let text = format!("{sign}{whole}.{rest:03}");
        Some(At::Time(SmolStr::from(text)))
    };
    let is_open = |found: &Option<At>| !matches!(found, Some(At::Time(_)));
    match &mut expr.node {
        Node::Selector(selector) => {
            if is_open(&selector.modifiers.at) {
                selector.modifiers.at = seconds();
            }
            true
        }
        // What is inside of a subquery with `@` stays as it is.
        Node::Subquery(subquery) => {
            if is_open(&subquery.modifiers.at) {
                subquery.modifiers.at = seconds();
            }
            true
        }
        Node::Call(call) => {
            !DEPENDS_ON_TIME.contains(&call.function.as_str())
                && call.args.iter_mut().all(|arg| pin(arg, at))
        }
        Node::Range(inner, _) | Node::Unary(_, inner) | Node::Paren(inner) => pin(inner, at),
        Node::Aggregate(aggregate) => {
            let param = aggregate.param.as_mut().is_none_or(|param| pin(param, at));
            param && pin(&mut aggregate.expr, at)
        }
        Node::Binary(binary) => pin(&mut binary.left, at) && pin(&mut binary.right, at),
        Node::Number(_) | Node::String(_) | Node::Hole(_) | Node::Modified(..) => true,
    }
}

/// True if a query uses `start()`, `end()`, `step()` or `range()`, whose results depend on the range of the evaluation.
pub(super) fn depends_on_range(query: &Expr) -> bool {
    let mut query = query.clone();
    rewrite::clear_spans(&mut query);
    let text = query.to_string();
    ["start()", "end()", "range()", "step()"]
        .iter()
        .any(|call| text.contains(call))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::*;

    fn pinned_text(query: &str, at: Timestamp) -> Option<String> {
        let query = nth_promql::parse(query).expect("the query is valid");
        pinned(&query, at).map(|(query, _)| query.to_string())
    }

    #[test]
    fn selectors_are_pinned() {
        let pinned = pinned_text("sum(x) / rate(y[5m] @ 10) + max_over_time(z[5m:1m])", 1500);
        let expected = "sum(x @ 1.500) / rate(y[5m] @ 10) + max_over_time(z[5m:1m] @ 1.500)";
        assert_eq!(pinned.as_deref(), Some(expected));
        assert_eq!(pinned_text("x + time()", 0), None);
    }

    #[test]
    fn queries_that_depend_on_the_range_are_found() {
        let depends =
            |query| depends_on_range(&nth_promql::parse(query).expect("the query is valid"));
        assert!(depends("x @ end()"));
        assert!(depends("x[step()]"));
        assert!(!depends("x[5m]"));
    }
}
