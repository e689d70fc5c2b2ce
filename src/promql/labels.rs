//! Inference of the labels of a query's result.
//!
//! The labels of metrics are unknown here: a selector can have any. Known are the labels that an aggregation, a function or
//! vector matching keeps. The name, `__name__`, is ignored.

use std::collections::BTreeSet;

use smol_str::SmolStr;

use super::regex;
use super::tree::*;

/// A set of label names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LabelSet {
    /// Only these labels.
    Only(BTreeSet<SmolStr>),
    /// All labels except these.
    AllBut(BTreeSet<SmolStr>),
}

impl LabelSet {
    /// Returns the set of all labels.
    pub fn all() -> Self {
        Self::AllBut(BTreeSet::new())
    }

    /// Returns the empty set.
    pub fn none() -> Self {
        Self::Only(BTreeSet::new())
    }

    /// True if the set contains the label.
    pub fn has(&self, label: &str) -> bool {
        match self {
            Self::Only(names) => names.contains(label),
            Self::AllBut(names) => !names.contains(label),
        }
    }

    fn add(&mut self, label: SmolStr) {
        match self {
            Self::Only(names) => {
                names.insert(label);
            }
            Self::AllBut(names) => {
                names.remove(&label);
            }
        }
    }

    fn remove(&mut self, label: &SmolStr) {
        match self {
            Self::Only(names) => {
                names.remove(label);
            }
            Self::AllBut(names) => {
                names.insert(label.clone());
            }
        }
    }

    fn union(self, other: Self) -> Self {
        match (self, other) {
            (Self::Only(a), Self::Only(b)) => Self::Only(a.into_iter().chain(b).collect()),
            (Self::AllBut(a), Self::AllBut(b)) => {
                Self::AllBut(a.into_iter().filter(|name| b.contains(name)).collect())
            }
            (Self::Only(only), Self::AllBut(but)) | (Self::AllBut(but), Self::Only(only)) => {
                Self::AllBut(
                    but.into_iter()
                        .filter(|name| !only.contains(name))
                        .collect(),
                )
            }
        }
    }
}

/// The known labels of an expression's series.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Labels {
    /// The labels that a series can have.
    pub(super) may: LabelSet,
    /// The labels that a series has according to the query: those of matchers that require a value, or of `by`.
    pub(super) sure: BTreeSet<SmolStr>,
}

impl Labels {
    /// Returns unknown labels.
    pub(super) fn unknown() -> Self {
        Self {
            may: LabelSet::all(),
            sure: BTreeSet::new(),
        }
    }

    /// Returns the labels of series without any.
    pub(super) fn none() -> Self {
        Self {
            may: LabelSet::none(),
            sure: BTreeSet::new(),
        }
    }

    fn remove(&mut self, label: &SmolStr) {
        self.may.remove(label);
        self.sure.remove(label);
    }

    /// Adds a label that may be empty.
    fn add(&mut self, label: SmolStr) {
        self.sure.remove(&label);
        self.may.add(label);
    }

    fn keep(&mut self, labels: &[Label], are_meant: bool) {
        let kept: BTreeSet<SmolStr> = labels
            .iter()
            .filter(|label| self.may.has(&label.name))
            .map(|label| label.name.clone())
            .collect();
        if are_meant {
            self.sure = kept.clone();
        } else {
            self.sure.retain(|label| kept.contains(label));
        }
        self.may = LabelSet::Only(kept);
    }
}

/// Returns the labels that the series of a query's result can have. Matchers that are added to its selectors later are not
/// considered.
///
/// ```
/// use nth_promql::{labels_of, parse};
///
/// let labels = |text| labels_of(&parse(text).unwrap());
/// assert!(labels("rate(x[5m]) > 1").has("instance"));
/// assert!(!labels("sum(rate(x[5m])) > 1").has("instance"));
/// assert!(labels("sum by (job) (x)").has("job") && !labels("sum without (job) (x)").has("job"));
/// ```
pub fn labels_of(expr: &Expr) -> LabelSet {
    fn walk(expr: &Expr) -> Labels {
        let children: Vec<Labels> = children(expr).into_iter().map(walk).collect();
        infer(expr, &children.iter().collect::<Vec<_>>(), true)
    }
    walk(expr).may
}

/// Returns the direct subexpressions, in the order that [`infer`] expects.
pub(super) fn children(expr: &Expr) -> Vec<&Expr> {
    match &expr.node {
        Node::Number(_) | Node::String(_) | Node::Selector(_) | Node::Hole(_) => Vec::new(),
        Node::Range(inner, _)
        | Node::Unary(_, inner)
        | Node::Paren(inner)
        | Node::Modified(inner, _) => vec![inner],
        Node::Subquery(subquery) => vec![&subquery.expr],
        Node::Call(call) => call.args.iter().collect(),
        Node::Aggregate(aggregate) => std::iter::once(&aggregate.expr)
            .chain(&aggregate.param)
            .collect(),
        Node::Binary(binary) => vec![&binary.left, &binary.right],
    }
}

/// Infers the labels of an expression from those of its [`children`]. `is_whole` is true if its selectors already have all
/// their matchers.
pub(super) fn infer(expr: &Expr, children: &[&Labels], is_whole: bool) -> Labels {
    let child = |number: usize| {
        children
            .get(number)
            .map_or_else(Labels::unknown, |labels| (*labels).clone())
    };
    match &expr.node {
        Node::Number(_) | Node::String(_) => Labels::none(),
        Node::Selector(selector) => infer_selector(selector),
        Node::Hole(_) => Labels::unknown(),
        Node::Range(..)
        | Node::Unary(..)
        | Node::Paren(_)
        | Node::Modified(..)
        | Node::Subquery(_) => child(0),
        Node::Call(call) => infer_call(call, child, is_whole),
        Node::Aggregate(aggregate) => infer_aggregate(aggregate, child(0)),
        Node::Binary(binary) => infer_binary(binary, child(0), child(1)),
    }
}

fn infer_selector(selector: &Selector) -> Labels {
    let mut labels = Labels::unknown();
    for matcher in &selector.matchers {
        let Some(text) = matcher.value.text() else {
            continue;
        };
        match wants(matcher.op, text) {
            Wants::Empty => labels.remove(&matcher.label),
            Wants::Value => {
                labels.sure.insert(matcher.label.clone());
            }
            Wants::Either => {}
        }
    }
    labels.sure.remove("__name__");
    labels
}

/// The values of a label that a matcher accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wants {
    /// Only empty, which is the same as missing.
    Empty,
    /// Only non-empty values.
    Value,
    /// Both.
    Either,
}

/// Classifies a matcher with this value.
pub(super) fn wants(op: MatchOp, text: &str) -> Wants {
    match op {
        MatchOp::Equal if text.is_empty() => Wants::Empty,
        MatchOp::Equal => Wants::Value,
        MatchOp::NotEqual if text.is_empty() => Wants::Value,
        MatchOp::NotEqual => Wants::Either,
        MatchOp::Matches if text.is_empty() => Wants::Empty,
        MatchOp::NotMatches if text == ".+" => Wants::Empty,
        MatchOp::Matches => match regex::matches_empty(text) {
            Ok(false) => Wants::Value,
            _ => Wants::Either,
        },
        MatchOp::NotMatches => match regex::matches_empty(text) {
            Ok(true) => Wants::Value,
            _ => Wants::Either,
        },
    }
}

fn infer_call(call: &Call, child: impl Fn(usize) -> Labels, is_whole: bool) -> Labels {
    let text = |number: usize| match call.args.get(number).map(|arg| &arg.unparenthesised().node) {
        Some(Node::String(string)) => string.text(),
        _ => None,
    };
    let with = |mut labels: Labels, label: Option<&str>| match label {
        Some(label) => {
            labels.add(label.into());
            labels
        }
        None => Labels::unknown(),
    };
    match call.function.as_str() {
        "absent" | "absent_over_time" => absent_labels(call, is_whole),
        "label_replace" | "label_join" => with(child(0), text(1)),
        "histogram_quantile" => without_le(child(1)),
        "histogram_fraction" => without_le(child(2)),
        "histogram_quantiles" => with(without_le(child(0)), text(1)),
        // These copy labels from other metrics.
        "info" => Labels::unknown(),
        _ => match super::functions::function(&call.function) {
            Some(function) => {
                let vector = (0..call.args.len()).find(|number| {
                    matches!(
                        function.arg(*number),
                        Some(super::Type::InstantVector | super::Type::RangeVector)
                    )
                });
                vector.map_or_else(Labels::none, child)
            }
            None => Labels::unknown(),
        },
    }
}

fn without_le(mut labels: Labels) -> Labels {
    labels.remove(&"le".into());
    labels
}

/// Labels of `absent(selector)`: those of its `=` matchers.
fn absent_labels(call: &Call, is_whole: bool) -> Labels {
    let mut arg = call.args.first().map(Expr::unparenthesised);
    if let Some(Expr {
        node: Node::Range(inner, _),
        ..
    }) = arg
    {
        arg = Some(inner.unparenthesised());
    }
    match arg.map(|arg| &arg.node) {
        Some(Node::Selector(selector)) => {
            let names: BTreeSet<SmolStr> = selector
                .matchers
                .iter()
                .filter(|matcher| matcher.op == MatchOp::Equal)
                .map(|matcher| matcher.label.clone())
                .collect();
            if is_whole {
                Labels {
                    sure: BTreeSet::new(),
                    may: LabelSet::Only(names),
                }
            } else {
                Labels::unknown()
            }
        }
        Some(Node::Hole(_) | Node::Modified(..)) | None => Labels::unknown(),
        Some(_) => Labels::none(),
    }
}

/// True if an aggregation selects series instead of creating new ones.
pub(super) fn chooses(aggregate: &Aggregate) -> bool {
    matches!(
        aggregate.op.as_str(),
        "topk" | "bottomk" | "limitk" | "limit_ratio"
    )
}

fn infer_aggregate(aggregate: &Aggregate, mut labels: Labels) -> Labels {
    if chooses(aggregate) {
        return labels;
    }
    match &aggregate.grouping {
        None => labels = Labels::none(),
        Some(grouping) if grouping.without => {
            for label in &grouping.labels {
                labels.remove(&label.name);
            }
        }
        Some(grouping) => labels.keep(&grouping.labels, true),
    }
    if aggregate.op == "count_values" {
        match aggregate
            .param
            .as_ref()
            .map(|param| &param.unparenthesised().node)
        {
            Some(Node::String(string)) if string.text().is_some() => {
                labels.add(string.text().unwrap_or_default().into());
            }
            _ => return Labels::unknown(),
        }
    }
    labels
}

fn infer_binary(binary: &Binary, left: Labels, right: Labels) -> Labels {
    match binary.op {
        BinaryOp::And | BinaryOp::Unless => return left,
        BinaryOp::Or => {
            return Labels {
                may: left.may.union(right.may),
                sure: left
                    .sure
                    .into_iter()
                    .filter(|label| right.sure.contains(label))
                    .collect(),
            };
        }
        _ => {}
    }
    if surely_scalar(&binary.left) {
        return right;
    }
    if surely_scalar(&binary.right) {
        return left;
    }
    if binary.fill != Fill::default() {
        return Labels {
            may: left.may.union(right.may),
            sure: BTreeSet::new(),
        };
    }
    let group = binary
        .matching
        .as_ref()
        .and_then(|matching| matching.group.as_ref());
    match (group, &binary.matching) {
        (Some(group), _) => {
            let (mut many, one) = if group.left {
                (left, right)
            } else {
                (right, left)
            };
            for label in &group.labels {
                if one.may.has(&label.name) {
                    many.add(label.name.clone());
                } else {
                    many.remove(&label.name);
                }
            }
            many
        }
        // If a side is a scalar, the result has the labels of the other side.
        (None, None) if may_be_scalar(&binary.left) => Labels {
            may: left.may.union(right.may),
            sure: BTreeSet::new(),
        },
        (None, None) => left,
        (None, Some(matching)) if matching.on => {
            let mut labels = left;
            labels.keep(&matching.labels, false);
            labels
        }
        (None, Some(matching)) => {
            let mut labels = left;
            for label in &matching.labels {
                labels.remove(&label.name);
            }
            labels
        }
    }
}

/// True if it is a scalar for any interpolated values.
pub(super) fn surely_scalar(expr: &Expr) -> bool {
    match &expr.node {
        Node::Number(_) => true,
        Node::Paren(inner) | Node::Unary(_, inner) => surely_scalar(inner),
        Node::Call(call) => super::functions::function(&call.function)
            .is_some_and(|function| function.result == super::Type::Scalar),
        Node::Binary(binary) => surely_scalar(&binary.left) && surely_scalar(&binary.right),
        _ => false,
    }
}

/// True if it can be a scalar: it is one, or it consists only of holes.
pub(super) fn may_be_scalar(expr: &Expr) -> bool {
    match &expr.node {
        Node::Hole(_) => true,
        Node::Paren(inner) | Node::Unary(_, inner) => may_be_scalar(inner),
        Node::Binary(binary) => {
            !binary.op.is_set() && may_be_scalar(&binary.left) && may_be_scalar(&binary.right)
        }
        _ => surely_scalar(expr),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::parse;
    use super::*;

    #[test]
    fn what_is_left() {
        for (text, there, gone) in [
            ("x", "a b", ""),
            ("x{a=\"\"}", "b", "a"),
            ("sum(x)", "", "a"),
            ("sum by (a) (x)", "a", "b"),
            ("sum without (a) (x)", "b", "a"),
            ("topk(3, x)", "a", ""),
            ("topk by (a) (3, x)", "a b", ""),
            ("count_values(\"v\", x)", "v", "a"),
            ("vector(1)", "", "a"),
            ("hour()", "", "a"),
            ("hour(x)", "a", ""),
            ("absent(x{a=\"1\", b=~\"2\"})", "a", "b c"),
            ("absent_over_time(x{a=\"1\"}[5m])", "a", "b"),
            ("absent(sum(x{a=\"1\"}))", "", "a"),
            (
                "label_replace(sum(x), \"d\", \"$1\", \"a\", \"(.*)\")",
                "d",
                "a",
            ),
            (
                "label_join(sum by (a) (x), \"d\", \"-\", \"a\")",
                "a d",
                "b",
            ),
            (
                "histogram_quantile(0.9, sum by (le, a) (rate(x_bucket[5m])))",
                "a",
                "le b",
            ),
            ("rate(x[5m]) > 1", "a", ""),
            ("1 < sum(x)", "", "a"),
            ("sum by (a) (x) > 5 and on () y", "a", "b"),
            ("sum by (a) (x) or sum by (b) (y)", "a b", "c"),
            ("sum by (a) (x) unless y", "a", "b"),
            ("x / on (a) y", "a", "b"),
            ("x / ignoring (a) y", "b", "a"),
            ("x * on (a) group_left (t) y", "a b t", ""),
            ("sum by (a) (x) * on (a) group_left (t) y", "a t", "b"),
            ("x * on (a) group_left (t) sum by (a) (y)", "a b", "t"),
            ("sum by (a) (x) * on (a) group_right (t) y", "a b", "t"),
            ("max_over_time(sum by (a) (x)[1h:1m])", "a", "b"),
            ("scalar(x) * sum by (a) (x)", "a", "b"),
            ("${_} * sum by (a) (x)", "a b", ""),
            ("-sum by (a) (x)", "a", "b"),
        ] {
            let labels = labels_of(&parse(text).unwrap());
            for label in there.split_whitespace() {
                assert!(labels.has(label), "{text} has {label}: {labels:?}");
            }
            for label in gone.split_whitespace() {
                assert!(!labels.has(label), "{text} lacks {label}: {labels:?}");
            }
        }
    }
}
