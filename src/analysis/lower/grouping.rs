//! Lowers the groups of an SLO: which labels distinguish them, and which groups have objectives of their own.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use super::buckets::{Buckets, LabelValues};
use super::read::{labels, report};
use crate::codes;
use crate::db::{Diag, Span};
use crate::eval::{Instance, Value};
use crate::schema::names::{field, kind};
use nth_model::{GroupObjective, Grouping, Sli};
use nth_promql::classify::{is_label_free, metrics};
use nth_promql::{self as promql, Expr, LabelSet, MatchOp, build, labels_of};

/// Returns the labels that an SLO is grouped by, as they are declared.
pub(super) fn labels_by(slo: &Instance) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    if let Value::List(items) = slo.get(field::BY) {
        for name in items.iter().filter_map(Value::show) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
    }
    names
}

/// Returns the grouping of an aggregation; `None` without labels.
pub(super) fn clause(by: &[String]) -> Option<promql::Grouping> {
    let names: Vec<&str> = by.iter().map(String::as_str).collect();
    (!names.is_empty()).then(|| build::by_labels(&names))
}

/// True if the result of a query certainly has only the labels of the groups, so that it has at most one series for each.
pub(super) fn has_only(query: &Expr, by: &[String]) -> bool {
    if by.is_empty() {
        return is_label_free(query);
    }
    match labels_of(query) {
        LabelSet::Only(names) => names
            .iter()
            .all(|name| by.iter().any(|label| name == label)),
        LabelSet::AllBut(_) => false,
    }
}

/// Returns whether a query keeps the labels of the groups, and reports the first that it does not keep.
pub(super) fn keeps(
    sli: &Instance,
    field: &str,
    query: &Expr,
    by: &[String],
    diagnostics: &mut Vec<Diag>,
) -> bool {
    let kept = labels_of(query);
    let Some(lost) = by.iter().find(|label| !kept.has(label)) else {
        return true;
    };
    let diagnostic = Diag::new(
        &codes::INVALID_GROUPS,
        format!("the SLO is grouped by `{lost}`, which `{field}` does not keep"),
        sli.span_of(field),
    )
    .label(format!("its result has no label `{lost}`"))
    .help(format!(
        "aggregate by the label, as in `sum by ({}) (…)`, or write the selector alone, which is summed by it",
        by.join(", ")
    ));
    report(sli, diagnostics, diagnostic);
    false
}

/// Lowers the groups of an SLO with its objective; `None` if it has none.
pub(super) fn lower(
    slo: &Instance,
    by: Vec<String>,
    sli: &Sli,
    catalog: &Buckets<'_>,
    diagnostics: &mut Vec<Diag>,
) -> Option<Grouping> {
    let limit = match slo.get(field::GROUP_LIMIT) {
        Value::Number(limit) => limit.to_u32().unwrap_or(u32::MAX),
        _ => u32::MAX,
    };
    let blocks: Vec<&Instance> = slo.children_of(kind::GROUP).collect();
    if by.is_empty() {
        if let Some(first) = blocks.first() {
            let diagnostic = invalid("a `group` block needs the labels of the groups", first.head)
                .label("this SLO has no groups")
                .help(match labels(first.get(field::LABELS)).keys().next() {
                    Some(label) => format!("set `by = [{label}]` in the SLO"),
                    None => "set `by` in the SLO".to_owned(),
                });
            report(slo, diagnostics, diagnostic);
        }
        return None;
    }
    for label in &by {
        check_label(slo, label, sli, diagnostics);
        check_number(slo, (label, limit), sli, catalog, diagnostics);
    }
    let mut objectives: Vec<(&Instance, GroupObjective)> = Vec::new();
    for block in blocks {
        if let Some(read) = objective(block, &by, &objectives, diagnostics) {
            objectives.push((block, read));
        }
    }
    Some(Grouping {
        by,
        limit,
        objectives: objectives.into_iter().map(|(_, read)| read).collect(),
    })
}

/// Reports labels that cannot distinguish groups: those of a histogram's buckets, and those with one value.
fn check_label(slo: &Instance, label: &str, sli: &Sli, diagnostics: &mut Vec<Diag>) {
    let place = slo.span_of(field::BY);
    if label == "le" || label.starts_with("__") {
        let diagnostic = invalid(format!("an SLO cannot be grouped by `{label}`"), place)
            .label("series of one event differ in it")
            .help("use a label with which the service tells its events apart, such as `route`");
        report(slo, diagnostics, diagnostic);
        return;
    }
    let queries: Vec<&Expr> = match sli {
        Sli::Events { total, .. } => vec![total],
        Sli::TimeSlices { good } => vec![good],
        Sli::ErrorRatio { ratio, total } => [ratio].into_iter().chain(total).collect(),
    };
    let mut values = queries
        .into_iter()
        .flat_map(metrics)
        .map(|selector| {
            let fixed =
                |matcher: &&promql::Matcher| matcher.label == label && matcher.op == MatchOp::Equal;
            let matcher = selector.matchers.iter().find(fixed);
            matcher.and_then(|matcher| matcher.value.text())
        })
        .collect::<Vec<_>>();
    values.sort_unstable();
    values.dedup();
    if let [Some(value)] = values.as_slice() {
        let diagnostic = Diag::new(
            &codes::ONE_GROUP,
            format!("the SLO is grouped by `{label}`, which has one value"),
            place,
        )
        .label(format!("`{label}` is always `{value}`"))
        .help("remove the label from `by`, or match several values of it in the selector");
        report(slo, diagnostics, diagnostic);
    }
}

/// Reports a label that alone has more values in the metric catalog than an SLO may have groups.
fn check_number(
    slo: &Instance,
    (label, limit): (&str, u32),
    sli: &Sli,
    catalog: &Buckets<'_>,
    diagnostics: &mut Vec<Diag>,
) {
    let Sli::Events { total, .. } = sli else {
        return;
    };
    let Some(selector) = metrics(total).next() else {
        return;
    };
    if selector
        .matchers
        .iter()
        .any(|matcher| matcher.label == label)
    {
        return;
    }
    let series = Expr::new(promql::Node::Selector(selector.clone()));
    let (values, least) = match catalog.label_values(&series, label) {
        Some(LabelValues::Listed(count)) => (count.to_string(), count),
        Some(LabelValues::More(count)) => (format!("more than {count}"), count + 1),
        None => return,
    };
    if u32::try_from(least).is_ok_and(|least| least <= limit) {
        return;
    }
    let diagnostic = Diag::new(
        &codes::ABOVE_GROUP_LIMIT,
        format!("the SLO may have {limit} groups, and `{label}` has {values} values"),
        slo.span_of(field::GROUP_LIMIT),
    )
    .label("with more groups, Prometheus fails the rules of the SLO")
    .because(slo.span_of(field::BY), "the label of the groups")
    .help("raise `group_limit`, or exclude values with a matcher in the SLI");
    report(slo, diagnostics, diagnostic);
}

/// Reads a `group` block after those before it; `None` if it has errors.
fn objective(
    block: &Instance,
    by: &[String],
    before: &[(&Instance, GroupObjective)],
    diagnostics: &mut Vec<Diag>,
) -> Option<GroupObjective> {
    let Value::Percent(percent) = block.get(field::OBJECTIVE) else {
        return None;
    };
    let objective = percent.checked_div(Decimal::ONE_HUNDRED)?.normalize();
    let labels: BTreeMap<String, String> = labels(block.get(field::LABELS));
    if labels.is_empty() {
        let diagnostic = invalid(
            format!("group `{}` has no labels", block.name),
            block.span_of(field::LABELS),
        )
        .label("this would be the objective of all groups")
        .help("set `objective` of the SLO, or the labels of some groups");
        report(block, diagnostics, diagnostic);
        return None;
    }
    if let Some(label) = labels.keys().find(|label| !by.contains(label)) {
        let diagnostic = invalid(
            format!("group `{}` has a label that is not in `by`", block.name),
            block.span_of_label(field::LABELS, label),
        )
        .label(format!("the groups have no label `{label}`"))
        .help(format!("use labels of `by`: {}", by.join(", ")));
        report(block, diagnostics, diagnostic);
        return None;
    }
    let covers = |known: &GroupObjective| {
        let mut wanted = known.labels.iter();
        wanted.all(|(label, value)| labels.get(label) == Some(value))
    };
    if let Some((other, known)) = before.iter().find(|(_, known)| covers(known)) {
        let diagnostic = invalid(
            format!("the objective of group `{}` has no effect", block.name),
            block.head,
        )
        .label(format!("group `{}` has the same labels", known.name))
        .because(other.head, "this block applies first")
        .help("write the block with more labels first, or remove one of the two");
        report(block, diagnostics, diagnostic);
        return None;
    }
    Some(GroupObjective {
        name: block.name.clone(),
        labels,
        objective,
    })
}

fn invalid(message: impl Into<String>, place: Span) -> Diag {
    Diag::new(&codes::INVALID_GROUPS, message, place)
}
