//! The expressions of recording rules: what an SLI counts in a window, in a slice, or at a time.

use rust_decimal::Decimal;

use nth_model::{Duration, Numerator, Sli};
use nth_promql::classify::metrics;
use nth_promql::{BinaryOp, Expr, Node, rewrite};

use super::super::query::{
    aggregate_by, at_window, binary, call, label_free, never_nan, number, or_zero, or_zero_of,
    over_window, paren, positive, without_nan,
};
use super::{BAD_SLICE, BRIDGED, LATE, SloContext};
use crate::series_names::SLICE;

/// The time from a slice's end back to the start of the first of its two increases.
pub(super) fn lookback() -> Duration {
    Duration(BRIDGED.0 + SLICE.0)
}

/// A query over a window that ended `ago`. A query that cannot be moved is unchanged.
pub(super) fn in_window(
    query: &Expr,
    window: Duration,
    ago: Duration,
    over: impl Fn(&Expr, Duration) -> Expr,
) -> Expr {
    let query = over(query, window);
    rewrite::moved_back(&query, ago.0).unwrap_or(query)
}

/// The events that a rate over `$window` counts in a window that ended `ago`.
pub(super) fn window_increase(rate: &Expr, window: Duration, ago: Duration) -> Expr {
    in_window(
        rate,
        window,
        ago,
        |rate, window| match rewrite::as_increase(rate) {
            Some(increase) => at_window(&increase, window),
            None => multiply(at_window(rate, window), window),
        },
    )
}

/// The two increases whose difference is a slice.
pub(super) fn slice_increases(rate: &Expr) -> [Expr; 2] {
    let end = window_increase(rate, lookback(), LATE);
    let beginning = window_increase(rate, BRIDGED, Duration(LATE.0 + SLICE.0));
    [end, beginning].map(without_nan)
}

/// Returns an expression that has a value if a slice has a sample of the counted events, and there is one before it; for each
/// group of the labels `by`.
pub(super) fn has_sample(rate: &Expr, by: &[String]) -> Expr {
    let [end, _] = slice_increases(rate);
    let mut series = metrics(rate);
    let (Some(selector), None, Some(_)) =
        (series.next(), series.next(), rewrite::as_increase(rate))
    else {
        return end;
    };
    let samples = Expr::new(Node::Selector(selector.clone()));
    let samples = over_window("count_over_time", samples, SLICE);
    let samples = rewrite::moved_back(&samples, LATE.0).unwrap_or(samples);
    binary(end, BinaryOp::And, aggregate_by("sum", by, None, samples))
}

/// The events of a slice: no sample if it has not been known in the last hour whether there are any. `or_zero` adds what is
/// missing as 0.
pub(super) fn slice_increase(rate: &Expr, or_zero: &dyn Fn(Expr) -> Expr) -> Expr {
    let [end, beginning] = slice_increases(rate);
    binary(end, BinaryOp::Subtract, or_zero(beginning))
}

/// The events of a slice: 0 if there is no series of them.
pub(super) fn slice_increase_or_zero(rate: &Expr, or_zero: &dyn Fn(Expr) -> Expr) -> Expr {
    let [end, beginning] = slice_increases(rate);
    binary(or_zero(end), BinaryOp::Subtract, or_zero(beginning))
}

/// The error ratio over a window from raw series, for each group of the labels `by`.
pub(crate) fn raw_ratio(sli: &Sli, by: &[String], window: Duration) -> Option<Expr> {
    match sli {
        Sli::Events {
            numerator,
            total,
            bucket,
            ..
        } => {
            let all = positive(total_at(total, window));
            let some = |rate: &Expr| without_nan(at_window(rate, window));
            let or_zero = |events: Expr| match by {
                [] => or_zero(events),
                _ => or_zero_of(events, total_at(total, window)),
            };
            let share = |part| binary(part, BinaryOp::Divide, all);
            Some(match numerator {
                Numerator::Bad(bad) => share(or_zero(some(bad))),
                Numerator::Good(good) => {
                    // A histogram has its buckets whenever it has events. Other good events may be missing because
                    // there are none.
                    let good = match bucket {
                        Some(_) => some(good),
                        None => or_zero(some(good)),
                    };
                    binary(number(Decimal::ONE), BinaryOp::Subtract, share(good))
                }
            })
        }
        Sli::ErrorRatio { ratio, .. } => Some(not_nan(at_window(ratio, window))),
        // It would need as many evaluations as there are slices.
        Sli::TimeSlices { .. } => None,
    }
}

pub(super) fn total_at(total: &Expr, window: Duration) -> Expr {
    without_nan(at_window(total, window))
}

/// An expression that may be negative, without its samples that are NaN.
pub(super) fn not_nan(expr: Expr) -> Expr {
    if never_nan(&expr) {
        return expr;
    }
    let least = Expr::new(Node::Number("-Inf".into()));
    binary(expr, BinaryOp::GreaterOrEqual, least)
}

/// Multiplies a value per second by a duration.
pub(super) fn multiply(expr: Expr, time: Duration) -> Expr {
    binary(expr, BinaryOp::Multiply, number(time.as_seconds()))
}

/// 1 if the condition of a good slice does not hold, 0 if it does, no sample if it is unknown.
///
/// If a comparison returns several series, all must hold. Of conditions joined with `and` both must hold, with `or` one
/// of them. An expression that is not a comparison holds if it returns anything.
///
/// There is one value for each group of the labels `by`.
pub fn bad_slice(good: &Expr, by: &[String]) -> Expr {
    if let Node::Binary(condition) = &good.unparenthesised().node {
        if let Some(inverse) = condition.op.negated() {
            let mut condition = condition.clone();
            condition.op = inverse;
            condition.return_bool = true;
            condition.left = drop_nan(condition.left);
            condition.right = drop_nan(condition.right);
            let bad = Expr::new(Node::Binary(condition));
            return if label_free(&bad) {
                bad
            } else {
                aggregate_by("max", by, None, bad)
            };
        }
        let both = |op| {
            binary(
                bad_slice(&condition.left, by),
                op,
                bad_slice(&condition.right, by),
            )
        };
        match condition.op {
            BinaryOp::And => return call("clamp_max", [both(BinaryOp::Add), number(Decimal::ONE)]),
            BinaryOp::Or => return both(BinaryOp::Multiply),
            _ => {}
        }
    }
    let none = call("vector", [number(Decimal::ONE)]);
    let some = binary(
        aggregate_by("count", by, None, good.clone()),
        BinaryOp::Multiply,
        number(Decimal::ZERO),
    );
    binary(some, BinaryOp::Or, none)
}

/// An operand of a comparison without its NaN samples (a quantile without observations), with which a slice is neither
/// good nor bad: every number is at least -Inf.
pub(super) fn drop_nan(operand: Expr) -> Expr {
    let scalar = matches!(
        &operand.unparenthesised().node,
        Node::Number(_) | Node::Unary(..)
    ) || matches!(&operand.unparenthesised().node, Node::Call(call) if call.function == "scalar");
    if scalar || never_nan(&operand) {
        return operand;
    }
    let least = Expr::new(Node::Number("-Inf".into()));
    paren(binary(operand, BinaryOp::GreaterOrEqual, least))
}

/// The series that the missing-data alert looks for, which show whether there are events.
pub fn presence(context: &SloContext<'_>) -> Expr {
    let window = context.current();
    match &context.slo.sli {
        Sli::Events {
            total_series: Some(series),
            ..
        } => at_window(series, window),
        Sli::Events { total, .. }
        | Sli::ErrorRatio {
            total: Some(total), ..
        } => at_window(total, window),
        // Without the guard against NaN: no traffic is not missing data.
        Sli::ErrorRatio { ratio, total: None } => at_window(ratio, window),
        Sli::TimeSlices { good } => match &good.unparenthesised().node {
            Node::Binary(condition) if condition.op.is_comparison() => {
                let number = matches!(&condition.left.unparenthesised().node, Node::Number(_));
                if number {
                    condition.right.clone()
                } else {
                    condition.left.clone()
                }
            }
            _ => context.recorded_series(BAD_SLICE),
        },
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use nth_promql::parse;

    #[test]
    fn a_bad_slice_is_where_the_condition_fails() {
        for (good, bad) in [
            ("max(age) < 60", "(max(age) >= -Inf) >= bool 60"),
            ("60 >= count(up)", "60 < bool count(up)"),
            ("up == 1", "max((up >= -Inf) != bool 1)"),
            (
                "(count(a) > 1) and count(b) <= 2",
                "clamp_max((count(a) <= bool 1) + (count(b) > bool 2), 1)",
            ),
            (
                "count(a) > 1 or count(b) > 2",
                "(count(a) <= bool 1) * (count(b) <= bool 2)",
            ),
            (
                "alive unless dead",
                "count(alive unless dead) * 0 or vector(1)",
            ),
        ] {
            assert_eq!(bad_slice(&parse(good).unwrap(), &[]).to_string(), bad);
        }
    }

    fn query(text: &str) -> Expr {
        parse(text).unwrap()
    }

    fn events(numerator: Numerator, bucket: Option<Expr>) -> Sli {
        Sli::Events {
            numerator,
            total: query("sum(rate(all[$window]))"),
            total_series: None,
            bucket,
            breakdown: None,
        }
    }

    #[test]
    fn each_group_has_its_own_zero() {
        let by = ["route".to_owned()];
        let sli = Sli::Events {
            numerator: Numerator::Bad(query("sum by (route) (rate(errors[$window]))")),
            total: query("sum by (route) (rate(all[$window]))"),
            total_series: None,
            bucket: None,
            breakdown: None,
        };
        assert_eq!(
            raw_ratio(&sli, &by, Duration::MINUTE).unwrap().to_string(),
            "(sum by (route) (rate(errors[1m])) or 0 * sum by (route) (rate(all[1m]))) \
             / (sum by (route) (rate(all[1m])) > 0)"
        );
        assert_eq!(
            bad_slice(&query("age < 60"), &by).to_string(),
            "max by (route) ((age >= -Inf) >= bool 60)"
        );
    }

    #[test]
    fn bad_events_follow_from_the_total() {
        let minute = |sli: &Sli| raw_ratio(sli, &[], Duration::MINUTE).unwrap().to_string();
        let bad = Numerator::Bad(query("sum(rate(errors[$window]))"));
        assert_eq!(
            minute(&events(bad, None)),
            "(sum(rate(errors[1m])) or vector(0)) / (sum(rate(all[1m])) > 0)"
        );
        let good = Numerator::Good(query("sum(rate(ok[$window]))"));
        assert_eq!(
            minute(&events(good.clone(), None)),
            "1 - (sum(rate(ok[1m])) or vector(0)) / (sum(rate(all[1m])) > 0)"
        );
        assert_eq!(
            minute(&events(good, Some(query("ok")))),
            "1 - sum(rate(ok[1m])) / (sum(rate(all[1m])) > 0)"
        );
    }

    #[test]
    fn a_slice_is_the_difference_of_two_increases_that_begin_together() {
        assert_eq!(
            slice_increase(&query("sum(rate(all[$window]))"), &or_zero).to_string(),
            "sum(increase(all[1h3m] offset 1m)) - (sum(increase(all[1h] offset 4m)) or vector(0))"
        );
        assert_eq!(
            slice_increase(
                &query("histogram_count(sum(rate(all[$window] offset 1h)))"),
                &or_zero
            )
            .to_string(),
            "histogram_count(sum(increase(all[1h3m] offset 1h1m))) \
             - (histogram_count(sum(increase(all[1h] offset 1h4m))) or vector(0))"
        );
        assert_eq!(
            slice_increase(&query("sum(rate(all[$window])) * 60"), &or_zero).to_string(),
            "sum(increase(all[1h3m] offset 1m)) * 60 - (sum(increase(all[1h] offset 4m)) * 60 or vector(0))"
        );
    }
}
