//! Recognizes ratios of histograms, which become latency SLIs: their rules also report missing buckets.

use rust_decimal::Decimal;

use crate::ir::metric_unit::{MetricUnit, unit_in_name};
use crate::ir::number::decimal_text;
use crate::ir::{Duration, DurationUnit};
use crate::lower::bound;
use crate::promql::classify::is_selector;
use crate::promql::{self, BinaryOp, Expr, Matcher, Node, Selector};

/// A latency SLI: a histogram with the threshold of good events.
#[derive(Debug, PartialEq, Eq)]
pub struct Latency {
    /// The histogram: its name without `_bucket`.
    pub histogram: Expr,
    /// The maximum duration of a good event.
    pub under: Duration,
    /// True for a native histogram.
    pub native: bool,
}

/// Returns the latency SLI that evaluates the same queries; `None` if there is none.
pub fn latency(good: &Expr, total: &Expr) -> Option<Latency> {
    classic(good, total).or_else(|| native(good, total))
}

fn selector(expr: &Expr) -> Option<&Selector> {
    match &expr.unparenthesised().node {
        Node::Selector(selector) if is_selector(expr) => Some(selector),
        _ => None,
    }
}

/// Returns the unit of a histogram, which a latency SLI takes from its name.
fn unit(name: &str) -> Option<DurationUnit> {
    match unit_in_name(name)? {
        MetricUnit::Time(unit) => Some(unit),
        MetricUnit::Other(_) => None,
    }
}

/// Recognizes `x_seconds_bucket{le="0.25"}` of `x_seconds_count`.
fn classic(good: &Expr, total: &Expr) -> Option<Latency> {
    let (good, total) = (selector(good)?, selector(total)?);
    let base = total.metric.as_ref()?.text.strip_suffix("_count")?;
    if good.metric.as_ref()?.text.strip_suffix("_bucket")? != base {
        return None;
    }
    let unit = unit(base)?;
    let mut bounds = good.matchers.iter().filter(|matcher| matcher.label == "le");
    let matcher = bounds.next()?;
    if bounds.next().is_some() {
        return None;
    }
    let limit = bucket_bound(matcher)?;
    let mut others: Vec<_> = good
        .matchers
        .iter()
        .filter(|matcher| matcher.label != "le")
        .map(|matcher| (&matcher.label, matcher.op, &matcher.value.parts))
        .collect();
    let mut all: Vec<_> = total
        .matchers
        .iter()
        .map(|matcher| (&matcher.label, matcher.op, &matcher.value.parts))
        .collect();
    others.sort_by_key(|(label, ..)| *label);
    all.sort_by_key(|(label, ..)| *label);
    if others != all {
        return None;
    }
    let mut histogram = total.clone();
    histogram.metric.as_mut()?.text = base.into();
    Some(Latency {
        histogram: Expr::new(Node::Selector(histogram)),
        under: unit.duration(limit)?,
        native: false,
    })
}

/// Recognizes `histogram_fraction(0, 0.25, r) * histogram_count(r)` of `histogram_count(r)`, where `r` is a sum of rates.
fn native(good: &Expr, total: &Expr) -> Option<Latency> {
    let Node::Binary(product) = &good.unparenthesised().node else {
        return None;
    };
    if product.op != BinaryOp::Multiply
        || product.matching.is_some()
        || !same(&product.right, total)
    {
        return None;
    }
    let [rates] = call(total, "histogram_count")? else {
        return None;
    };
    let [from, to, of] = call(&product.left, "histogram_fraction")? else {
        return None;
    };
    if !same(of, rates) || number(from)? != Decimal::ZERO {
        return None;
    }
    let Node::Aggregate(sum) = &rates.unparenthesised().node else {
        return None;
    };
    let [range] = call(&sum.expr, "rate")? else {
        return None;
    };
    let Node::Range(histogram, _) = &range.unparenthesised().node else {
        return None;
    };
    let of = selector(histogram)?;
    if sum.op != "sum" || sum.grouping.is_some() {
        return None;
    }
    let unit = unit(&of.metric.as_ref()?.text)?;
    Some(Latency {
        histogram: histogram.unparenthesised().clone(),
        under: unit.duration(number(to)?)?,
        native: true,
    })
}

fn call<'e>(expr: &'e Expr, function: &str) -> Option<&'e [Expr]> {
    match &expr.unparenthesised().node {
        Node::Call(call) if call.function == function => Some(&call.args),
        _ => None,
    }
}

fn same(left: &Expr, right: &Expr) -> bool {
    left.to_string() == right.to_string()
}

fn number(expr: &Expr) -> Option<Decimal> {
    match &expr.unparenthesised().node {
        promql::Node::Number(text) => exact_number(text),
        _ => None,
    }
}

/// Parses a number; `None` if formatting it gives another text.
fn exact_number(text: &str) -> Option<Decimal> {
    let number: Decimal = text.parse().ok()?;
    (decimal_text(number) == text).then_some(number)
}

/// Returns the bound of a `le` matcher; `None` unless a latency SLI generates the same matcher.
fn bucket_bound(matcher: &Matcher) -> Option<Decimal> {
    let text = matcher.value.text()?;
    let limit = text
        .split('|')
        .find_map(|text| exact_number(text.strip_suffix("(\\.0)?").unwrap_or(text)))?;
    let usual = bound(limit, &[]);
    (usual.op == matcher.op && usual.value.text() == Some(text)).then_some(limit)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::promql::parse;

    fn read(good: &str, total: &str) -> Option<(String, String, bool)> {
        latency(&parse(good).unwrap(), &parse(total).unwrap()).map(|latency| {
            (
                latency.histogram.to_string(),
                latency.under.to_string(),
                latency.native,
            )
        })
    }

    #[test]
    fn histograms_of_durations_are_known() {
        let of = |histogram: &str, under: &str, native| {
            Some((histogram.to_owned(), under.to_owned(), native))
        };
        assert_eq!(
            read(
                r#"x_seconds_bucket{job="a",le="0.25"}"#,
                r#"x_seconds_count{job="a"}"#
            ),
            of(r#"x_seconds{job="a"}"#, "250ms", false)
        );
        assert_eq!(
            read(r#"x_seconds_bucket{le=~"30(\\.0)?"}"#, "x_seconds_count"),
            of("x_seconds", "30s", false)
        );
        assert_eq!(
            read(
                r#"x_milliseconds_bucket{le=~"300(\\.0)?"}"#,
                "x_milliseconds_count"
            ),
            of("x_milliseconds", "300ms", false)
        );
        assert_eq!(
            read(
                r#"x_microseconds_bucket{le=~"1e\\+06|1000000|1000000\\.0"}"#,
                "x_microseconds_count"
            ),
            of("x_microseconds", "1s", false)
        );
        assert_eq!(
            read(
                "histogram_fraction(0, 0.4, sum(rate(x_seconds[5m]))) * histogram_count(sum(rate(x_seconds[5m])))",
                "histogram_count(sum(rate(x_seconds[5m])))"
            ),
            of("x_seconds", "400ms", true)
        );
    }

    #[test]
    fn what_would_be_asked_otherwise_is_none() {
        for (good, total) in [
            // Integers are matched in both notations.
            (r#"x_seconds_bucket{le="1"}"#, "x_seconds_count"),
            (r#"x_latency_bucket{le="0.25"}"#, "x_latency_count"),
            (r#"x_bytes_bucket{le="0.25"}"#, "x_bytes_count"),
            (r#"x_seconds_bucket{le="0.250"}"#, "x_seconds_count"),
            (r#"x_seconds_bucket{le="+Inf"}"#, "x_seconds_count"),
            (
                r#"x_milliseconds_bucket{le="0.25"}"#,
                "x_milliseconds_count",
            ),
            (r#"x_seconds_bucket{le="0.25",a="b"}"#, "x_seconds_count"),
            (r#"x_seconds_bucket{le="0.25"}"#, "y_seconds_count"),
            (r#"x_seconds_bucket{le="0.0001"}"#, "x_seconds_count"),
            ("sum(x_seconds_bucket)", "x_seconds_count"),
        ] {
            assert_eq!(read(good, total), None, "{good}");
        }
    }
}
