//! Inference of an expression's unit of time from metric names.

use super::tree::*;
use nth_units::DurationUnit;
use nth_units::metric_unit::unit_in_suffix;

/// Infers the unit of time of an expression's values. `None` if they are not times, or it is uncertain. Uses only Prometheus's
/// naming conventions. `hole` returns the query of an interpolation.
///
/// ```
/// use nth_units::DurationUnit;
/// use nth_promql::{parse, time_unit};
///
/// let query = parse("histogram_quantile(0.9, sum by (le) (rate(wait_milliseconds_bucket[5m])))").unwrap();
/// assert_eq!(time_unit(&query, &|_| None), Some(DurationUnit::Milliseconds));
/// let query = parse("rate(busy_milliseconds_total[5m])").unwrap();
/// assert_eq!(time_unit(&query, &|_| None), None);
/// ```
pub fn time_unit<'e>(
    expr: &'e Expr,
    hole: &dyn Fn(usize) -> Option<&'e Expr>,
) -> Option<DurationUnit> {
    let infer = |expr: &'e Expr| time_unit(expr, hole);
    match &expr.node {
        Node::Selector(selector) => unit_in_suffix(&selector.metric.as_ref()?.text),
        Node::Hole(number) => infer(hole(*number)?),
        Node::Paren(inner) | Node::Unary(_, inner) | Node::Modified(inner, _) => infer(inner),
        Node::Range(inner, _) => infer(inner),
        Node::Subquery(subquery) => infer(&subquery.expr),
        Node::Call(call) => {
            let argument = |number: usize| call.args.get(number);
            match call.function.as_str() {
                "histogram_quantile" => buckets_unit(argument(1)?, hole),
                "quantile_over_time" => infer(argument(1)?),
                "avg_over_time" | "max_over_time" | "min_over_time" | "last_over_time" | "abs"
                | "ceil" | "floor" | "round" | "clamp" | "clamp_min" | "clamp_max" | "sort"
                | "sort_desc" => infer(argument(0)?),
                _ => None,
            }
        }
        Node::Aggregate(aggregate) => match aggregate.op.as_str() {
            "avg" | "bottomk" | "max" | "min" | "quantile" | "sum" | "topk" => {
                infer(&aggregate.expr)
            }
            _ => None,
        },
        Node::Binary(binary) => match binary.op {
            BinaryOp::Divide => mean(binary, hole),
            BinaryOp::Add | BinaryOp::Subtract | BinaryOp::Or => {
                let unit = infer(&binary.left)?;
                (infer(&binary.right) == Some(unit)).then_some(unit)
            }
            BinaryOp::And | BinaryOp::Unless => infer(&binary.left),
            op if op.is_comparison() && !binary.return_bool => infer(&binary.left),
            _ => None,
        },
        _ => None,
    }
}

/// Infers the unit of the histogram whose buckets or native samples an expression adds.
pub fn buckets_unit<'e>(
    expr: &'e Expr,
    hole: &dyn Fn(usize) -> Option<&'e Expr>,
) -> Option<DurationUnit> {
    let (name, is_rate) = summed(expr, hole)?;
    let base = name.strip_suffix("_bucket");
    // Buckets of a classic histogram need no rate. A bare name may only be a native histogram with one.
    (base.is_some() || is_rate)
        .then(|| unit_in_suffix(base.unwrap_or(name)))
        .flatten()
}

/// Infers the unit of a mean: `rate(x_seconds_sum[5m]) / rate(x_seconds_count[5m])`.
fn mean<'e>(binary: &'e Binary, hole: &dyn Fn(usize) -> Option<&'e Expr>) -> Option<DurationUnit> {
    let (sum, _) = summed(&binary.left, hole)?;
    let (count, _) = summed(&binary.right, hole)?;
    let base = sum.strip_suffix("_sum")?;
    (count.strip_suffix("_count") == Some(base))
        .then(|| unit_in_suffix(base))
        .flatten()
}

/// Returns the single metric whose series or rates an expression adds, and whether it uses rates.
fn summed<'e>(expr: &'e Expr, hole: &dyn Fn(usize) -> Option<&'e Expr>) -> Option<(&'e str, bool)> {
    match &expr.node {
        Node::Selector(selector) => Some((&selector.metric.as_ref()?.text, false)),
        Node::Hole(number) => summed(hole(*number)?, hole),
        Node::Paren(inner) | Node::Modified(inner, _) | Node::Range(inner, _) => {
            summed(inner, hole)
        }
        Node::Aggregate(aggregate) if aggregate.op == "sum" => summed(&aggregate.expr, hole),
        Node::Call(call) if matches!(call.function.as_str(), "rate" | "increase" | "irate") => {
            let (name, _) = summed(call.args.first()?, hole)?;
            Some((name, true))
        }
        // A comparison such as `… > 0` keeps the unit.
        Node::Binary(binary) if binary.op.is_comparison() && !binary.return_bool => {
            summed(&binary.left, hole)
        }
        _ => None,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::parse;
    use DurationUnit::{Microseconds, Milliseconds, Seconds};

    #[test]
    fn units_are_kept_by_what_keeps_them() {
        for (query, unit) in [
            ("x_seconds", Some(Seconds)),
            ("max by (a) (x_ms)", Some(Milliseconds)),
            ("max_over_time(x_milliseconds[5m])", Some(Milliseconds)),
            ("-(x_ms offset 5m)", Some(Milliseconds)),
            (
                "histogram_quantile(0.9, sum by (le) (rate(x_microseconds_bucket[5m])))",
                Some(Microseconds),
            ),
            (
                "histogram_quantile(0.9, rate(x_ms[5m]))",
                Some(Milliseconds),
            ),
            (
                "sum(rate(x_ms_sum[5m])) / (sum(rate(x_ms_count[5m])) > 0)",
                Some(Milliseconds),
            ),
            ("topk(3, x_ms) > 100", Some(Milliseconds)),
            ("x_ms and on (job) up", Some(Milliseconds)),
            // Not a time, or uncertain.
            ("rate(x_seconds_total[5m])", None),
            ("x_ms / 1000", None),
            ("x_ms * 2", None),
            ("x_ms - y_seconds", None),
            ("count(x_ms)", None),
            ("x_ms > bool 3", None),
            ("rate(x_ms_sum[5m]) / rate(y_ms_count[5m])", None),
            ("time() - x_seconds", None),
            ("x_seconds_count", None),
            ("orders_us", None),
        ] {
            assert_eq!(
                time_unit(&parse(query).unwrap(), &|_| None),
                unit,
                "{query}"
            );
        }
    }
}
