//! Mutants of queries.

use nth_promql::rewrite::each_expr;
use nth_promql::{
    BinaryOp, Duration, DurationNode, Expr, LabelMatchers, MatchOp, Node, Selector, Span, build,
};
use smol_str::SmolStr;

use super::mutant::MutationKind;
use super::mutator::becomes;
use crate::testing::incidents::{constant, rounded};

/// A query with one change.
#[derive(Debug, Clone, PartialEq)]
pub struct Variant {
    /// What is changed.
    pub kind: MutationKind,
    /// The change: "`> 1000` becomes `> 10000`".
    pub change: String,
    /// The changed query.
    pub expr: Expr,
}

/// A changed node.
struct Changed {
    kind: MutationKind,
    change: String,
    expr: Expr,
}

/// Returns the queries that differ from one by one change. Only what is written is changed: not what the compiler adds, such as
/// the matchers of the service's selector.
pub fn variants(expr: &Expr, selector: &LabelMatchers) -> Vec<Variant> {
    let mut nodes = Vec::new();
    each_expr(&mut expr.clone(), &mut |node| nodes.push(node.clone()));
    let mut found: Vec<Variant> = Vec::new();
    for (index, node) in nodes.iter().enumerate() {
        for changed in of_node(node, selector) {
            let mut whole = expr.clone();
            let mut place = 0;
            // Parents first: what follows the changed node is not counted correctly, but not changed either.
            each_expr(&mut whole, &mut |node| {
                if place == index {
                    *node = changed.expr.clone();
                }
                place += 1;
            });
            let variant = Variant {
                kind: changed.kind,
                change: changed.change,
                expr: whole,
            };
            if variant.expr != *expr && !found.contains(&variant) {
                found.push(variant);
            }
        }
    }
    found
}

fn of_node(expr: &Expr, selector: &LabelMatchers) -> Vec<Changed> {
    match &expr.node {
        Node::Binary(binary) if binary.op.is_comparison() && is_written(binary.op_span) => {
            comparison(expr)
        }
        Node::Aggregate(aggregate) if is_written(aggregate.op_span) => {
            let Some(op) = other_aggregation(&aggregate.op) else {
                return Vec::new();
            };
            let mut changed = aggregate.clone();
            changed.op = op.into();
            vec![Changed {
                kind: MutationKind::Aggregation,
                change: becomes(&aggregate.op, op),
                expr: with_node(expr, Node::Aggregate(changed)),
            }]
        }
        Node::Range(inner, range) if is_written(range.span) => {
            let changed = other_window(range).map(|(change, range)| Changed {
                kind: MutationKind::Window,
                change,
                expr: with_node(expr, Node::Range(inner.clone(), range)),
            });
            changed.into_iter().collect()
        }
        Node::Subquery(subquery) if is_written(subquery.range.span) => {
            let changed = other_window(&subquery.range).map(|(change, range)| {
                let mut longer = subquery.clone();
                longer.range = range;
                Changed {
                    kind: MutationKind::Window,
                    change,
                    expr: with_node(expr, Node::Subquery(longer)),
                }
            });
            changed.into_iter().collect()
        }
        Node::Selector(of) => matchers(expr, of, selector),
        _ => Vec::new(),
    }
}

/// True if a place is in a text, and not that of a node that the compiler adds.
fn is_written(span: Span) -> bool {
    span.start < span.end
}

fn with_node(expr: &Expr, node: Node) -> Expr {
    Expr {
        node,
        span: expr.span,
    }
}

/// The operator in the other direction, and the thresholds around the constant operand.
fn comparison(expr: &Expr) -> Vec<Changed> {
    let Node::Binary(binary) = &expr.node else {
        return Vec::new();
    };
    let mut found = Vec::new();
    let other = match binary.op {
        BinaryOp::Less => BinaryOp::Greater,
        BinaryOp::LessOrEqual => BinaryOp::GreaterOrEqual,
        BinaryOp::Greater => BinaryOp::Less,
        BinaryOp::GreaterOrEqual => BinaryOp::LessOrEqual,
        BinaryOp::Equal => BinaryOp::NotEqual,
        _ => BinaryOp::Equal,
    };
    let sides = [(&binary.left, false), (&binary.right, true)];
    let constants: Vec<(f64, &Expr, bool)> = sides
        .into_iter()
        .filter_map(|(side, is_right)| Some((constant(side)?, side, is_right)))
        .collect();
    // Two numbers: nothing is measured.
    if constants.len() > 1 {
        return found;
    }
    let shown = |op: BinaryOp, number: Option<(&Expr, bool)>| match number {
        Some((number, true)) => format!("{} {number}", op.as_str()),
        Some((number, false)) => format!("{number} {}", op.as_str()),
        None => op.as_str().to_owned(),
    };
    let number = constants.first().map(|(_, side, right)| (*side, *right));
    let mut changed = binary.clone();
    changed.op = other;
    found.push(Changed {
        kind: MutationKind::Comparison,
        change: becomes(shown(binary.op, number), shown(other, number)),
        expr: with_node(expr, Node::Binary(changed)),
    });
    for (value, side, is_right) in constants {
        for value in other_thresholds(value) {
            let written = build::number(value.to_string());
            let mut changed = binary.clone();
            let place = match is_right {
                true => &mut changed.right,
                false => &mut changed.left,
            };
            *place = written.clone();
            found.push(Changed {
                kind: MutationKind::Threshold,
                change: becomes(
                    shown(binary.op, Some((side, is_right))),
                    shown(binary.op, Some((&written, is_right))),
                ),
                expr: with_node(expr, Node::Binary(changed)),
            });
        }
    }
    found
}

/// The thresholds that replace one: ten times as much and a tenth, or 1 instead of 0.
fn other_thresholds(value: f64) -> Vec<f64> {
    if !value.is_finite() {
        return Vec::new();
    }
    if value == 0.0 {
        return vec![1.0];
    }
    vec![rounded(value * 10.0), rounded(value / 10.0)]
}

fn other_aggregation(op: &str) -> Option<&'static str> {
    Some(match op {
        "sum" | "avg" | "min" | "count" => "max",
        "max" => "min",
        "topk" => "bottomk",
        "bottomk" => "topk",
        _ => return None,
    })
}

/// The milliseconds of an hour.
const HOUR: i64 = 3_600_000;

/// Another window: an hour instead of a shorter one, five minutes instead of a longer one.
fn other_window(range: &Duration) -> Option<(String, Duration)> {
    let DurationNode::Literal(text) = &range.node else {
        return None;
    };
    let other = if nth_promql::milliseconds(text)? < HOUR {
        "1h"
    } else {
        "5m"
    };
    let changed = Duration {
        node: DurationNode::Literal(other.into()),
        span: range.span,
    };
    let bracketed = |text: &SmolStr| format!("[{text}]");
    Some((becomes(bracketed(text), bracketed(&other.into())), changed))
}

/// Each written matcher, once without it and once with the opposite operator.
fn matchers(expr: &Expr, of: &Selector, selector: &LabelMatchers) -> Vec<Changed> {
    let mut found = Vec::new();
    for (index, matcher) in of.matchers.iter().enumerate() {
        if selector.contains(&matcher.label) || !is_written(matcher.label_span) {
            continue;
        }
        let shown = |op: MatchOp| {
            let value = matcher.value.text().unwrap_or_default();
            format!("{}{}\"{value}\"", matcher.label, op.as_str())
        };
        let mut dropped = of.clone();
        dropped.matchers.remove(index);
        found.push(Changed {
            kind: MutationKind::Matcher,
            change: format!("`{}` vanishes", shown(matcher.op)),
            expr: with_node(expr, Node::Selector(dropped)),
        });
        let opposite = match matcher.op {
            MatchOp::Equal => MatchOp::NotEqual,
            MatchOp::NotEqual => MatchOp::Equal,
            MatchOp::Matches => MatchOp::NotMatches,
            MatchOp::NotMatches => MatchOp::Matches,
        };
        let mut flipped = of.clone();
        if let Some(matcher) = flipped.matchers.get_mut(index) {
            matcher.op = opposite;
        }
        found.push(Changed {
            kind: MutationKind::Matcher,
            change: becomes(shown(matcher.op), shown(opposite)),
            expr: with_node(expr, Node::Selector(flipped)),
        });
    }
    found
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use nth_promql::parse;

    use super::*;

    fn changes(query: &str) -> Vec<String> {
        let selector = LabelMatchers::from_iter([("job", "checkout")]);
        let all = variants(&parse(query).unwrap(), &selector);
        all.iter()
            .map(|variant| format!("{}: {}", variant.kind.name(), variant.change))
            .collect()
    }

    fn queries(query: &str) -> Vec<String> {
        let all = variants(&parse(query).unwrap(), &LabelMatchers::default());
        all.iter().map(|variant| variant.expr.to_string()).collect()
    }

    #[test]
    fn each_part_of_a_query_is_changed_by_itself() {
        assert_eq!(
            queries(r#"sum(rate(x{code=~"5.."}[5m])) > 1"#),
            [
                r#"sum(rate(x{code=~"5.."}[5m])) < 1"#,
                r#"sum(rate(x{code=~"5.."}[5m])) > 10"#,
                r#"sum(rate(x{code=~"5.."}[5m])) > 0.1"#,
                r#"max(rate(x{code=~"5.."}[5m])) > 1"#,
                r#"sum(rate(x{code=~"5.."}[1h])) > 1"#,
                r#"sum(rate(x[5m])) > 1"#,
                r#"sum(rate(x{code!~"5.."}[5m])) > 1"#,
            ]
        );
    }

    #[test]
    fn changes_are_shown_as_they_are_written() {
        assert_eq!(
            changes("time() - max(x) > 6 * 3600"),
            [
                "comparison: `> 6 * 3600` becomes `< 6 * 3600`",
                "threshold: `> 6 * 3600` becomes `> 216000`",
                "threshold: `> 6 * 3600` becomes `> 2160`",
                "aggregation: `max` becomes `min`",
            ]
        );
        assert_eq!(
            changes("a == b and 0 < c"),
            [
                "comparison: `==` becomes `!=`",
                "comparison: `0 <` becomes `0 >`",
                "threshold: `0 <` becomes `1 <`",
            ]
        );
    }

    #[test]
    fn what_the_service_adds_is_not_changed() {
        assert_eq!(
            changes(r#"x{job="checkout", kind="a"} > 0"#)[2..],
            [
                "matcher: `kind=\"a\"` vanishes",
                "matcher: `kind=\"a\"` becomes `kind!=\"a\"`",
            ]
        );
    }

    #[test]
    fn long_windows_become_short() {
        assert_eq!(
            changes("max_over_time(x[6h:1m]) == 1"),
            [
                "comparison: `== 1` becomes `!= 1`",
                "threshold: `== 1` becomes `== 10`",
                "threshold: `== 1` becomes `== 0.1`",
                "window: `[6h]` becomes `[5m]`",
            ]
        );
    }

    #[test]
    fn numbers_have_no_digits_of_the_computation() {
        assert_eq!(other_thresholds(0.95), [9.5, 0.095]);
        assert_eq!(other_thresholds(0.003), [0.03, 0.0003]);
        assert_eq!(other_thresholds(f64::INFINITY), [0.0; 0]);
    }
}
