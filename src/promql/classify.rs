//! Classification of queries, for the types of `.nth`.

use super::regex::matches_empty;
use super::tree::*;

/// True for one metric with matchers and nothing else: no function, no range, no `offset` or `@`.
///
/// Parentheses are ignored. A selector with an `offset` is a vector, not a selector, because a rate of it over another window
/// would change what the offset means.
pub fn is_selector(expr: &Expr) -> bool {
    matches!(&expr.unparenthesised().node, Node::Selector(selector) if selector.modifiers.is_empty())
}

/// True if it contains `$window`.
pub fn uses_window(expr: &Expr) -> bool {
    fn in_duration(duration: &Duration) -> bool {
        match &duration.node {
            DurationNode::Window => true,
            DurationNode::Literal(_) | DurationNode::Hole(_) => false,
            DurationNode::Paren(inner) | DurationNode::Unary(_, inner) => in_duration(inner),
            DurationNode::Binary(_, left, right) => in_duration(left) || in_duration(right),
            DurationNode::Call(_, args) => args.iter().any(in_duration),
        }
    }
    let in_modifiers = |modifiers: &Modifiers| {
        modifiers
            .offset
            .as_ref()
            .is_some_and(|offset| in_duration(&offset.duration))
    };
    exprs(expr).any(|expr| match &expr.node {
        Node::Range(_, range) => in_duration(range),
        Node::Selector(selector) => in_modifiers(&selector.modifiers),
        Node::Modified(_, modifiers) => in_modifiers(modifiers),
        Node::Subquery(subquery) => {
            in_duration(&subquery.range)
                || subquery.step.as_ref().is_some_and(in_duration)
                || in_modifiers(&subquery.modifiers)
        }
        _ => false,
    })
}

/// True if it certainly filters series, by their values or by the existence of others: a condition by its text alone.
///
/// Other vectors may also exist only during an incident, such as `a unless b` or a metric that describes a state, but their
/// text does not show it.
///
/// A condition is a comparison without `bool`, `absent` or `absent_over_time`; `a and b` if either is one; `a unless b` if `a`
/// is one; and `a or b` if both are. Calls and aggregations are not searched; parentheses and a sign are.
pub fn is_condition(expr: &Expr) -> bool {
    match &expr.node {
        Node::Paren(inner) => is_condition(inner),
        Node::Call(call) => matches!(call.function.as_str(), "absent" | "absent_over_time"),
        Node::Binary(binary) => match binary.op {
            BinaryOp::And => is_condition(&binary.left) || is_condition(&binary.right),
            BinaryOp::Or => is_condition(&binary.left) && is_condition(&binary.right),
            BinaryOp::Unless => is_condition(&binary.left),
            op => op.is_comparison() && !binary.return_bool,
        },
        _ => false,
    }
}

/// True if its result certainly has no labels, so that it has at most one series. False if uncertain.
///
/// ```
/// use nth_promql::{classify::is_label_free, parse};
///
/// let free = |text| is_label_free(&parse(text).unwrap());
/// assert!(free("sum(rate(a[5m])) / sum(rate(b[5m]))"));
/// assert!(!free("sum by (route) (rate(a[5m]))"));
/// ```
pub fn is_label_free(expr: &Expr) -> bool {
    match &expr.node {
        Node::Number(_) | Node::String(_) => true,
        Node::Paren(inner) | Node::Unary(_, inner) => is_label_free(inner),
        Node::Subquery(subquery) => is_label_free(&subquery.expr),
        Node::Aggregate(aggregate) => {
            let picks = matches!(
                aggregate.op.as_str(),
                "topk" | "bottomk" | "limitk" | "limit_ratio" | "count_values"
            );
            let grouped = aggregate
                .grouping
                .as_ref()
                .is_some_and(|grouping| grouping.without || !grouping.labels.is_empty());
            (!picks && !grouped)
                || (aggregate.op != "count_values" && is_label_free(&aggregate.expr))
        }
        Node::Call(call) => match call.function.as_str() {
            "vector" | "scalar" | "time" | "pi" => true,
            // These add labels from an argument, or from its matchers.
            "label_replace"
            | "label_join"
            | "info"
            | "absent"
            | "absent_over_time"
            | "histogram_quantiles" => false,
            _ => !call.args.is_empty() && call.args.iter().all(is_label_free),
        },
        Node::Binary(binary) => {
            let copies = binary
                .matching
                .as_ref()
                .and_then(|matching| matching.group.as_ref())
                .is_some_and(|group| !group.labels.is_empty());
            !copies && is_label_free(&binary.left) && is_label_free(&binary.right)
        }
        Node::Selector(_) | Node::Range(..) | Node::Modified(..) | Node::Hole(_) => false,
    }
}

/// True if its series can be added to a total: rates and increases, sums of them, and operations that preserve this. Not true
/// for averages, extremes and ratios.
///
/// ```
/// use nth_promql::{classify::is_additive, parse};
///
/// let additive = |text| is_additive(&parse(text).unwrap());
/// assert!(additive("sum by (route) (rate(a[5m])) * 60"));
/// assert!(!additive("rate(a[5m]) / rate(b[5m])"));
/// ```
pub fn is_additive(expr: &Expr) -> bool {
    let is_scalar = |expr: &Expr| match &expr.unparenthesised().node {
        Node::Number(_) => true,
        Node::Call(call) => matches!(call.function.as_str(), "scalar" | "time" | "pi"),
        _ => false,
    };
    match &expr.node {
        Node::Paren(inner) | Node::Unary(_, inner) => is_additive(inner),
        Node::Aggregate(aggregate) => matches!(aggregate.op.as_str(), "sum" | "count"),
        Node::Call(call) => match call.function.as_str() {
            "rate" | "increase" | "irate" | "delta" | "sum_over_time" | "count_over_time"
            | "changes" | "resets" => true,
            "histogram_count" | "histogram_sum" | "label_replace" | "label_join" | "sort"
            | "sort_desc" => call.args.first().is_some_and(is_additive),
            _ => false,
        },
        Node::Binary(binary) => match binary.op {
            BinaryOp::Add | BinaryOp::Subtract | BinaryOp::Or => {
                is_additive(&binary.left) && is_additive(&binary.right)
            }
            BinaryOp::Multiply => {
                (is_additive(&binary.left) && is_scalar(&binary.right))
                    || (is_scalar(&binary.left) && is_additive(&binary.right))
            }
            BinaryOp::Divide => is_additive(&binary.left) && is_scalar(&binary.right),
            BinaryOp::And | BinaryOp::Unless => is_additive(&binary.left),
            // The filtered series would not be counted.
            op if op.is_comparison() && !binary.return_bool => {
                is_additive(&binary.left) && is_scalar(&binary.right)
            }
            _ => false,
        },
        _ => false,
    }
}

/// Iterates over all selectors in it, in text order.
///
/// ```
/// use nth_promql::{classify, parse};
///
/// let query = parse("sum(rate(errors[5m])) / sum(rate(requests[5m]))").unwrap();
/// let names: Vec<_> =
///     classify::metrics(&query).filter_map(|selector| selector.metric.as_ref()).map(|metric| metric.text.as_str()).collect();
/// assert_eq!(names, ["errors", "requests"]);
/// ```
pub fn metrics(expr: &Expr) -> impl Iterator<Item = &Selector> {
    exprs(expr).filter_map(|expr| match &expr.node {
        Node::Selector(selector) => Some(selector),
        _ => None,
    })
}

/// Iterates over it and all expressions in it, parents first, in text order.
pub fn exprs(expr: &Expr) -> impl Iterator<Item = &Expr> {
    let mut waiting = vec![expr];
    std::iter::from_fn(move || {
        let expr = waiting.pop()?;
        match &expr.node {
            Node::Number(_) | Node::String(_) | Node::Selector(_) | Node::Hole(_) => {}
            Node::Range(inner, _)
            | Node::Unary(_, inner)
            | Node::Paren(inner)
            | Node::Modified(inner, _) => {
                waiting.push(inner);
            }
            Node::Subquery(subquery) => waiting.push(&subquery.expr),
            Node::Call(call) => waiting.extend(call.args.iter().rev()),
            Node::Aggregate(aggregate) => {
                waiting.push(&aggregate.expr);
                waiting.extend(&aggregate.param);
            }
            Node::Binary(binary) => waiting.extend([&binary.right, &binary.left]),
        }
        Some(expr)
    })
}

/// Returns the size of an expression: its operators, calls, selectors, matchers and numbers. Each 64 bytes of a long text count
/// as one.
pub fn size(expr: &Expr) -> usize {
    exprs(expr).map(own_size).sum()
}

fn own_size(expr: &Expr) -> usize {
    match &expr.node {
        Node::Selector(selector) => {
            let matchers = selector.matchers.iter();
            1 + matchers
                .map(|matcher| 1 + text_size(&matcher.value))
                .sum::<usize>()
        }
        Node::String(text) => 1 + text_size(text),
        Node::Call(_) | Node::Aggregate(_) | Node::Binary(_) => 1,
        _ => 1,
    }
}

fn text_size(text: &StringLit) -> usize {
    let parts = text.parts.iter().map(|part| match part {
        StringPart::Text(text) => text.len(),
        _ => 1,
    });
    parts.sum::<usize>() / 64
}

/// Returns the maximum depth of nested expressions.
pub fn depth(expr: &Expr) -> usize {
    let mut deepest = 0;
    let mut waiting = vec![(expr, 1)];
    while let Some((expr, depth)) = waiting.pop() {
        deepest = deepest.max(depth);
        let inner = super::labels::children(expr).into_iter();
        waiting.extend(inner.map(|inner| (inner, depth + 1)));
    }
    deepest
}

/// True if a matcher only matches series that have the label.
///
/// ```
/// use nth_promql::{MatchOp, build, classify::requires_label};
///
/// assert!(requires_label(&build::matcher("code", MatchOp::Matches, "5..")));
/// assert!(!requires_label(&build::matcher("code", MatchOp::NotEqual, "200")));
/// assert!(!requires_label(&build::matcher("code", MatchOp::Matches, ".*")));
/// ```
pub fn requires_label(matcher: &Matcher) -> bool {
    // With a hole or an invalid byte, it may be not empty.
    let Some(text) = matcher.value.text() else {
        return matches!(matcher.op, MatchOp::Equal | MatchOp::Matches);
    };
    match matcher.op {
        MatchOp::Equal => !text.is_empty(),
        MatchOp::NotEqual => text.is_empty(),
        MatchOp::Matches => matches_empty(text) == Ok(false),
        MatchOp::NotMatches => matches_empty(text) == Ok(true),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::parse;
    use super::*;

    #[test]
    fn selectors() {
        for (text, expected) in [
            ("x", true),
            ("(x{a=\"b\"})", true),
            ("{__name__=~\"x.*\"}", true),
            ("x offset 5m", false),
            ("x @ end()", false),
            ("x[5m]", false),
            ("rate(x[5m])", false),
            ("x > 1", false),
            ("-x", false),
        ] {
            assert_eq!(is_selector(&parse(text).unwrap()), expected, "{text}");
        }
    }

    #[test]
    fn labels_are_seen() {
        for free in [
            "sum(x)",
            "max by () (x)",
            "sum(a) / sum(b)",
            "(1 + sum(a)) * 2",
            "histogram_count(sum(rate(x[5m])))",
            "max_over_time(sum(x)[5m:1m])",
            "sum(a) / on () sum(b)",
            "topk(1, sum(x))",
        ] {
            assert!(is_label_free(&parse(free).unwrap()), "{free}");
        }
        for labeled in [
            "x",
            "sum by (job) (x)",
            "topk(3, x)",
            "sum(a) / b",
            "absent(x)",
            "rate(x[5m])",
            "label_replace(sum(x), \"a\", \"b\", \"\", \"\")",
        ] {
            assert!(!is_label_free(&parse(labeled).unwrap()), "{labeled}");
        }
    }

    #[test]
    fn counts_are_added_up_and_others_are_not() {
        for additive in [
            "rate(x[5m])",
            "sum by (route) (rate(x[5m]))",
            "rate(x[5m]) * 60 + sum by (job) (increase(y[5m])) / 300",
            "rate(x[5m]) unless on (instance) down",
            "label_replace(rate(x[5m]), \"a\", \"$1\", \"b\", \"(.*)\")",
            "rate(x[5m]) > 0",
        ] {
            assert!(is_additive(&parse(additive).unwrap()), "{additive}");
        }
        for other in [
            "avg by (route) (rate(x[5m]))",
            "rate(x[5m]) / rate(y[5m])",
            "max_over_time(x[5m])",
            "rate(x[5m]) > bool 0",
            "rate(x[5m]) * on (job) weight",
        ] {
            assert!(!is_additive(&parse(other).unwrap()), "{other}");
        }
    }

    #[test]
    fn windows() {
        for text in [
            "x[$window]",
            "x offset $window",
            "x[1h:$window]",
            "f(y[$window:] offset 1h)",
            "x[$window * 2]",
        ] {
            assert!(uses_window(&parse(text).unwrap()), "{text}");
        }
        assert!(!uses_window(&parse("rate(x{a=\"$window\"}[5m])").unwrap()));
    }

    #[test]
    fn conditions() {
        for (text, expected) in [
            ("x > 1", true),
            ("(sum(x) / sum(y)) > 0.1", true),
            ("x > bool 1", false),
            ("x", false),
            ("absent(x)", true),
            ("x > 1 and y", true),
            ("x and y > 1", true),
            ("x > 1 or y", false),
            ("x > 1 or absent(y)", true),
            ("x > 1 unless y", true),
            ("x unless y > 1", false),
            ("(x == 0)", true),
            ("1 - (x > 1)", false),
        ] {
            assert_eq!(is_condition(&parse(text).unwrap()), expected, "{text}");
        }
    }
}
