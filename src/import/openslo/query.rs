//! Conversion of PromQL queries: their range becomes `$window`, and labels that the service's selector adds are removed.

use std::collections::BTreeSet;

use super::model::Metric;
use super::reader::Findings;
use crate::diagnostics::{Diagnostic, codes};
use crate::promql::classify::{exprs, is_selector, metrics, uses_window};
use crate::promql::rewrite::{each_expr, hide};
use crate::promql::{
    Duration, DurationNode, Expr, LabelMatchers, LabelSet, MatchOp, Node, Selector, build,
    labels_of, parse,
};

/// Parses the query of a metric. `None` if there is none or it is invalid, which is reported.
pub fn tree(metric: &Metric, findings: &mut Findings) -> Option<Expr> {
    let Some(query) = &metric.query else {
        findings.report(
            &codes::OPENSLO_NOT_EXPRESSIBLE,
            metric.span,
            "missing PromQL query in `spec.query`",
            "no other field is read",
        );
        return None;
    };
    let expr = match parse(&query.value) {
        Ok(expr) => expr,
        Err(errors) => {
            let mut diagnostic = Diagnostic::new(
                &codes::OPENSLO_BAD_VALUE,
                "invalid PromQL query",
                query.span,
            );
            if let Some(error) = errors.first() {
                diagnostic = diagnostic.label(error.message.clone());
            }
            findings.diagnostics.push(diagnostic);
            return None;
        }
    };
    // In `.nth` these are interpolations; in a query for Prometheus they are variables of another program.
    let has_hole = exprs(&expr).any(|expr| matches!(expr.node, Node::Hole(_)));
    if has_hole || uses_window(&expr) {
        findings.report(
            &codes::OPENSLO_NOT_EXPRESSIBLE,
            query.span,
            "variables are not supported in a query",
            "Prometheus would reject it",
        );
        return None;
    }
    Some(expr)
}

/// Returns the ranges of a query, as they are written.
fn ranges(expr: &Expr) -> BTreeSet<String> {
    let text = |duration: &Duration| match &duration.node {
        DurationNode::Literal(text) => text.to_string(),
        // Two computed ranges never count as the same.
        _ => "a computed one".to_owned(),
    };
    exprs(expr)
        .filter_map(|expr| match &expr.node {
            Node::Range(_, range) => Some(text(range)),
            Node::Subquery(subquery) => Some(text(&subquery.range)),
            _ => None,
        })
        .collect()
}

/// Replaces the length of every range.
pub fn with_range(mut expr: Expr, length: &Duration) -> Expr {
    each_expr(&mut expr, &mut |expr| match &mut expr.node {
        Node::Range(_, range) => *range = length.clone(),
        Node::Subquery(subquery) => subquery.range = length.clone(),
        _ => {}
    });
    expr
}

/// Converts the queries of events for `good`, `bad` and `total`: to the selector of a counter, or to a rate over `$window`.
///
/// # Errors
///
/// If that is not possible, with a short reason.
pub fn events(part: Expr, total: Expr, counter: bool) -> Result<(Expr, Expr), &'static str> {
    let (part, total) = as_rates(part, total)?;
    let all: BTreeSet<String> = ranges(&part).into_iter().chain(ranges(&total)).collect();
    if all.len() > 1 {
        return Err("its queries have different ranges, and the rules use one for all");
    }
    Ok((event_rate(part, counter)?, event_rate(total, counter)?))
}

fn event_rate(expr: Expr, counter: bool) -> Result<Expr, &'static str> {
    if !ranges(&expr).is_empty() {
        if let Some(selector) = summed_rate(&expr) {
            return Ok(selector.clone());
        }
        let expr = with_range(expr, &Duration::window());
        return Ok(if labels_of(&expr) == LabelSet::none() {
            expr
        } else {
            build::aggregate("sum", None, expr)
        });
    }
    if !counter {
        return Err(
            "it has no range, and `counter` is not `true`, so it is unknown what it counts",
        );
    }
    let summed = match &expr.unparenthesised().node {
        Node::Aggregate(sum) if sum.op == "sum" && sum.grouping.is_none() => &sum.expr,
        _ => &expr,
    };
    if is_selector(summed) {
        Ok(summed.unparenthesised().clone())
    } else {
        Err("a rate needs a counter or a sum of counters")
    }
}

/// Returns the selector in `sum(rate(selector[5m]))`, as the rules add this sum to a selector.
fn summed_rate(expr: &Expr) -> Option<&Expr> {
    let Node::Aggregate(sum) = &expr.unparenthesised().node else {
        return None;
    };
    let Node::Call(rate) = &sum.expr.unparenthesised().node else {
        return None;
    };
    if sum.op != "sum" || sum.grouping.is_some() || rate.function != "rate" {
        return None;
    }
    let [of] = rate.args.as_slice() else {
        return None;
    };
    let Node::Range(selector, _) = &of.unparenthesised().node else {
        return None;
    };
    is_selector(selector).then(|| selector.unparenthesised())
}

/// Converts `increase` to `rate` in both queries. A ratio must not mix the two.
fn as_rates(part: Expr, total: Expr) -> Result<(Expr, Expr), &'static str> {
    match (has_increase(&part), has_increase(&total)) {
        (false, false) => Ok((part, total)),
        (true, true) => Ok((increase_to_rate(part), increase_to_rate(total))),
        _ => Err("one query uses `increase`, the other does not"),
    }
}

fn has_increase(expr: &Expr) -> bool {
    exprs(expr).any(|expr| matches!(&expr.node, Node::Call(call) if call.function == "increase"))
}

/// Converts `increase` to `rate` in a sum: both sides of the ratio are divided by the same factor.
fn increase_to_rate(mut expr: Expr) -> Expr {
    let only = exprs(&expr).all(|expr| match &expr.node {
        Node::Aggregate(aggregate) => aggregate.op == "sum",
        Node::Call(call) => call.function == "increase",
        Node::Selector(_) | Node::Range(..) | Node::Paren(_) => true,
        _ => false,
    });
    if only {
        each_expr(&mut expr, &mut |expr| {
            if let Node::Call(call) = &mut expr.node {
                call.function = "rate".into();
            }
        });
    }
    expr
}

/// Converts a ratio to one over `$window`: replaces its only range, or takes the mean of a selector.
///
/// # Errors
///
/// If that is not possible, with a short reason.
pub fn ratio(expr: Expr) -> Result<Expr, &'static str> {
    match ranges(&expr).len() {
        0 if is_selector(&expr) => {
            let range = build::range_window(expr.unparenthesised().clone());
            Ok(build::call("avg_over_time", vec![range]))
        }
        0 => Err("it has no range for the rules to replace"),
        1 => Ok(with_range(expr, &Duration::window())),
        _ => Err("its ranges differ, and the rules use one for all"),
    }
}

/// Returns the matchers that all selectors of all queries have.
pub fn common<'e>(queries: impl IntoIterator<Item = &'e Expr>) -> LabelMatchers {
    let mut common: Option<LabelMatchers> = None;
    for selector in queries.into_iter().flat_map(metrics) {
        let own = matchers(selector);
        common = Some(match common {
            None => own,
            Some(known) => {
                let mut both = LabelMatchers::default();
                for label in known.labels() {
                    if known.conditions(label) == own.conditions(label) {
                        both.copy(label, &known);
                    }
                }
                both
            }
        });
    }
    common.unwrap_or_default()
}

/// The matchers of a selector that could be a service's.
fn matchers(selector: &Selector) -> LabelMatchers {
    let is_known = |label: &str| {
        let mut all = selector.matchers.iter();
        all.all(|other| other.label != label || other.value.text().is_some())
    };
    let mut found = LabelMatchers::default();
    for matcher in &selector.matchers {
        let label = matcher.label.as_str();
        if !label.starts_with("__")
            && label != "le"
            && is_plain(label)
            && is_known(label)
            && let Some(value) = matcher.value.text()
        {
            found.add(label, matcher.op, value);
        }
    }
    // Two values of a label contradict each other: the selector would not be accepted.
    let mut kept = LabelMatchers::default();
    for label in found.labels() {
        let equal = found.conditions(label).iter();
        if equal.filter(|one| one.op == MatchOp::Equal).count() < 2 {
            kept.copy(label, &found);
        }
    }
    kept
}

/// Returns true if the name of a label needs no quotes.
pub fn is_plain(label: &str) -> bool {
    let mut bytes = label.bytes();
    bytes
        .next()
        .is_some_and(|b| b.is_ascii_alphabetic() || b == b'_')
        && bytes.all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// Returns true if adding the selector changes nothing: each selector of the query already has a matcher on each of its labels.
pub fn fits(expr: &Expr, selector: &LabelMatchers) -> bool {
    metrics(expr).all(|of| {
        selector
            .labels()
            .all(|label| of.matchers.iter().any(|matcher| matcher.label == *label))
    })
}

/// Removes the matchers from the query that the selector adds again.
pub fn without(mut expr: Expr, common: &LabelMatchers) -> Expr {
    each_expr(&mut expr, &mut |expr| {
        if let Node::Selector(selector) = &mut expr.node
            && selector.metric.is_some()
        {
            let added: BTreeSet<String> = common
                .labels()
                .filter(|label| common.has_all(label, selector))
                .map(ToString::to_string)
                .collect();
            selector
                .matchers
                .retain(|matcher| !added.contains(matcher.label.as_str()));
        }
    });
    expr
}

/// Returns the query in backticks. Characters that would end it, or begin an interpolation, are escaped in PromQL.
///
/// # Errors
///
/// If a name in it cannot be escaped.
pub fn to_literal(expr: &Expr) -> Result<String, &'static str> {
    let mut expr = expr.clone();
    hide(&mut expr, &|rest| rest.starts_with(['`', '$']));
    let text = expr.to_string();
    let rest = text.replace("$window", "");
    if rest.contains(['`', '$', '\n', '\r']) {
        return Err("it contains a name that is not allowed in `.nth`");
    }
    Ok(format!("`{text}`"))
}
