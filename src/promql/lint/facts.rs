//! Facts about an expression for the lints, combined from those of its subexpressions.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use super::super::labels::{self, Labels, Wants};
use super::super::tree::*;
use super::Known;
use super::bounds::{self, Bounds};

/// Facts about an expression.
#[derive(Debug, Clone)]
pub(super) struct Facts {
    /// The labels of its series.
    pub(super) labels: Labels,
    /// The range of its values.
    pub(super) bounds: Bounds,
    /// A hash: equal only for identical expressions, ignoring places and parentheses.
    pub(super) identity: u64,
    /// The filters that each of its series passed: the [`identity`](Self::identity) of the filtered expression, and the range of
    /// its values.
    pub(super) limits: BTreeMap<u64, Bounds>,
    /// True if the existence of its series is informative: it counts, filters or tests for absence.
    pub(super) tells_presence: bool,
    /// True if it certainly has a series.
    pub(super) always_there: bool,
    /// The kind of its values.
    pub(super) measure: Measure,
    /// True if all its metrics are buckets of classic histograms; `None` if it has no metrics.
    pub(super) buckets: Option<bool>,
}

/// The kind of an expression's values, by the query's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Measure {
    /// A number of events, or events per second.
    Events,
    /// A ratio of events: a share or a mean.
    Ratio,
    /// A quantile.
    Quantile,
    /// Other or unknown.
    Other,
}

/// Infers the facts of an expression from those of its [`labels::children`].
pub(super) fn infer(expr: &Expr, mut children: Vec<Facts>, known: Known<'_>) -> Facts {
    let bounds: Vec<Bounds> = children.iter().map(|child| child.bounds).collect();
    let inside: Vec<&Labels> = children.iter().map(|child| &child.labels).collect();
    Facts {
        labels: labels::infer(expr, &inside, false),
        bounds: if leaves_nothing(expr, &children) {
            Bounds::nothing_left()
        } else {
            bounds::infer(expr, &bounds, known)
        },
        identity: identity(expr, &children),
        tells_presence: tells_presence(expr) || children.iter().any(|child| child.tells_presence),
        always_there: always_there(expr, &children),
        measure: measure(expr, &children),
        buckets: buckets(expr, &children),
        limits: limits(expr, &mut children),
    }
}

/// True for `x - x`.
fn leaves_nothing(expr: &Expr, children: &[Facts]) -> bool {
    match (&expr.node, children) {
        (Node::Binary(binary), [left, right]) => {
            binary.op == BinaryOp::Subtract
                && binary.matching.is_none()
                && binary.fill == Fill::default()
                && left.identity == right.identity
        }
        _ => false,
    }
}

fn identity(expr: &Expr, children: &[Facts]) -> u64 {
    if let (Node::Paren(_), [inner]) = (&expr.node, children) {
        return inner.identity;
    }
    let mut hasher = DefaultHasher::new();
    std::mem::discriminant(&expr.node).hash(&mut hasher);
    let mut own = String::new();
    match &expr.node {
        Node::Number(text) => text.hash(&mut hasher),
        Node::String(text) => own = text.to_string(),
        Node::Selector(_) | Node::Hole(_) => own = expr.to_string(),
        Node::Range(_, range) => own = range.to_string(),
        Node::Subquery(subquery) => {
            let step = subquery.step.as_ref().map(ToString::to_string);
            own = format!("{}:{step:?}{}", subquery.range, subquery.modifiers);
        }
        Node::Modified(_, modifiers) => own = modifiers.to_string(),
        Node::Call(call) => call.function.hash(&mut hasher),
        Node::Unary(op, _) => op.hash(&mut hasher),
        Node::Aggregate(aggregate) => {
            aggregate.op.hash(&mut hasher);
            if let Some(grouping) = &aggregate.grouping {
                grouping.without.hash(&mut hasher);
                names(&grouping.labels, &mut hasher);
            }
        }
        Node::Binary(binary) => {
            (binary.op, binary.return_bool, &binary.fill).hash(&mut hasher);
            if let Some(matching) = &binary.matching {
                matching.on.hash(&mut hasher);
                names(&matching.labels, &mut hasher);
                if let Some(group) = &matching.group {
                    group.left.hash(&mut hasher);
                    names(&group.labels, &mut hasher);
                }
            }
        }
        Node::Paren(_) => {}
    }
    own.hash(&mut hasher);
    if own.contains("${") {
        // Two holes may have different values.
        expr.span.hash(&mut hasher);
    }
    for child in children {
        child.identity.hash(&mut hasher);
    }
    hasher.finish()
}

fn names(labels: &[Label], hasher: &mut DefaultHasher) {
    labels.len().hash(hasher);
    for label in labels {
        label.name.hash(hasher);
    }
}

fn tells_presence(expr: &Expr) -> bool {
    match &expr.node {
        Node::Call(call) => matches!(
            call.function.as_str(),
            "absent" | "absent_over_time" | "present_over_time" | "count_over_time" | "vector"
        ),
        Node::Aggregate(aggregate) => {
            matches!(aggregate.op.as_str(), "count" | "count_values" | "group")
        }
        Node::Binary(binary) => {
            matches!(binary.op, BinaryOp::And | BinaryOp::Unless)
                || (binary.op.is_comparison() && !binary.return_bool)
        }
        _ => false,
    }
}

fn always_there(expr: &Expr, children: &[Facts]) -> bool {
    let child = |number: usize| children.get(number).is_some_and(|child| child.always_there);
    match &expr.node {
        Node::Paren(_) | Node::Unary(..) => child(0),
        Node::Call(call) => call.function == "vector",
        Node::Aggregate(aggregate) => !labels::chooses(aggregate) && child(0),
        Node::Binary(binary) => match binary.op {
            BinaryOp::Or => child(0) || child(1),
            op if op.is_set() || op.is_comparison() => false,
            _ => {
                (labels::surely_scalar(&binary.left) && child(1))
                    || (labels::surely_scalar(&binary.right) && child(0))
            }
        },
        _ => false,
    }
}

fn measure(expr: &Expr, children: &[Facts]) -> Measure {
    let child = |number: usize| {
        children
            .get(number)
            .map_or(Measure::Other, |child| child.measure)
    };
    let is_constant = |number: usize| {
        children
            .get(number)
            .is_some_and(|child| child.bounds.is_constant())
    };
    match &expr.node {
        Node::Paren(_) | Node::Range(..) | Node::Subquery(_) | Node::Modified(..) => child(0),
        Node::Selector(selector) => {
            let is_quantile = selector.matchers.iter().any(|matcher| {
                matcher.label == "quantile"
                    && matcher
                        .value
                        .text()
                        .is_some_and(|text| labels::wants(matcher.op, text) == Wants::Value)
            });
            if is_quantile {
                Measure::Quantile
            } else {
                Measure::Other
            }
        }
        Node::Call(call) => match call.function.as_str() {
            "rate" | "increase" | "irate" => Measure::Events,
            "histogram_quantile" => Measure::Quantile,
            "clamp_min" => child(0),
            _ => Measure::Other,
        },
        Node::Aggregate(aggregate) if aggregate.op == "sum" && child(0) == Measure::Events => {
            Measure::Events
        }
        Node::Binary(binary) => match (binary.op, child(0), child(1)) {
            (BinaryOp::Divide, Measure::Events, Measure::Events) => Measure::Ratio,
            (BinaryOp::Add | BinaryOp::Subtract, Measure::Events, Measure::Events) => {
                Measure::Events
            }
            (BinaryOp::Or | BinaryOp::And | BinaryOp::Unless, left, _) => left,
            (op, left, _) if op.is_comparison() && !binary.return_bool => left,
            (BinaryOp::Multiply | BinaryOp::Divide, left, _) if is_constant(1) => left,
            (BinaryOp::Multiply, _, right) if is_constant(0) => right,
            // `1 - ratio` is the complementary ratio.
            (BinaryOp::Subtract, _, Measure::Ratio) if is_constant(0) => Measure::Ratio,
            _ => Measure::Other,
        },
        _ => Measure::Other,
    }
}

fn buckets(expr: &Expr, children: &[Facts]) -> Option<bool> {
    match &expr.node {
        Node::Selector(selector) => Some(
            selector
                .metric
                .as_ref()
                .is_some_and(|metric| metric.text.ends_with("_bucket")),
        ),
        Node::Hole(_) => Some(false),
        _ => children
            .iter()
            .filter_map(|child| child.buckets)
            .reduce(|a, b| a && b),
    }
}

fn limits(expr: &Expr, children: &mut [Facts]) -> BTreeMap<u64, Bounds> {
    match (&expr.node, children) {
        (Node::Paren(_), [inner]) => std::mem::take(&mut inner.limits),
        (Node::Binary(binary), [left, right]) => match binary.op {
            BinaryOp::Unless => std::mem::take(&mut left.limits),
            BinaryOp::And if binary.matching.is_none() => {
                let mut limits = std::mem::take(&mut left.limits);
                for (of, bounds) in std::mem::take(&mut right.limits) {
                    limits
                        .entry(of)
                        .and_modify(|known| *known = known.intersection(bounds))
                        .or_insert(bounds);
                }
                limits
            }
            op if op.is_comparison()
                && !binary.return_bool
                && binary.matching.is_none()
                && binary.fill == Fill::default() =>
            {
                // A comparison of a vector with a number.
                let (of, op, value) = match (left.bounds.value(), right.bounds.value()) {
                    (_, Some(value)) if right.bounds.is_constant() => (left.identity, op, value),
                    (Some(value), _) if left.bounds.is_constant() => {
                        (right.identity, op.mirrored(), value)
                    }
                    _ => return BTreeMap::new(),
                };
                BTreeMap::from([(of, Bounds::from_comparison(op, value))])
            }
            _ => BTreeMap::new(),
        },
        _ => BTreeMap::new(),
    }
}
