//! Which expressions have the same value at all steps.

use nth_promql::{Call, Expr, Node};

/// Functions whose result depends on the time of evaluation, even if their arguments do not.
const TIME_DEPENDENT: [&str; 11] = [
    "day_of_month",
    "day_of_week",
    "day_of_year",
    "days_in_month",
    "hour",
    "minute",
    "month",
    "predict_linear",
    "time",
    "timestamp",
    "year",
];

/// True if an expression has the same value at all steps: all its selectors have `@`.
pub(super) fn is_step_invariant(expr: &Expr) -> bool {
    match &expr.node {
        Node::Number(_) | Node::String(_) => true,
        Node::Selector(selector) => selector.modifiers.at.is_some(),
        Node::Range(inner, _) | Node::Unary(_, inner) | Node::Paren(inner) => {
            is_step_invariant(inner)
        }
        Node::Subquery(subquery) => subquery.modifiers.at.is_some(),
        Node::Call(call) => is_call_step_invariant(call),
        Node::Aggregate(aggregate) => {
            is_step_invariant(&aggregate.expr)
                && aggregate.param.as_ref().is_none_or(is_step_invariant)
        }
        Node::Binary(binary) => is_step_invariant(&binary.left) && is_step_invariant(&binary.right),
        Node::Hole(_) | Node::Modified(..) => false,
    }
}

fn is_call_step_invariant(call: &Call) -> bool {
    if !call.args.iter().all(is_step_invariant) {
        return false;
    }
    if call.function == "timestamp" {
        // Of any other expression, it is the time of evaluation.
        let of = call.args.first().map(|arg| &arg.unparenthesised().node);
        return matches!(of, Some(Node::Selector(_)));
    }
    !TIME_DEPENDENT.contains(&call.function.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_depends_on_the_step() {
        for (query, expected) in [
            ("1 + 2", true),
            ("x", false),
            ("x @ 10", true),
            ("rate(x[5m] @ start())", true),
            ("rate(x[5m])", false),
            ("max_over_time(x[5m:1m])", false),
            ("max_over_time(x[5m:1m] @ end())", true),
            ("timestamp(x @ 10)", true),
            ("timestamp(abs(x @ 10))", false),
            ("predict_linear(x[5m] @ 10, 60)", false),
            ("topk(scalar(x), x @ 10)", false),
            ("(x @ 10) + x", false),
            ("time()", false),
            ("pi()", true),
        ] {
            let parsed = nth_promql::parse(query).map(|expr| is_step_invariant(&expr));
            assert_eq!(parsed, Ok(expected), "{query}");
        }
    }
}
