//! Lints of a service's alerts and recording rules, which need their complete queries: valid, but most likely not intended.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use smol_str::SmolStr;

use super::read::report;
use crate::codes;
use crate::db::{Diag, Span};
use crate::eval::{Instance, Value};
use crate::schema::names::field;
use nth_model as ir;
use nth_promql::{
    self as promql, BinaryOp, Expr, LabelSet, Node, UnaryOp, Uncompared, classify, labels_of,
};

/// Runs all lints of one alert. `service` is the block that contains it.
pub(super) fn check_alert(
    service: &Instance,
    block: &Instance,
    alert: &ir::Alert,
    scrape_interval: ir::Duration,
    diagnostics: &mut Vec<Diag>,
) {
    absent_labels(service, block, alert, diagnostics);
    short_hold(block, alert, scrape_interval, diagnostics);
    irate(block, alert, diagnostics);
    uncompared(block, alert, diagnostics);
}

/// Reports a condition without a comparison: the alert fires whatever the value.
fn uncompared(block: &Instance, alert: &ir::Alert, diagnostics: &mut Vec<Diag>) {
    let Some(why) = promql::uncompared(&alert.when) else {
        return;
    };
    let name = &alert.name;
    let (message, label, help) = match why {
        Uncompared::Bool => (
            format!("`bool` makes alert `{name}` fire whether or not its comparison holds"),
            "with `bool`, a series is 0 or 1 and never dropped",
            "remove `bool`",
        ),
        Uncompared::Call(function) => (
            format!("alert `{name}` fires for any value of `{function}`"),
            "fires for every series, even at 0",
            "compare it with a limit: `… > 100`",
        ),
        Uncompared::Operator(operator) => (
            format!("alert `{name}` fires for any result of `{operator}`"),
            "fires for every series, even at 0",
            "compare it with a limit: `… > 100`",
        ),
        Uncompared::Up => (
            format!("alert `{name}` fires for healthy targets too"),
            "`up` is 1 for a successfully scraped target",
            "select the targets that are down: `up == 0`",
        ),
    };
    let diagnostic = Diag::new(
        &codes::UNCOMPARED_VALUE,
        message,
        block.span_of(field::WHEN),
    )
    .label(label)
    .help(help);
    report(block, diagnostics, diagnostic);
}

/// Reports labels in an alert's texts that the series of its condition do not have.
///
/// Prometheus expands the texts with the labels of the series only. The labels of the rule are added later.
fn absent_labels(
    service: &Instance,
    block: &Instance,
    alert: &ir::Alert,
    diagnostics: &mut Vec<Diag>,
) {
    let series = labels_of(&alert.when);
    let annotations = match block.get(field::ANNOTATIONS) {
        Value::Labels(entries) => Some(entries.values()),
        _ => None,
    };
    let texts = [block.get(field::SUMMARY), block.get(field::DESCRIPTION)]
        .into_iter()
        .chain(annotations.into_iter().flatten());
    for text in texts {
        let Value::Text(_, places) = text else {
            continue;
        };
        for (label, place) in places.iter() {
            if series.has(label) || label.starts_with("__") {
                continue;
            }
            let mut diagnostic = Diag::new(
                &codes::ABSENT_LABEL,
                format!("alert text uses label `{label}`, which the query result does not have"),
                *place,
            )
            .label("always empty")
            .because(block.span_of(field::WHEN), describe_labels(&series));
            diagnostic = if is_rules_own(service, alert, label) {
                diagnostic.help(format!(
                    "write values that are known at build time as `${{service.name}}`: alert text \
                    cannot read `{label}`, which the rule adds"
                ))
            } else {
                diagnostic.help(format!(
                    "keep the label in the condition's aggregation, as in `sum by ({label}) (…)`, or \
                    remove it from the text"
                ))
            };
            report(block, diagnostics, diagnostic);
        }
    }
}

/// Describes the labels of a series, for a diagnostic's label.
fn describe_labels(series: &LabelSet) -> String {
    let list = |names: &std::collections::BTreeSet<SmolStr>| {
        let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
        names.join(", ")
    };
    match series {
        LabelSet::Only(names) if names.is_empty() => "the result has no labels".to_owned(),
        LabelSet::Only(names) => format!("the result only has {}", list(names)),
        LabelSet::AllBut(names) => format!("the result has no {}", list(names)),
    }
}

/// True if the alert's rule sets the label.
fn is_rules_own(service: &Instance, alert: &ir::Alert, label: &SmolStr) -> bool {
    let has = |value: &Value| match value {
        Value::Labels(entries) => entries.contains_key(label),
        _ => false,
    };
    matches!(
        label.as_str(),
        "alertname" | "severity" | "service" | "team" | "tier" | "environment" | "dependency"
    ) || alert.labels.contains_key(label.as_str())
        || has(service.get(field::LABELS))
        || service
            .fields
            .iter()
            .any(|(name, field)| field.extension && name.replace('-', "_") == label.as_str())
}

/// Reports a page with a `for` shorter than one scrape interval on a condition that uses a single sample.
fn short_hold(
    block: &Instance,
    alert: &ir::Alert,
    scrape_interval: ir::Duration,
    diagnostics: &mut Vec<Diag>,
) {
    let is_written = block
        .fields
        .get(field::FOR)
        .is_some_and(|field| field.explicit);
    let Some(hold) = alert.hold.filter(|_| is_written) else {
        return;
    };
    if !alert.severity.pages() || hold >= scrape_interval || smooths(&alert.when) {
        return;
    }
    let diagnostic = Diag::new(
        &codes::SHORT_HOLD,
        "this alert can page on a single sample",
        block.span_of(field::FOR),
    )
    .label(format!(
        "shorter than the {} between two samples",
        scrape_interval.to_human()
    ))
    .help("require several samples: `for = 2m`, or a range, as in `min_over_time(x[2m])`");
    report(block, diagnostics, diagnostic);
}

/// True if a condition uses samples over a time range.
fn smooths(when: &Expr) -> bool {
    classify::exprs(when).any(|expr| match &expr.node {
        Node::Range(..) | Node::Subquery(_) => true,
        Node::Call(call) => matches!(call.function.as_str(), "time" | "timestamp"),
        _ => false,
    })
}

fn irate(block: &Instance, alert: &ir::Alert, diagnostics: &mut Vec<Diag>) {
    let Some((found, better)) = last_two(&alert.when) else {
        return;
    };
    let diagnostic = Diag::new(
        &codes::IRATE_IN_ALERT,
        format!("`{found}` only uses the last two samples"),
        block.span_of(field::WHEN),
    )
    .label("a short dip resets `for`")
    .help(format!("use `{better}`, which covers the whole range"));
    report(block, diagnostics, diagnostic);
}

/// Returns a function that uses only the last two samples, such as `irate`, and the one to use instead. Ignores those inside a
/// subquery, which evaluates many of them.
fn last_two(expr: &Expr) -> Option<(&'static str, &'static str)> {
    match &expr.node {
        Node::Call(call) => match call.function.as_str() {
            "irate" => Some(("irate", "rate")),
            "idelta" => Some(("idelta", "delta")),
            _ => call.args.iter().find_map(last_two),
        },
        Node::Paren(inner) | Node::Unary(_, inner) => last_two(inner),
        Node::Aggregate(aggregate) => last_two(&aggregate.expr),
        Node::Binary(binary) => last_two(&binary.left).or_else(|| last_two(&binary.right)),
        _ => None,
    }
}

/// Reports recording rules of one service with the same query.
pub(super) fn check_recordings(
    recordings: &[(ir::Recording, &Instance)],
    diagnostics: &mut Vec<Diag>,
) {
    let mut seen: BTreeMap<(String, &BTreeMap<String, String>), &Instance> = BTreeMap::new();
    for (recording, block) in recordings {
        let key = (recording.query.to_string(), &recording.labels);
        match seen.get(&key) {
            Some(first) => report(
                block,
                diagnostics,
                Diag::new(
                    &codes::DUPLICATE_RECORDING,
                    format!("recording `{}` duplicates `{}`", block.name, first.name),
                    block.head,
                )
                .because(first.head, "same query here")
                .help("record it once, and use that series everywhere"),
            ),
            None => {
                seen.insert(key, block);
            }
        }
    }
}

/// The threshold of an alert's condition.
struct Threshold<'a> {
    alert: &'a ir::Alert,
    span: Span,
    /// Higher is harder to reach. The flag distinguishes strict comparisons.
    rank: (Decimal, bool),
}

/// Reports alerts that fire only if another one of the same severity already fires.
pub(super) fn check_thresholds(alerts: &[(ir::Alert, Span)], diagnostics: &mut Vec<Diag>) {
    type Key<'a> = (
        String,
        bool,
        &'a ir::Severity,
        &'a BTreeMap<String, String>,
        Option<&'a SmolStr>,
    );
    let mut groups: BTreeMap<Key, Vec<Threshold>> = BTreeMap::new();
    for (alert, span) in alerts {
        if let Some((of, rises, rank)) = threshold(&alert.when) {
            groups
                .entry((
                    of,
                    rises,
                    &alert.severity,
                    &alert.labels,
                    alert.dependency.as_ref(),
                ))
                .or_default()
                .push(Threshold {
                    alert,
                    span: *span,
                    rank,
                });
        }
    }
    for mut group in groups.into_values() {
        group.sort_by_key(|threshold| threshold.rank);
        // The soonest of the alerts that are easier to reach, without and with their own `for`.
        let mut soonest: [Option<&Threshold>; 2] = [None, None];
        for threshold in &group {
            let slot = &mut soonest[usize::from(threshold.alert.hold.is_some())];
            match slot {
                Some(first) if first.rank == threshold.rank => {}
                Some(first) if first.alert.hold <= threshold.alert.hold => {
                    diagnostics.push(
                        Diag::new(
                            &codes::COVERED_ALERT,
                            format!(
                                "alert `{}` is redundant: `{}` fires whenever it does",
                                threshold.alert.name, first.alert.name
                            ),
                            threshold.span,
                        )
                        .because(
                            first.span,
                            "same condition with a limit that is reached sooner",
                        )
                        .help("set another severity, or a shorter `for`"),
                    );
                }
                _ => *slot = Some(threshold),
            }
        }
    }
}

/// Splits a condition into the compared expression, whether it must be above the limit, and the rank of the limit.
fn threshold(when: &Expr) -> Option<(String, bool, (Decimal, bool))> {
    let Node::Binary(binary) = &when.unparenthesised().node else {
        return None;
    };
    if binary.return_bool || binary.matching.is_some() {
        return None;
    }
    let limit = number(&binary.right)?;
    let of = binary.left.to_string();
    match binary.op {
        BinaryOp::Greater => Some((of, true, (limit, true))),
        BinaryOp::GreaterOrEqual => Some((of, true, (limit, false))),
        BinaryOp::Less => Some((of, false, (-limit, true))),
        BinaryOp::LessOrEqual => Some((of, false, (-limit, false))),
        _ => None,
    }
}

fn number(expr: &Expr) -> Option<Decimal> {
    match &expr.unparenthesised().node {
        Node::Number(text) => text.parse().ok(),
        Node::Unary(UnaryOp::Minus, inner) => number(inner).map(|value| -value),
        _ => None,
    }
}
