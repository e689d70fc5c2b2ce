//! The counters that an event rate adds up.

use crate::literal::number;
use crate::rewrite::clear_spans;
use crate::tree::{BinaryOp, DurationNode, Expr, Modifiers, Node, UnaryOp};

/// A counter whose increases an event rate adds up.
#[derive(Debug, Clone, PartialEq)]
pub struct Counter {
    /// What its increases are multiplied with: 1, -1 where they are subtracted.
    pub factor: f64,
    /// Its series: a plain selector, without places.
    pub series: Expr,
}

/// Returns the counters of an event rate over `$window`: a sum of `rate`s of plain selectors, in which rates are added,
/// subtracted, and multiplied or divided by numbers. The number of events in a period is then the sum of the increases of the
/// series, each times its factor. `None` for everything else: grouped sums at the top, joins, conditions, histograms.
///
/// `or vector(0)` adds nothing. A selector that appears several times is one counter, without those whose factors cancel out.
///
/// ```
/// use nth_promql::{counters, parse};
///
/// let query = parse(r#"sum(rate(all_total[$window])) - sum(rate(good_total{code="200"}[$window]))"#).unwrap();
/// let found = counters(&query).unwrap();
/// assert_eq!(found.len(), 2);
/// assert_eq!(found[1].factor, -1.0);
/// assert!(counters(&parse("sum(rate(x_total[$window])) > 1").unwrap()).is_none());
/// ```
pub fn counters(expr: &Expr) -> Option<Vec<Counter>> {
    let mut found = Vec::new();
    let mut expr = expr.clone();
    clear_spans(&mut expr);
    scalar(&expr, 1.0, &mut found)?;
    let mut merged: Vec<Counter> = Vec::new();
    for counter in found {
        match merged.iter_mut().find(|one| one.series == counter.series) {
            Some(known) => known.factor += counter.factor,
            None => merged.push(counter),
        }
    }
    merged.retain(|counter| counter.factor != 0.0);
    Some(merged)
}

/// Adds the counters of an expression with at most one series, without labels.
fn scalar(expr: &Expr, factor: f64, found: &mut Vec<Counter>) -> Option<()> {
    match &expr.node {
        Node::Paren(inner) => scalar(inner, factor, found),
        Node::Unary(op, inner) => scalar(inner, signed(*op, factor), found),
        Node::Aggregate(aggregate) if aggregate.op == "sum" => {
            let is_grouped = aggregate
                .grouping
                .as_ref()
                .is_some_and(|grouping| grouping.without || !grouping.labels.is_empty());
            (!is_grouped && aggregate.param.is_none())
                .then(|| vector(&aggregate.expr, factor, found))?
        }
        Node::Binary(binary) if binary.op == BinaryOp::Or => {
            is_zero(&binary.right).then(|| scalar(&binary.left, factor, found))?
        }
        Node::Binary(binary) if binary.matching.is_none() => match binary.op {
            BinaryOp::Add => {
                scalar(&binary.left, factor, found)?;
                scalar(&binary.right, factor, found)
            }
            BinaryOp::Subtract => {
                scalar(&binary.left, factor, found)?;
                scalar(&binary.right, -factor, found)
            }
            _ => scaled(expr, factor).and_then(|(inner, factor)| scalar(inner, factor, found)),
        },
        _ => None,
    }
}

/// Adds the counters of a vector whose samples are summed.
fn vector(expr: &Expr, factor: f64, found: &mut Vec<Counter>) -> Option<()> {
    match &expr.node {
        Node::Paren(inner) => vector(inner, factor, found),
        Node::Unary(op, inner) => vector(inner, signed(*op, factor), found),
        // A sum of sums, by whatever labels.
        Node::Aggregate(aggregate) if aggregate.op == "sum" && aggregate.param.is_none() => {
            vector(&aggregate.expr, factor, found)
        }
        Node::Call(call) if call.function == "rate" => {
            let [argument] = call.args.as_slice() else {
                return None;
            };
            let Node::Range(inner, range) = &argument.unparenthesised().node else {
                return None;
            };
            let series = inner.unparenthesised();
            let Node::Selector(selector) = &series.node else {
                return None;
            };
            let is_plain =
                range.node == DurationNode::Window && selector.modifiers == Modifiers::default();
            is_plain.then(|| {
                found.push(Counter {
                    factor,
                    series: series.clone(),
                });
            })
        }
        Node::Binary(_) => {
            scaled(expr, factor).and_then(|(inner, factor)| vector(inner, factor, found))
        }
        _ => None,
    }
}

/// The factor of `x * 2`, `2 * x` or `x / 2`, with `x`.
fn scaled(expr: &Expr, factor: f64) -> Option<(&Expr, f64)> {
    let Node::Binary(binary) = &expr.node else {
        return None;
    };
    if binary.matching.is_some() {
        return None;
    }
    let (left, right) = (constant(&binary.left), constant(&binary.right));
    let (inner, factor) = match (binary.op, left, right) {
        (BinaryOp::Multiply, None, Some(by)) => (&binary.left, factor * by),
        (BinaryOp::Multiply, Some(by), None) => (&binary.right, factor * by),
        (BinaryOp::Divide, None, Some(by)) => (&binary.left, factor / by),
        _ => return None,
    };
    factor.is_finite().then_some((inner, factor))
}

fn signed(op: UnaryOp, factor: f64) -> f64 {
    match op {
        UnaryOp::Minus => -factor,
        UnaryOp::Plus => factor,
    }
}

/// The value of a number, also with a sign.
fn constant(expr: &Expr) -> Option<f64> {
    match &expr.node {
        Node::Paren(inner) => constant(inner),
        Node::Number(text) => number(text),
        Node::Unary(op, inner) => constant(inner).map(|value| signed(*op, value)),
        _ => None,
    }
}

/// Returns whether an expression is `vector(0)`.
fn is_zero(expr: &Expr) -> bool {
    match &expr.node {
        Node::Paren(inner) => is_zero(inner),
        Node::Call(call) if call.function == "vector" => {
            matches!(call.args.as_slice(), [value] if constant(value) == Some(0.0))
        }
        _ => false,
    }
}

#[cfg(test)]
#[allow(clippy::expect_used)]
mod tests {
    use super::*;
    use crate::parse;

    fn found(query: &str) -> Option<String> {
        let counters = counters(&parse(query).expect(query))?;
        let texts = counters
            .into_iter()
            .map(|counter| format!("{} {}", counter.factor, counter.series));
        Some(texts.collect::<Vec<_>>().join("; "))
    }

    #[test]
    fn sums_of_rates_are_counters() {
        for (query, expected) in [
            ("sum(rate(x[$window]))", "1 x"),
            (
                "sum(sum by (pod) (rate(x{a=\"b\"}[$window])))",
                "1 x{a=\"b\"}",
            ),
            (
                "(sum(rate(x[$window])) + sum(rate(y[$window])))",
                "1 x; 1 y",
            ),
            (
                "sum(rate(x[$window])) - (sum(rate(y[$window])) - sum(rate(z[$window])))",
                "1 x; -1 y; 1 z",
            ),
            ("-sum(rate(x[$window]))", "-1 x"),
            ("sum(rate(x[$window])) / 2", "0.5 x"),
            ("2 * sum(-rate(x[$window]) * 3)", "-6 x"),
            ("sum(rate(x[$window])) or vector(0)", "1 x"),
            ("sum(rate(x[$window])) + sum(rate(x[$window]))", "2 x"),
            ("sum(rate(x[$window])) - sum(rate(x[$window]))", ""),
        ] {
            assert_eq!(found(query).as_deref(), Some(expected), "{query}");
        }
    }

    #[test]
    fn everything_else_is_not() {
        for query in [
            "rate(x[$window])",
            "sum by (pod) (rate(x[$window]))",
            "sum(rate(x[5m]))",
            "sum(increase(x[$window]))",
            "sum(rate(x[$window] offset 5m))",
            "sum(rate(x[$window])) > 1",
            "sum(rate(x[$window])) or sum(rate(y[$window]))",
            "sum(rate(x[$window])) or vector(1)",
            "sum(rate(x[$window]) * on (pod) y)",
            "max(rate(x[$window]))",
            "histogram_count(sum(rate(x[$window])))",
            "sum(rate(x[$window])) / 0",
            "sum(rate(x[$window])) * sum(rate(y[$window]))",
            "sum(rate(x[$window])) + 1",
            "sum(irate(x[$window]))",
        ] {
            assert_eq!(found(query), None, "{query}");
        }
    }
}
