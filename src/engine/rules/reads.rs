//! What a rule's query reads.

use nth_promql::{Call, Duration, DurationNode, Expr, MatchOp, Modifiers, Node, Selector};
use smol_str::SmolStr;

use super::writes::Written;
use crate::labels::METRIC_NAME;

/// A selector of a query, and where it looks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Read<'e> {
    pub(super) selector: &'e Selector,
    /// True if it never sees samples of the last millisecond before the time of evaluation: an offset.
    pub(super) delayed: bool,
    /// True if it may see samples after the time of evaluation, if there are any: a negative offset, or `@`.
    pub(super) peeks: bool,
}

/// Returns the selectors of a query.
pub(super) fn reads(expr: &Expr) -> Vec<Read<'_>> {
    let mut found = Vec::new();
    collect(expr, Place::default(), &mut found);
    found
}

/// True if a query must be evaluated at each time by itself: its result depends on the bounds of the range of evaluation, or on
/// samples after the time of evaluation.
pub(super) fn is_instant_only(expr: &Expr) -> bool {
    reads(expr).iter().any(|read| read.peeks)
        || nth_promql::classify::exprs(expr).any(|expr| match &expr.node {
            Node::Range(_, range) => !is_fixed(range),
            Node::Subquery(subquery) => {
                !is_fixed(&subquery.range)
                    || subquery.step.as_ref().is_some_and(|step| !is_fixed(step))
                    || subquery.modifiers.at.is_some()
            }
            _ => false,
        })
}

/// True if a duration does not depend on the range of evaluation.
fn is_fixed(duration: &Duration) -> bool {
    matches!(duration.node, DurationNode::Literal(_))
}

#[derive(Debug, Clone, Copy, Default)]
struct Place {
    delayed: bool,
    peeks: bool,
}

impl Place {
    fn with(mut self, modifiers: &Modifiers) -> Self {
        self.peeks |= modifiers.at.is_some() || modifiers.extended.is_some();
        if let Some(offset) = &modifiers.offset {
            match &offset.duration.node {
                DurationNode::Literal(text) if !offset.negative => {
                    self.delayed |= is_positive(text)
                }
                _ => self.peeks = true,
            }
        }
        self
    }
}

/// True if a duration's literal is certainly at least 1 ms. False for numbers of seconds.
fn is_positive(text: &str) -> bool {
    let has_digit = text.bytes().any(|byte| matches!(byte, b'1'..=b'9'));
    let has_unit = text.ends_with(['s', 'm', 'h', 'd', 'w', 'y']);
    has_digit && has_unit
}

fn collect<'e>(expr: &'e Expr, place: Place, found: &mut Vec<Read<'e>>) {
    match &expr.node {
        Node::Number(_) | Node::String(_) | Node::Hole(_) => {}
        Node::Selector(selector) => {
            let Place { delayed, peeks } = place.with(&selector.modifiers);
            found.push(Read {
                selector,
                delayed,
                peeks,
            });
        }
        Node::Range(inner, _) | Node::Unary(_, inner) | Node::Paren(inner) => {
            collect(inner, place, found);
        }
        Node::Modified(inner, modifiers) => collect(inner, place.with(modifiers), found),
        Node::Subquery(subquery) => collect(&subquery.expr, place.with(&subquery.modifiers), found),
        Node::Call(Call { args, .. }) => args.iter().for_each(|arg| collect(arg, place, found)),
        Node::Aggregate(aggregate) => {
            for expr in aggregate.param.iter().chain([&aggregate.expr]) {
                collect(expr, place, found);
            }
        }
        Node::Binary(binary) => {
            for expr in [&binary.left, &binary.right] {
                collect(expr, place, found);
            }
        }
    }
}

/// Returns the metric's name that a selector requires; `None` if there may be several.
pub(super) fn metric_of(selector: &Selector) -> Option<SmolStr> {
    if let Some(metric) = &selector.metric {
        return Some(metric.text.clone());
    }
    selector
        .matchers
        .iter()
        .find(|matcher| matcher.label == METRIC_NAME && matcher.op == MatchOp::Equal)
        .and_then(|matcher| matcher.value.text().map(SmolStr::from))
}

/// True if a selector may select series that a rule writes. Only labels with known values decide.
pub(super) fn may_select(selector: &Selector, written: &Written<'_>) -> bool {
    selector
        .metric
        .as_ref()
        .is_none_or(|metric| metric.text == *written.metric)
        && selector.matchers.iter().all(|matcher| {
            let Some(value) = written.known(&matcher.label) else {
                return true;
            };
            let Some(text) = matcher.value.text() else {
                return true;
            };
            match matcher.op {
                MatchOp::Equal => text == value,
                MatchOp::NotEqual => text != value,
                MatchOp::Matches => nth_promql::matches_any(text, [value]).unwrap_or(true),
                MatchOp::NotMatches => !nth_promql::matches_any(text, [value]).unwrap_or(false),
            }
        })
}
