//! Ratios that are those of a histogram: they become indicators of latency, by whose rules a missing bucket is told.

use rust_decimal::Decimal;

use crate::ir::Duration;
use crate::ir::number::decimal_text;
use crate::promql::classify::is_selector;
use crate::promql::{self, BinaryOp, Expr, MatchOp, Node, Selector};

/// The suffix of the names of histograms whose buckets are in seconds, which is what an indicator of latency takes.
const SECONDS: &str = "_seconds";

/// A histogram with the limit of its good events.
#[derive(Debug, PartialEq, Eq)]
pub struct Latency {
    /// The histogram: its name without `_bucket`.
    pub histogram: Expr,
    /// How long a good event takes at most.
    pub under: Duration,
    /// Whether it is a native one.
    pub native: bool,
}

/// The histogram that good events and all events are of; nothing where they are not, or an indicator of latency would
/// ask something else.
pub fn latency(good: &Expr, total: &Expr) -> Option<Latency> {
    classic(good, total).or_else(|| native(good, total))
}

fn selector(expr: &Expr) -> Option<&Selector> {
    match &expr.unparenthesised().node {
        Node::Selector(selector) if is_selector(expr) => Some(selector),
        _ => None,
    }
}

/// `x_seconds_bucket{le="0.25"}` of `x_seconds_count`
fn classic(good: &Expr, total: &Expr) -> Option<Latency> {
    let (good, total) = (selector(good)?, selector(total)?);
    let base = total.metric.as_ref()?.text.strip_suffix("_count")?;
    if good.metric.as_ref()?.text.strip_suffix("_bucket")? != base || !base.ends_with(SECONDS) {
        return None;
    }
    let mut bounds = good.matchers.iter().filter(|matcher| matcher.label == "le");
    let bound = bounds.next()?;
    if bounds.next().is_some() {
        return None;
    }
    let text = bound.value.text()?;
    let under = match bound.op {
        MatchOp::Equal => seconds(text).filter(|limit| !limit.fract().is_zero()),
        // Whole numbers are written in two ways.
        MatchOp::Matches => text
            .strip_suffix("(\\.0)?")
            .and_then(seconds)
            .filter(|limit| limit.fract().is_zero()),
        _ => None,
    }?;
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
        histogram: Expr::made(Node::Selector(histogram)),
        under: length(under)?,
        native: false,
    })
}

/// `histogram_fraction(0, 0.25, r) * histogram_count(r)` of `histogram_count(r)`, where `r` is the sum of rates
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
    if sum.op != "sum" || sum.grouping.is_some() || !of.metric.as_ref()?.text.ends_with(SECONDS) {
        return None;
    }
    Some(Latency {
        histogram: histogram.unparenthesised().clone(),
        under: length(number(to)?)?,
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
        promql::Node::Number(text) => seconds(text),
        _ => None,
    }
}

/// A number that is written as it would be written again.
fn seconds(text: &str) -> Option<Decimal> {
    let number: Decimal = text.parse().ok()?;
    (decimal_text(number) == text).then_some(number)
}

/// That many seconds; nothing where it is none, or no whole number of milliseconds.
fn length(seconds: Decimal) -> Option<Duration> {
    use rust_decimal::prelude::ToPrimitive as _;
    let milliseconds = seconds.checked_mul(Decimal::ONE_THOUSAND)?;
    let whole = milliseconds.fract().is_zero() && milliseconds > Decimal::ZERO;
    whole.then_some(Duration(milliseconds.to_u64()?))
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
    fn histograms_in_seconds_are_known() {
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
                "histogram_fraction(0, 0.4, sum(rate(x_seconds[5m]))) * histogram_count(sum(rate(x_seconds[5m])))",
                "histogram_count(sum(rate(x_seconds[5m])))"
            ),
            of("x_seconds", "400ms", true)
        );
    }

    #[test]
    fn what_would_be_asked_otherwise_is_none() {
        for (good, total) in [
            // Whole numbers are matched in both ways of writing them.
            (r#"x_seconds_bucket{le="1"}"#, "x_seconds_count"),
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
