//! Lowers SLIs: selectors become event rates, histograms become good and total events.

use rust_decimal::Decimal;

use super::buckets::Buckets;
use super::grouping;
use super::read::{duration, query, report};
use super::units;
use crate::codes;
use crate::db::Diag;
use crate::eval::{Instance, Value};
use crate::schema::names::{field, kind};
use nth_metrics::base_name;
use nth_model::panel::Histogram;
use nth_model::{Breakdown, Numerator, Sli};
use nth_promql::classify::{is_additive, is_selector, metrics};
use nth_promql::rewrite::{as_bool, as_rate_by, each_expr};
use nth_promql::{self as promql, build};

/// Lowers the SLI of an objective, whose operands have one series for each group of the labels `by`.
pub(super) fn lower(
    slo: &Instance,
    sli: &Instance,
    by: &[String],
    buckets: &Buckets<'_>,
    diagnostics: &mut Vec<Diag>,
) -> Option<Sli> {
    match sli.variant.as_deref() {
        Some(kind::RATIO) => ratio(sli, by, diagnostics),
        Some(kind::LATENCY) => latency(sli, by, buckets, diagnostics),
        Some(kind::TIME_SLICES) => time_slices(sli, by, diagnostics),
        Some(kind::ERROR_RATIO) => error_ratio(slo, sli, by, diagnostics),
        _ => None,
    }
}

/// Lowers a field to a rate of events over `$window` with the labels of the groups: the sum of the rates of a selector, or the
/// sum of an expression with several series that can be added.
pub(super) fn events(
    sli: &Instance,
    field: &str,
    by: &[String],
    diagnostics: &mut Vec<Diag>,
) -> Option<promql::Expr> {
    let expr = query(sli.get(field))?;
    if is_selector(&expr) {
        return Some(as_rate_by(expr, grouping::clause(by)));
    }
    if !grouping::keeps(sli, field, &expr, by, diagnostics) {
        return None;
    }
    if grouping::has_only(&expr, by) {
        return Some(expr);
    }
    if is_additive(&expr) {
        return Some(build::aggregate("sum", grouping::clause(by), expr));
    }
    let sum = match by {
        [] => "sum".to_owned(),
        _ => format!("sum by ({})", by.join(", ")),
    };
    let one = match by {
        [] => "one series",
        _ => "one series for each group",
    };
    let help = format!(
        "aggregate to {one}: `{field}` is a rate of events, as in `` {field} = \
        `{sum} (rate(requests_total[$window]))` ``"
    );
    let help = match by {
        [] => help.replace("`sum (", "`sum("),
        _ => help,
    };
    keeps_labels(sli, field, by, "cannot be added", help, diagnostics);
    None
}

/// Reports an operand with several series where one number is required.
fn keeps_labels(
    sli: &Instance,
    field: &str,
    by: &[String],
    problem: &str,
    help: String,
    diagnostics: &mut Vec<Diag>,
) {
    let diagnostic = Diag::new(
        &codes::SLI_KEEPS_LABELS,
        format!("`{field}` has a series for each label value, and the series {problem}"),
        sli.span_of(field),
    )
    .label(match by {
        [] => "expected one series without labels",
        _ => "expected one series for each group",
    })
    .help(help);
    report(sli, diagnostics, diagnostic);
}

/// True if the numerator's events are certainly a subset of the total: the same query, with more matchers.
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

/// Returns the first two items.
fn two_of<T>(mut items: impl Iterator<Item = T>) -> (Option<T>, Option<T>) {
    (items.next(), items.next())
}

/// True if an SLI's bad and good events are certainly subsets of all its events.
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

/// True if good events are computed as a fraction of the total, as for a native histogram.
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

fn ratio(sli: &Instance, by: &[String], diagnostics: &mut Vec<Diag>) -> Option<Sli> {
    let given = |field: &str| *sli.get(field) != Value::None;
    let (numerator, counted) = match (given(field::GOOD), given(field::BAD)) {
        (true, false) => (
            Numerator::Good(events(sli, field::GOOD, by, diagnostics)?),
            sli.get(field::GOOD),
        ),
        (false, true) => (
            Numerator::Bad(events(sli, field::BAD, by, diagnostics)?),
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
    let breakdown = Breakdown::new(&numerator, series(counted), series(total));
    Some(Sli::Events {
        numerator,
        total: events(sli, field::TOTAL, by, diagnostics)?,
        total_series: series(total),
        bucket: None,
        breakdown,
    })
}

/// Adds help to a diagnostic about `good` and `bad` if one of them comes from a base: how to replace it.
fn both_or_neither(sli: &Instance, both: bool, diagnostic: Diag) -> Diag {
    let (good, bad) = (sli.span_of(field::GOOD), sli.span_of(field::BAD));
    if !both || good.item == bad.item {
        return diagnostic.help("set one of the two");
    }
    diagnostic
        .because(good, "the other field")
        .help("write `without sli` before this `sli` to replace the inherited one")
}

/// Lowers a latency SLI. The good events are the bucket at the limit for a classic histogram, and computed for a native one.
fn latency(
    sli: &Instance,
    by: &[String],
    buckets: &Buckets<'_>,
    diagnostics: &mut Vec<Diag>,
) -> Option<Sli> {
    let histogram = query(sli.get(field::HISTOGRAM))?;
    let unit = buckets.unit(&histogram, units::field_unit(sli));
    let limit = unit.unit.count(duration(sli.get(field::UNDER))?);
    units::check(sli, &histogram, &unit, limit, diagnostics);
    let shown = nth_model::number::decimal_text(limit);
    if *sli.get(field::NATIVE) == Value::Bool(true) {
        let rates = as_rate_by(histogram.clone(), grouping::clause(by));
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
            breakdown: None,
        });
    }
    let total = renamed(&histogram, "_count")?;
    let mut good = renamed(&histogram, "_bucket")?;
    let bound = bound(limit, &buckets.texts(&histogram, limit));
    if let promql::Node::Selector(selector) = &mut good.node {
        selector.matchers.retain(|matcher| matcher.label != "le");
        selector.matchers.push(bound);
    }
    let numerator = Numerator::Good(as_rate_by(good.clone(), grouping::clause(by)));
    let breakdown = Breakdown::new(&numerator, Some(good.clone()), Some(total.clone()));
    Some(Sli::Events {
        numerator,
        total: as_rate_by(total.clone(), grouping::clause(by)),
        total_series: Some(total),
        bucket: Some(good),
        breakdown,
    })
}

/// From this value on, Go and most targets format a whole number with an exponent.
const EXPONENT_FROM: Decimal = Decimal::from_parts(1_000_000, 0, 0, false, 0);

/// The spellings of a bound in `le`. Prometheus 3 writes a whole number as `1.0`; older servers keep the target's `1`. A large
/// one is `1e+06` in Prometheus 3 and the clients of Go and Python, `1.0E7` in the one of Java, and has all digits with OTLP.
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

/// Returns the matcher of the bucket that ends at a limit, in the histogram's unit. `known` are the bound's spellings in the
/// metric catalog, if any.
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

/// Returns a matcher for any of these bounds.
fn one_of(texts: &[impl AsRef<str>]) -> promql::Matcher {
    let texts: Vec<String> = texts
        .iter()
        .map(|text| promql::escape_regex(text.as_ref()))
        .collect();
    build::matcher("le", promql::MatchOp::Matches, texts.join("|"))
}

/// Returns the histogram of a latency SLI.
pub(super) fn histogram(sli: &Instance, buckets: &Buckets<'_>) -> Option<Histogram> {
    if sli.variant.as_deref() != Some(kind::LATENCY) {
        return None;
    }
    let named = query(sli.get(field::HISTOGRAM))?;
    let unit = buckets.unit(&named, units::field_unit(sli)).unit;
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

/// Returns the histogram's series with another suffix.
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

fn time_slices(sli: &Instance, by: &[String], diagnostics: &mut Vec<Diag>) -> Option<Sli> {
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
    grouping::keeps(sli, field::GOOD, &good, by, diagnostics).then_some(Sli::TimeSlices { good })
}

fn error_ratio(
    slo: &Instance,
    sli: &Instance,
    by: &[String],
    diagnostics: &mut Vec<Diag>,
) -> Option<Sli> {
    let ratio = query(sli.get(field::RATIO))?;
    if !grouping::keeps(sli, field::RATIO, &ratio, by, diagnostics) {
        return None;
    }
    if !grouping::has_only(&ratio, by) {
        let help = match by {
            [] => "divide sums, as in `sum(rate(errors_total[$window])) / \
                sum(rate(requests_total[$window]))`, or use the worst series, `max(…)`"
                .to_owned(),
            _ => format!(
                "divide sums by the same labels, as in `sum by ({0}) (rate(errors_total[$window])) / \
                sum by ({0}) (rate(requests_total[$window]))`",
                by.join(", ")
            ),
        };
        keeps_labels(
            sli,
            "ratio",
            by,
            "are not a ratio of all events",
            help,
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
        _ => Some(events(sli, field::TOTAL, by, diagnostics)?),
    };
    Some(Sli::ErrorRatio { ratio, total })
}

/// Returns the labels of an SLI's matchers other than plain equality; empty without a breakdown.
pub(super) fn own_labels(sli: &Sli) -> Vec<String> {
    let Sli::Events {
        numerator: Numerator::Bad(counted) | Numerator::Good(counted),
        breakdown: Some(_),
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
