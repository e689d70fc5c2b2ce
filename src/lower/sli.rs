//! Indicators: selectors become event rates, histograms become good and total events.

use rust_decimal::Decimal;

use super::buckets::Buckets;
use super::service::{duration, query, report};
use crate::catalogue::base_name;
use crate::db::Diag;
use crate::diagnostics::codes;
use crate::eval::{Instance, Value};
use crate::ir::panel::Histogram;
use crate::ir::{Numerator, Sli};
use crate::promql::classify::{is_selector, metrics};
use crate::promql::rewrite::{as_bool, as_rate};
use crate::promql::{self, build};

/// The indicator of an objective.
pub(super) fn lower(
    slo: &Instance,
    sli: &Instance,
    buckets: &Buckets<'_>,
    diagnostics: &mut Vec<Diag>,
) -> Option<Sli> {
    match sli.variant.as_deref() {
        Some("ratio") => ratio(sli, diagnostics),
        Some("latency") => latency(sli, buckets),
        Some("time-slices") => time_slices(sli, diagnostics),
        Some("error-ratio") => error_ratio(slo, sli, diagnostics),
        _ if sli.incomplete => None,
        _ => {
            let diagnostic = Diag::new(
                &codes::MISSING_FIELD,
                "this `sli` does not say which variant it is",
                sli.head,
            )
            .help(
                "write `sli : ratio`, `sli : latency`, `sli : time-slices` or `sli : error-ratio`",
            );
            report(sli, diagnostics, diagnostic);
            None
        }
    }
}

/// A rate of events over `$window`: of a selector, the sum of its rates.
fn events(value: &Value) -> Option<promql::Expr> {
    let expr = query(value)?;
    Some(if is_selector(&expr) {
        as_rate(expr)
    } else {
        expr
    })
}

fn series(value: &Value) -> Option<promql::Expr> {
    query(value).filter(is_selector)
}

fn ratio(sli: &Instance, diagnostics: &mut Vec<Diag>) -> Option<Sli> {
    let given = |field: &str| *sli.get(field) != Value::None;
    let (numerator, counted) = match (given("good"), given("bad")) {
        (true, false) => (Numerator::Good(events(sli.get("good"))?), sli.get("good")),
        (false, true) => (Numerator::Bad(events(sli.get("bad"))?), sli.get("bad")),
        (false, _) if sli.incomplete => return None,
        (both, _) => {
            let message = if both {
                "this ratio has both `good` and `bad` events: one follows from the other"
            } else {
                "this ratio has neither `good` nor `bad` events"
            };
            let span = if both { sli.span_of("bad") } else { sli.head };
            report(
                sli,
                diagnostics,
                both_or_neither(sli, both, Diag::new(&codes::NUMERATOR, message, span)),
            );
            return None;
        }
    };
    let total = sli.get("total");
    let breakdown_series = match &numerator {
        Numerator::Bad(_) => series(counted),
        Numerator::Good(_) => series(total),
    };
    Some(Sli::Events {
        numerator,
        total: events(total)?,
        total_series: series(total),
        breakdown_series,
    })
}

/// Where one of the two is a base's, it is told how to measure otherwise than the base does.
fn both_or_neither(sli: &Instance, both: bool, diagnostic: Diag) -> Diag {
    let (good, bad) = (sli.span_of("good"), sli.span_of("bad"));
    if !both || good.item == bad.item {
        return diagnostic.help("set one of the two");
    }
    diagnostic
        .because(good, "the other one")
        .help("one of them comes from the base: write `without sli` before this `sli` to measure otherwise than the base does")
}

/// A classic histogram's good events are those of the bucket at the limit; a native one's are computed.
fn latency(sli: &Instance, buckets: &Buckets<'_>) -> Option<Sli> {
    let histogram = query(sli.get("histogram"))?;
    let limit = duration(sli.get("under"))?.as_seconds();
    let seconds = crate::ir::number::decimal_text(limit);
    if *sli.get("native") == Value::Bool(true) {
        let rates = as_rate(histogram.clone());
        let count = build::call("histogram_count", vec![rates.clone()]);
        let share = build::call(
            "histogram_fraction",
            vec![build::number("0"), build::number(&seconds), rates],
        );
        let good = build::binary(promql::BinaryOp::Multiply, share, count.clone());
        return Some(Sli::Events {
            numerator: Numerator::Good(good),
            total: count,
            total_series: Some(histogram),
            breakdown_series: None,
        });
    }
    let total = renamed(&histogram, "_count")?;
    let mut good = renamed(&histogram, "_bucket")?;
    let bound = bound(limit, &buckets.texts(&histogram, limit));
    if let promql::Node::Selector(selector) = &mut good.node {
        selector.matchers.retain(|matcher| matcher.label != "le");
        selector.matchers.push(bound);
    }
    Some(Sli::Events {
        numerator: Numerator::Good(as_rate(good)),
        total: as_rate(total.clone()),
        total_series: Some(total.clone()),
        breakdown_series: Some(total),
    })
}

/// The matcher of the bucket that ends at a limit, in seconds. `known` is how targets write its bound, where the metric
/// catalogue has it.
fn bound(limit: Decimal, known: &[&str]) -> promql::Matcher {
    let seconds = crate::ir::number::decimal_text(limit);
    // Prometheus 3 writes the bound of a whole number of seconds as `1.0`, older servers as `1`.
    let is_whole = limit.fract().is_zero();
    let usual = [seconds.clone(), format!("{seconds}.0")];
    let usual = if is_whole { &usual[..] } else { &usual[..1] };
    if known
        .iter()
        .all(|text| usual.iter().any(|usual| usual == text))
    {
        return if is_whole {
            build::matcher("le", promql::MatchOp::Matches, format!("{seconds}(\\.0)?"))
        } else {
            build::matcher("le", promql::MatchOp::Equal, &seconds)
        };
    }
    match known {
        [text] => build::matcher("le", promql::MatchOp::Equal, *text),
        texts => {
            let texts: Vec<String> = texts
                .iter()
                .map(|text| promql::escape_regex(text))
                .collect();
            build::matcher("le", promql::MatchOp::Matches, texts.join("|"))
        }
    }
}

/// The histogram that an indicator of latency is measured by.
pub(super) fn histogram(sli: &Instance) -> Option<Histogram> {
    if sli.variant.as_deref() != Some("latency") {
        return None;
    }
    let named = query(sli.get("histogram"))?;
    let native = *sli.get("native") == Value::Bool(true);
    let mut series = if native {
        named
    } else {
        renamed(&named, "_bucket")?
    };
    if let promql::Node::Selector(selector) = &mut series.node {
        selector.matchers.retain(|matcher| matcher.label != "le");
    }
    Some(Histogram {
        series,
        native,
        under: duration(sli.get("under"))?,
    })
}

/// The histogram's series of that suffix, whichever of them was named.
fn renamed(histogram: &promql::Expr, suffix: &str) -> Option<promql::Expr> {
    let mut expr = histogram.clone();
    let promql::Node::Selector(selector) = &mut expr.node else {
        return None;
    };
    let metric = selector.metric.as_mut()?;
    let base = base_name(&metric.text);
    metric.text = format!("{base}{suffix}").into();
    Some(expr)
}

fn time_slices(sli: &Instance, diagnostics: &mut Vec<Diag>) -> Option<Sli> {
    let good = query(sli.get("good"))?;
    if as_bool(good.clone()).is_none() {
        let diagnostic = Diag::new(
            &codes::NOT_ONE_COMPARISON,
            "a good time slice is told by one comparison",
            sli.span_of("good"),
        )
        .help("write `value < limit`; join several conditions in a recording and compare that");
        report(sli, diagnostics, diagnostic);
        return None;
    }
    Some(Sli::TimeSlices { good })
}

fn error_ratio(slo: &Instance, sli: &Instance, diagnostics: &mut Vec<Diag>) -> Option<Sli> {
    let ratio = query(sli.get("ratio"))?;
    let total = match sli.get("total") {
        Value::None => {
            let diagnostic = Diag::new(
                &codes::WEIGHED_BY_TIME,
                format!(
                    "the budget of `{}` weighs a quiet night like a busy day: \
                     the indicator does not say how many events there are",
                    slo.name
                ),
                sli.span_of("ratio"),
            )
            .help("set `total` to the rate of all events: `` total = `sum(rate(requests_total[$window]))` ``");
            report(sli, diagnostics, diagnostic);
            None
        }
        total => Some(events(total)?),
    };
    Some(Sli::ErrorRatio { ratio, total })
}

/// The labels that an indicator's own matchers tell apart: those of its selectors that are no plain equality.
pub(super) fn own_labels(sli: &Sli) -> Vec<String> {
    let Sli::Events {
        numerator: Numerator::Bad(counted) | Numerator::Good(counted),
        breakdown_series: Some(_),
        ..
    } = sli
    else {
        return Vec::new();
    };
    let mut labels = Vec::new();
    for selector in metrics(counted) {
        for matcher in &selector.matchers {
            let telling = matches!(
                matcher.op,
                promql::MatchOp::Matches | promql::MatchOp::NotMatches | promql::MatchOp::NotEqual
            );
            let label = matcher.label.to_string();
            if telling && matcher.label != "le" && !labels.contains(&label) {
                labels.push(label);
            }
        }
    }
    labels
}
