//! SLIs as metrics, and their budgeting method.
//!
//! A query of the format is evaluated unchanged and has no placeholder for a window. So each rate is over five minutes
//! (the window of current burn rates), and `counter` is `false`: a reader adds up samples of rates, which are
//! event-weighted as long as they are evenly spaced, and resets of counters are detected where they occur, before
//! anything is summed.

use rust_decimal::Decimal;

use super::document::{Metric, MetricSource, Query, RatioMetric, Sli as Document};
use super::names;
use nth_model::{Duration, Numerator, Settings, Sli, number::decimal_text};

use nth_promql::{BinaryOp, Expr, LabelSet, Node, UnaryOp, build, labels_of, rewrite};

/// An SLI, and the fields of its SLO that depend on it.
pub struct Indicator {
    /// The document of the SLI.
    pub document: Document,
    /// The budgeting method.
    pub budgeting: &'static str,
    /// The operator and the threshold of a threshold metric.
    pub comparison: Option<(&'static str, f64)>,
    /// The share of a time slice that must be good.
    pub slice_target: Option<f64>,
    /// The length of a time slice.
    pub slice: Option<Duration>,
    /// Sentences about what the format cannot express.
    pub lost: Vec<String>,
}

/// An SLI of events.
fn events(ratio: RatioMetric, budgeting: &'static str) -> Indicator {
    Indicator {
        document: Document {
            description: None,
            threshold_metric: None,
            ratio_metric: Some(ratio),
        },
        budgeting,
        comparison: None,
        slice_target: None,
        slice: None,
        lost: Vec::new(),
    }
}

/// The SLI of an SLO. `interval` is the time between two evaluations of its rules.
pub fn indicator(sli: &Sli, interval: Duration, settings: &Settings) -> Indicator {
    let metric = |expr: &Expr| metric(expr, settings);
    match sli {
        Sli::Events {
            numerator, total, ..
        } => {
            let mut ratio = RatioMetric {
                total: Some(metric(total)),
                ..RatioMetric::default()
            };
            match numerator {
                Numerator::Good(good) => ratio.good = Some(metric(good)),
                Numerator::Bad(bad) => ratio.bad = Some(metric(bad)),
            }
            events(ratio, "Occurrences")
        }
        // Bad events are computed from the ratio, so that long windows are event-weighted here too.
        Sli::ErrorRatio {
            ratio,
            total: Some(total),
        } => {
            // Without labels on either side: they are one series each, as in the rules.
            let share = one(ratio.clone(), "max");
            let bad = build::binary(BinaryOp::Multiply, share, one(total.clone(), "sum"));
            let ratio = RatioMetric {
                bad: Some(metric(&bad)),
                total: Some(metric(total)),
                ..RatioMetric::default()
            };
            events(ratio, "Occurrences")
        }
        Sli::ErrorRatio { ratio, total: None } => {
            let ratio = RatioMetric {
                raw_type: Some("failure"),
                raw: Some(metric(ratio)),
                ..RatioMetric::default()
            };
            Indicator {
                slice: Some(settings.prometheus.current_window()),
                ..events(ratio, "RatioTimeslices")
            }
        }
        Sli::TimeSlices { good } => slices(good, interval, settings),
    }
}

/// Time slices: each evaluation is one, and those of the format are at least a minute long.
fn slices(good: &Expr, interval: Duration, settings: &Settings) -> Indicator {
    let (query, op, value) =
        split_comparison(good).unwrap_or_else(|| (condition_value(good), "gte", Decimal::ONE));
    let slice = Duration(interval.0.div_ceil(Duration::MINUTE.0) * Duration::MINUTE.0);
    let mut lost = Vec::new();
    if slice != interval {
        lost.push(format!(
            "The rules evaluate a slice every {interval}; in OpenSLO a slice lasts {slice}, and is good \
            if all of it is."
        ));
    }
    Indicator {
        document: Document {
            description: None,
            threshold_metric: Some(metric(&query, settings)),
            ratio_metric: None,
        },
        budgeting: "Timeslices",
        comparison: Some((op, names::number(value))),
        slice_target: Some(1.0),
        slice: Some(slice),
        lost,
    }
}

fn metric(expr: &Expr, settings: &Settings) -> Metric {
    let mut expr = expr.clone();
    rewrite::set_window(&mut expr, &settings.prometheus.current_window().to_string());
    Metric {
        metric_source: MetricSource {
            metric_source_ref: names::name(&[&settings.openslo.datasource]),
            of: "Prometheus",
            spec: Query {
                query: expr.to_string(),
            },
        },
    }
}

/// Splits a comparison with a number into one value, an operator and the number. If it returns several series, all must
/// hold: the worst of them is compared.
fn split_comparison(good: &Expr) -> Option<(Expr, &'static str, Decimal)> {
    let Node::Binary(comparison) = &good.unparenthesised().node else {
        return None;
    };
    if comparison.return_bool || comparison.matching.is_some() {
        return None;
    }
    let (value, op, limit) = match (
        literal_number(&comparison.left),
        literal_number(&comparison.right),
    ) {
        (None, Some(limit)) => (&comparison.left, comparison.op, limit),
        (Some(limit), None) => (&comparison.right, mirror_operator(comparison.op)?, limit),
        _ => return None,
    };
    let (op, worst) = match op {
        BinaryOp::Less => ("lt", "max"),
        BinaryOp::LessOrEqual => ("lte", "max"),
        BinaryOp::Greater => ("gt", "min"),
        BinaryOp::GreaterOrEqual => ("gte", "min"),
        _ => return None,
    };
    Some((one(value.clone(), worst), op, limit))
}

fn mirror_operator(op: BinaryOp) -> Option<BinaryOp> {
    Some(match op {
        BinaryOp::Less => BinaryOp::Greater,
        BinaryOp::LessOrEqual => BinaryOp::GreaterOrEqual,
        BinaryOp::Greater => BinaryOp::Less,
        BinaryOp::GreaterOrEqual => BinaryOp::LessOrEqual,
        _ => return None,
    })
}

/// The exact value of a numeric expression.
fn literal_number(expr: &Expr) -> Option<Decimal> {
    let (sign, text) = match &expr.unparenthesised().node {
        Node::Number(text) => (Decimal::ONE, text),
        Node::Unary(UnaryOp::Minus, inner) => match &inner.unparenthesised().node {
            Node::Number(text) => (Decimal::NEGATIVE_ONE, text),
            _ => return None,
        },
        _ => return None,
    };
    let number: Decimal = text.parse().ok()?;
    // A number that no double represents would be a different limit for the reader.
    let number = sign * number;
    let exact = names::number(number).to_string().parse() == Ok(number);
    (exact && decimal_text(number).len() <= 20).then_some(number)
}

/// Aggregates the expression to one series.
fn one(expr: Expr, aggregation: &str) -> Expr {
    if labels_of(&expr) == LabelSet::none() {
        expr
    } else {
        build::aggregate(aggregation, None, expr)
    }
}

/// 1 if a condition holds, 0 if not. An expression that is not a comparison holds if it returns anything.
fn condition_value(good: &Expr) -> Expr {
    if let Node::Binary(condition) = &good.unparenthesised().node {
        if condition.op.is_comparison() {
            let mut condition = condition.clone();
            condition.return_bool = true;
            return one(Expr::new(Node::Binary(condition)), "min");
        }
        let both = |op| {
            build::binary(
                op,
                condition_value(&condition.left),
                condition_value(&condition.right),
            )
        };
        match condition.op {
            BinaryOp::And => return both(BinaryOp::Multiply),
            BinaryOp::Or => {
                return build::call("clamp_max", vec![both(BinaryOp::Add), build::number("1")]);
            }
            _ => {}
        }
    }
    let some = build::aggregate("count", None, good.clone());
    let some = build::call("clamp_max", vec![some, build::number("1")]);
    build::binary(BinaryOp::Or, some, build::vector("0"))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use nth_promql::parse;

    #[test]
    fn a_comparison_with_a_number_is_a_threshold() {
        for (good, query, op, value) in [
            ("max(age) < 60", "max(age)", "lt", "60"),
            ("60 >= count(up)", "count(up)", "lte", "60"),
            ("age <= 0.25", "max(age)", "lte", "0.25"),
            ("up >= 1", "min(up)", "gte", "1"),
            ("sum(x) > -5", "sum(x)", "gt", "-5"),
        ] {
            let (of, as_op, limit) = split_comparison(&parse(good).unwrap()).unwrap();
            assert_eq!((of.to_string().as_str(), as_op), (query, op), "{good}");
            assert_eq!(limit.to_string(), value);
        }
        for other in ["up == 1", "a < b", "max(x) < 1e40", "a and b", "a < bool 1"] {
            assert_eq!(split_comparison(&parse(other).unwrap()), None, "{other}");
        }
    }

    #[test]
    fn other_conditions_are_one_or_zero() {
        for (good, query) in [
            ("up == 1", "min(up == bool 1)"),
            ("sum(a) < sum(b)", "sum(a) < bool sum(b)"),
            (
                "count(a) > 1 and sum(b) < 2",
                "(count(a) > bool 1) * (sum(b) < bool 2)",
            ),
            (
                "count(a) > 1 or sum(b) < 2",
                "clamp_max((count(a) > bool 1) + (sum(b) < bool 2), 1)",
            ),
            (
                "alive unless dead",
                "clamp_max(count(alive unless dead), 1) or vector(0)",
            ),
        ] {
            assert_eq!(condition_value(&parse(good).unwrap()).to_string(), query);
        }
    }
}
