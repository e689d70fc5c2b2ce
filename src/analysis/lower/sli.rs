//! Indicators: selectors become event rates, histograms become good and total events.

use rust_decimal::Decimal;

use super::buckets::Buckets;
use super::read::{duration, query, report};
use super::units;
use crate::codes;
use crate::db::Diag;
use crate::eval::{Instance, Value};
use crate::schema::names::{field, kind};
use nth_metrics::base_name;
use nth_model::panel::Histogram;
use nth_model::{Numerator, Sli};
use nth_promql::classify::{is_additive, is_label_free, is_selector, metrics};
use nth_promql::rewrite::{as_bool, as_rate, each_expr};
use nth_promql::{self as promql, build};

/// The indicator of an objective.
pub(super) fn lower(
    slo: &Instance,
    sli: &Instance,
    buckets: &Buckets<'_>,
    diagnostics: &mut Vec<Diag>,
) -> Option<Sli> {
    match sli.variant.as_deref() {
        Some(kind::RATIO) => ratio(sli, diagnostics),
        Some(kind::LATENCY) => latency(sli, buckets, diagnostics),
        Some(kind::TIME_SLICES) => time_slices(sli, diagnostics),
        Some(kind::ERROR_RATIO) => error_ratio(slo, sli, diagnostics),
        _ if sli.incomplete => None,
        _ => {
            let diagnostic = Diag::new(
                &codes::MISSING_FIELD,
                "missing variant of `sli`",
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

/// A rate of events over `$window` without labels: of a selector, the sum of its rates; of what has several series that can
/// be added up, their sum.
fn events(sli: &Instance, field: &str, diagnostics: &mut Vec<Diag>) -> Option<promql::Expr> {
    let expr = query(sli.get(field))?;
    if is_selector(&expr) {
        return Some(as_rate(expr));
    }
    if is_label_free(&expr) {
        return Some(expr);
    }
    if is_additive(&expr) {
        return Some(build::aggregate("sum", None, expr));
    }
    let help = format!(
        "aggregate to one series: `{field}` is a rate of events, as in `` {field} = \
        `sum(rate(requests_total[$window]))` ``"
    );
    keeps_labels(sli, field, "cannot be added", help, diagnostics);
    None
}

/// An operand has a series for each value of some labels where one number is needed.
fn keeps_labels(
    sli: &Instance,
    field: &str,
    problem: &str,
    help: String,
    diagnostics: &mut Vec<Diag>,
) {
    let diagnostic = Diag::new(
        &codes::SLI_KEEPS_LABELS,
        format!("`{field}` has a series for each label value, and the series {problem}"),
        sli.span_of(field),
    )
    .label("expected one series without labels")
    .help(help);
    report(sli, diagnostics, diagnostic);
}

/// Whether the events of the numerator are surely among those of the total: the same query, of a selector that asks for
/// more.
fn is_among(numerator: &promql::Expr, total: &promql::Expr) -> bool {
    let (Some(of_all), None) = two_of(metrics(total)) else {
        return false;
    };
    let (Some(of_some), None) = two_of(metrics(numerator)) else {
        return false;
    };
    let has = |wanted: &promql::Matcher| {
        of_some.matchers.iter().any(|matcher| {
            matcher.label == wanted.label
                && matcher.op == wanted.op
                && matcher.value.text() == wanted.value.text()
        })
    };
    if of_all.metric.as_ref().map(|metric| &metric.text)
        != of_some.metric.as_ref().map(|metric| &metric.text)
        || !of_all.matchers.iter().all(has)
    {
        return false;
    }
    let mut widened = numerator.clone();
    each_expr(&mut widened, &mut |expr| {
        if let promql::Node::Selector(selector) = &mut expr.node {
            selector.matchers = of_all.matchers.clone();
        }
    });
    widened.to_string() == total.to_string()
}

/// The first two of an iterator.
fn two_of<T>(mut items: impl Iterator<Item = T>) -> (Option<T>, Option<T>) {
    (items.next(), items.next())
}

/// Whether an indicator's bad events are surely among all of its events, and its good ones too.
pub(super) fn is_consistent(sli: &Sli) -> bool {
    match sli {
        Sli::Events {
            bucket: Some(_), ..
        }
        | Sli::TimeSlices { .. } => true,
        Sli::Events {
            numerator: Numerator::Bad(some) | Numerator::Good(some),
            total,
            ..
        } => is_among(some, total) || is_native_share(some, total),
        Sli::ErrorRatio { .. } => false,
    }
}

/// Whether good events are a share of all of them, as those of a native histogram are.
fn is_native_share(good: &promql::Expr, total: &promql::Expr) -> bool {
    let promql::Node::Binary(product) = &good.node else {
        return false;
    };
    let is_share = matches!(&product.left.node,
        promql::Node::Call(call) if call.function == "histogram_fraction");
    is_share
        && product.op == promql::BinaryOp::Multiply
        && product.right.to_string() == total.to_string()
}

fn series(value: &Value) -> Option<promql::Expr> {
    query(value).filter(is_selector)
}

fn ratio(sli: &Instance, diagnostics: &mut Vec<Diag>) -> Option<Sli> {
    let given = |field: &str| *sli.get(field) != Value::None;
    let (numerator, counted) = match (given(field::GOOD), given(field::BAD)) {
        (true, false) => (
            Numerator::Good(events(sli, field::GOOD, diagnostics)?),
            sli.get(field::GOOD),
        ),
        (false, true) => (
            Numerator::Bad(events(sli, field::BAD, diagnostics)?),
            sli.get(field::BAD),
        ),
        (false, _) if sli.incomplete => return None,
        (both, _) => {
            let message = if both {
                "`ratio` sets both `good` and `bad`"
            } else {
                "missing `good` or `bad` events in `ratio`"
            };
            let span = if both {
                sli.span_of(field::BAD)
            } else {
                sli.head
            };
            report(
                sli,
                diagnostics,
                both_or_neither(sli, both, Diag::new(&codes::NUMERATOR, message, span)),
            );
            return None;
        }
    };
    let total = sli.get(field::TOTAL);
    let breakdown_series = match &numerator {
        Numerator::Bad(_) => series(counted),
        Numerator::Good(_) => series(total),
    };
    Some(Sli::Events {
        numerator,
        total: events(sli, field::TOTAL, diagnostics)?,
        total_series: series(total),
        bucket: None,
        breakdown_series,
    })
}

/// Where one of the two is a base's, it is told how to measure otherwise than the base does.
fn both_or_neither(sli: &Instance, both: bool, diagnostic: Diag) -> Diag {
    let (good, bad) = (sli.span_of(field::GOOD), sli.span_of(field::BAD));
    if !both || good.item == bad.item {
        return diagnostic.help("set one of the two");
    }
    diagnostic
        .because(good, "the other field")
        .help("write `without sli` before this `sli` to replace the inherited one")
}

/// A classic histogram's good events are those of the bucket at the limit; a native one's are computed.
fn latency(sli: &Instance, buckets: &Buckets<'_>, diagnostics: &mut Vec<Diag>) -> Option<Sli> {
    let histogram = query(sli.get(field::HISTOGRAM))?;
    let unit = buckets.unit(&histogram, units::of_field(sli));
    let limit = unit.unit.count(duration(sli.get(field::UNDER))?);
    units::check(sli, &histogram, &unit, limit, diagnostics);
    let shown = nth_model::number::decimal_text(limit);
    if *sli.get(field::NATIVE) == Value::Bool(true) {
        let rates = as_rate(histogram.clone());
        let count = build::call("histogram_count", vec![rates.clone()]);
        let share = build::call(
            "histogram_fraction",
            vec![build::number("0"), build::number(&shown), rates],
        );
        let good = build::binary(promql::BinaryOp::Multiply, share, count.clone());
        return Some(Sli::Events {
            numerator: Numerator::Good(good),
            total: count,
            total_series: Some(histogram),
            bucket: None,
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
        numerator: Numerator::Good(as_rate(good.clone())),
        total: as_rate(total.clone()),
        total_series: Some(total.clone()),
        bucket: Some(good),
        breakdown_series: Some(total),
    })
}

/// From this value on Go writes a whole number with an exponent, and with it most targets.
const EXPONENT_FROM: Decimal = Decimal::from_parts(1_000_000, 0, 0, false, 0);

/// How targets and servers write a bound. Prometheus 3 writes that of a whole number as `1.0`, older servers keep what
/// the target writes, `1`; a large one is `1e+06` where Go's or Python's client or Prometheus 3 writes it, `1.0E7` where
/// Java's does, and has all of its digits where it came by OTLP.
fn spellings(limit: Decimal) -> Vec<String> {
    let plain = nth_model::number::decimal_text(limit);
    if !limit.fract().is_zero() {
        return vec![plain];
    }
    let mut texts = vec![plain.clone(), format!("{plain}.0")];
    if limit >= EXPONENT_FROM {
        let exponent = plain.len() - 1;
        let (first, rest) = plain.split_at(1);
        let rest = rest.trim_end_matches('0');
        let point = if rest.is_empty() { "" } else { "." };
        texts.insert(0, format!("{first}{point}{rest}e+{exponent:02}"));
        if exponent > 6 {
            let rest = if rest.is_empty() { "0" } else { rest };
            texts.push(format!("{first}.{rest}E{exponent}"));
        }
    }
    texts
}

/// The matcher of the bucket that ends at a limit, in the histogram's unit. `known` is how targets write its bound, where
/// the metric catalogue has it.
pub fn bound(limit: Decimal, known: &[&str]) -> promql::Matcher {
    let usual = spellings(limit);
    if known
        .iter()
        .all(|text| usual.iter().any(|usual| usual == text))
    {
        return match usual.as_slice() {
            [text] => build::matcher("le", promql::MatchOp::Equal, text),
            [text, _] => build::matcher("le", promql::MatchOp::Matches, format!("{text}(\\.0)?")),
            texts => one_of(texts),
        };
    }
    match known {
        [text] => build::matcher("le", promql::MatchOp::Equal, *text),
        texts => one_of(texts),
    }
}

/// The matcher of the buckets with one of these bounds.
fn one_of(texts: &[impl AsRef<str>]) -> promql::Matcher {
    let texts: Vec<String> = texts
        .iter()
        .map(|text| promql::escape_regex(text.as_ref()))
        .collect();
    build::matcher("le", promql::MatchOp::Matches, texts.join("|"))
}

/// The histogram that an indicator of latency is measured by.
pub(super) fn histogram(sli: &Instance, buckets: &Buckets<'_>) -> Option<Histogram> {
    if sli.variant.as_deref() != Some(kind::LATENCY) {
        return None;
    }
    let named = query(sli.get(field::HISTOGRAM))?;
    let unit = buckets.unit(&named, units::of_field(sli)).unit;
    let native = *sli.get(field::NATIVE) == Value::Bool(true);
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
        under: duration(sli.get(field::UNDER))?,
        unit,
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
    let good = query(sli.get(field::GOOD))?;
    if as_bool(good.clone()).is_none() {
        let diagnostic = Diag::new(
            &codes::NOT_ONE_COMPARISON,
            "a time-slice SLI needs exactly one comparison",
            sli.span_of(field::GOOD),
        )
        .help("write `value < limit`; combine several conditions in a recording rule and compare that");
        report(sli, diagnostics, diagnostic);
        return None;
    }
    Some(Sli::TimeSlices { good })
}

fn error_ratio(slo: &Instance, sli: &Instance, diagnostics: &mut Vec<Diag>) -> Option<Sli> {
    let ratio = query(sli.get(field::RATIO))?;
    if !is_label_free(&ratio) {
        let help = "divide sums, as in `sum(rate(errors_total[$window])) / \
            sum(rate(requests_total[$window]))`, or use the worst series, `max(…)`";
        keeps_labels(
            sli,
            "ratio",
            "are not a ratio of all events",
            help.to_owned(),
            diagnostics,
        );
        return None;
    }
    let total = match sli.get(field::TOTAL) {
        Value::None => {
            let diagnostic = Diag::new(
                &codes::WEIGHED_BY_TIME,
                format!(
                    "the error budget of `{}` is time-weighted: the SLI has no `total`",
                    slo.name
                ),
                sli.span_of(field::RATIO),
            )
            .help(
                "set `total` to the rate of all events: `` total = \
                `sum(rate(requests_total[$window]))` ``",
            );
            report(sli, diagnostics, diagnostic);
            None
        }
        _ => Some(events(sli, field::TOTAL, diagnostics)?),
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
