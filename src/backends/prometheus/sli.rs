//! The recordings of an SLO's error ratio.
//!
//! Every window has a series `slo:sli_error:ratio_rate<window>`, bad events over all events, without a sample
//! where there was no event. Windows up to 6 h read the raw series. Longer ones read recordings of the base
//! window (5 min, or the shortest window where that is shorter), and are weighted by events: the sum of the
//! bad events' rates over the sum of all events' rates, never the mean of ratios, in which a quiet night
//! weighs as much as a busy day.
//!
//! | recording | of | what |
//! |---|---|---|
//! | `slo:sli_bad_events:rate<base>` | events, weighted ratios | bad events a second; 0 where no such series exists yet |
//! | `slo:sli_total_events:rate<base>` | events, weighted ratios | events a second |
//! | `slo:sli_bad_slice:bool` | time slices | 1 for a bad slice, 0 for a good one |
//! | `slo:sli_events:increase<window>` | SLOs with `min_events` | events in the window |
//!
//! Everything that reads a recording aggregates it, and takes its labels from the rule alone: an SLO that
//! changes its labels (a new owner, a new tier) keeps its history, and never has two series where one is
//! needed.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;

use crate::ir::{Duration, Numerator, Sli, Slo, burn_rate};
use crate::promql::{BinaryOp, Expr, Node};

pub use crate::backends::recorded::{CURRENT, ERROR_RATIO};

use super::context::Context;
use super::document::{RecordingRule, Rule};
use super::layout::layout;
use super::query::{
    aggregate, at_window, binary, call, label_free, never_nan, number, over, paren, positive,
    series, without_nan,
};

const BAD_EVENTS: &str = "slo:sli_bad_events:rate";
const TOTAL_EVENTS: &str = "slo:sli_total_events:rate";
const BAD_SLICE: &str = "slo:sli_bad_slice:bool";
const EVENTS: &str = "slo:sli_events:increase";

/// The longest window that reads raw series.
const LONGEST_RAW: Duration = Duration::hours(6);

/// An SLO with its service.
#[derive(Clone, Copy)]
pub struct SloContext<'a> {
    /// Its service.
    pub of: Context<'a>,
    /// The SLO.
    pub slo: &'a Slo,
    /// The window of the recordings that long windows read.
    pub base: Duration,
}

impl<'a> SloContext<'a> {
    /// An SLO of a service.
    pub fn new(of: Context<'a>, slo: &'a Slo) -> Self {
        let pairs = burn_rate::pairs(slo.window);
        let shorts = pairs
            .iter()
            .chain(&slo.burn_rate_pairs)
            .map(|pair| pair.short);
        let base = shorts.chain([CURRENT]).min().unwrap_or(CURRENT);
        Self { of, slo, base }
    }

    /// The one series of this SLO with that name.
    pub fn recorded(&self, metric: &str) -> Expr {
        let slo = ("slo", self.slo.name.as_str());
        series(metric, self.of.identity().into_iter().chain([slo]))
    }

    /// The error ratio over a window that is recorded; its value alone, without labels.
    pub fn error_ratio(&self, window: Duration) -> Expr {
        aggregate("max", self.recorded(&format!("{ERROR_RATIO}{window}")))
    }

    /// The number of events in a window; only where the SLO has `min_events`.
    pub fn events(&self, window: Duration) -> Expr {
        aggregate("max", self.recorded(&format!("{EVENTS}{window}")))
    }

    /// Whether `min_events` can be told: there are events to count.
    pub fn counts_events(&self) -> bool {
        !matches!(&self.slo.sli, Sli::ErrorRatio { total: None, .. })
    }

    /// The labels of the SLO's rules.
    pub fn labels(&self) -> BTreeMap<String, String> {
        let mut labels = self.of.labels(&self.slo.labels);
        labels.insert("slo".into(), self.slo.name.to_string());
        labels
    }

    /// A recording rule with the SLO's labels.
    pub fn record(&self, metric: impl Into<String>, expr: &Expr, window: Option<Duration>) -> Rule {
        let mut labels = self.labels();
        match window {
            Some(window) => labels.insert("window".into(), window.to_string()),
            None => labels.remove("window"),
        };
        Rule::Recording(RecordingRule {
            record: metric.into(),
            expr: layout(expr),
            labels,
        })
    }

    /// The windows over which the ratio is recorded, shortest first: those of the alerts and the gates, the current
    /// one, the base and the period.
    pub fn windows(&self) -> BTreeSet<Duration> {
        let pairs = self.slo.burn_rate_pairs.iter();
        pairs
            .flat_map(|pair| [pair.short, pair.long])
            .chain([CURRENT, self.base, self.slo.window])
            .chain(self.slo.gate_windows.iter().copied())
            .collect()
    }

    /// The recordings, each after what it reads.
    pub fn sli_rules(&self) -> Vec<Rule> {
        let mut rules = self.base_rules();
        let ratio_is_base = matches!(self.slo.sli, Sli::ErrorRatio { .. });
        for window in self.windows() {
            if !(ratio_is_base && window == self.base) {
                rules.push(self.ratio_rule(window));
            }
        }
        if self.slo.min_events.is_some() && self.counts_events() {
            let longs: BTreeSet<_> = self
                .slo
                .burn_rate_pairs
                .iter()
                .map(|pair| pair.long)
                .collect();
            rules.extend(longs.into_iter().map(|long| self.events_rule(long)));
        }
        rules
    }

    fn ratio_rule(&self, window: Duration) -> Rule {
        self.record(
            format!("{ERROR_RATIO}{window}"),
            &self.ratio(window),
            Some(window),
        )
    }

    fn bad_events(&self) -> String {
        format!("{BAD_EVENTS}{}", self.base)
    }

    fn total_events(&self) -> String {
        format!("{TOTAL_EVENTS}{}", self.base)
    }

    /// What the long windows read.
    fn base_rules(&self) -> Vec<Rule> {
        let base = Some(self.base);
        match &self.slo.sli {
            Sli::Events {
                numerator, total, ..
            } => vec![
                self.record(self.bad_events(), &bad(numerator, total, self.base), base),
                self.record(self.total_events(), &total_at(total, self.base), base),
            ],
            Sli::TimeSlices { good } => vec![self.record(BAD_SLICE, &bad_slice(good), None)],
            Sli::ErrorRatio { total, .. } => {
                let mut rules = vec![self.ratio_rule(self.base)];
                if let Some(total) = total {
                    // Only events whose ratio is known count, or an unknown ratio would count as good.
                    let known = self.error_ratio(self.base);
                    let total = binary(total_at(total, self.base), BinaryOp::And, known);
                    let bad = binary(
                        self.error_ratio(self.base),
                        BinaryOp::Multiply,
                        aggregate("max", self.recorded(&self.total_events())),
                    );
                    rules.push(self.record(self.total_events(), &total, base));
                    rules.push(self.record(self.bad_events(), &bad, base));
                }
                rules
            }
        }
    }

    /// The error ratio over a window.
    fn ratio(&self, window: Duration) -> Expr {
        match &self.slo.sli {
            Sli::Events {
                numerator, total, ..
            } => {
                if window == self.base {
                    let of = |metric: String| aggregate("sum", self.recorded(&metric));
                    divide(of(self.bad_events()), of(self.total_events()))
                } else if window <= LONGEST_RAW {
                    divide(bad(numerator, total, window), total_at(total, window))
                } else {
                    self.weighted(window)
                }
            }
            Sli::TimeSlices { .. } => self.mean(BAD_SLICE, window),
            Sli::ErrorRatio { ratio, total } => {
                if window <= LONGEST_RAW {
                    // Clamped, as no ratio is outside 0 to 1 but by rounding or by events that were counted late;
                    // the comparison drops NaN.
                    let clamped = [
                        at_window(ratio, window),
                        number(Decimal::ZERO),
                        number(Decimal::ONE),
                    ];
                    binary(
                        call("clamp", clamped),
                        BinaryOp::GreaterOrEqual,
                        number(Decimal::ZERO),
                    )
                } else if total.is_some() {
                    self.weighted(window)
                } else {
                    self.mean(&format!("{ERROR_RATIO}{}", self.base), window)
                }
            }
        }
    }

    /// The error ratio over a window without any recording, however long the window: what it costs is paid once, by
    /// who asks. Nothing where it has no meaning over a long one.
    pub fn measured_ratio(&self, window: Duration) -> Option<Expr> {
        match &self.slo.sli {
            Sli::Events {
                numerator, total, ..
            } => Some(divide(
                bad(numerator, total, window),
                total_at(total, window),
            )),
            Sli::ErrorRatio { ratio, .. } => Some(at_window(ratio, window)),
            // Of slices it would take as many evaluations as there are slices.
            Sli::TimeSlices { .. } => None,
        }
    }

    /// Bad events over all events, from the recordings.
    fn weighted(&self, window: Duration) -> Expr {
        let of = |metric: String| {
            aggregate("sum", over("sum_over_time", self.recorded(&metric), window))
        };
        divide(of(self.bad_events()), of(self.total_events()))
    }

    /// The mean of a recording, over all the series it has had: `avg_over_time` gives one mean for each.
    fn mean(&self, metric: &str, window: Duration) -> Expr {
        let of = |function: &str| aggregate("sum", over(function, self.recorded(metric), window));
        binary(of("sum_over_time"), BinaryOp::Divide, of("count_over_time"))
    }

    /// The number of events in a window.
    fn events_rule(&self, window: Duration) -> Rule {
        let of = |function: &str, metric: &str| {
            aggregate("sum", over(function, self.recorded(metric), window))
        };
        let times = |expr: Expr, time: Duration| {
            binary(expr, BinaryOp::Multiply, number(time.as_seconds()))
        };
        let events = match &self.slo.sli {
            Sli::Events { total, .. }
            | Sli::ErrorRatio {
                total: Some(total), ..
            } if window <= LONGEST_RAW => times(total_at(total, window), window),
            Sli::Events { .. } | Sli::ErrorRatio { .. } => times(
                of("sum_over_time", &self.total_events()),
                self.of.settings.prometheus.interval,
            ),
            Sli::TimeSlices { .. } => of("count_over_time", BAD_SLICE),
        };
        self.record(format!("{EVENTS}{window}"), &events, Some(window))
    }
}

/// `bad / (total > 0)`
fn divide(bad: Expr, total: Expr) -> Expr {
    binary(bad, BinaryOp::Divide, positive(total))
}

fn total_at(total: &Expr, window: Duration) -> Expr {
    without_nan(at_window(total, window))
}

/// The rate of bad events over a window; without any series of its own, it follows from the total.
fn bad(numerator: &Numerator, total: &Expr, window: Duration) -> Expr {
    let total = total_at(total, window);
    let or_none = |rate: &Expr| {
        let none = binary(total.clone(), BinaryOp::Multiply, number(Decimal::ZERO));
        binary(without_nan(at_window(rate, window)), BinaryOp::Or, none)
    };
    match numerator {
        Numerator::Bad(bad) => or_none(bad),
        // Good events may be counted a scrape earlier than all of them; that is no negative error.
        Numerator::Good(good) => {
            let rest = binary(total.clone(), BinaryOp::Subtract, or_none(good));
            call("clamp_min", [rest, number(Decimal::ZERO)])
        }
    }
}

/// 1 where the condition of a good slice does not hold, 0 where it does, nothing where it can't be told.
///
/// Where a comparison gives several series, all must hold. Conditions joined with `and` must both hold, with
/// `or` one of them. What is no comparison holds where it gives anything.
fn bad_slice(good: &Expr) -> Expr {
    if let Node::Binary(condition) = &good.unparenthesised().node {
        if let Some(inverse) = condition.op.negated() {
            let mut condition = condition.clone();
            condition.op = inverse;
            condition.return_bool = true;
            condition.left = known(condition.left);
            condition.right = known(condition.right);
            let bad = Expr::made(Node::Binary(condition));
            return if label_free(&bad) {
                bad
            } else {
                aggregate("max", bad)
            };
        }
        let both = |op| binary(bad_slice(&condition.left), op, bad_slice(&condition.right));
        match condition.op {
            BinaryOp::And => return call("clamp_max", [both(BinaryOp::Add), number(Decimal::ONE)]),
            BinaryOp::Or => return both(BinaryOp::Multiply),
            _ => {}
        }
    }
    let none = call("vector", [number(Decimal::ONE)]);
    let some = binary(
        aggregate("count", good.clone()),
        BinaryOp::Multiply,
        number(Decimal::ZERO),
    );
    binary(some, BinaryOp::Or, none)
}

/// An operand of a comparison without its NaN samples (a quantile without observations), for which no slice
/// is good or bad: every number is at least -Inf.
fn known(operand: Expr) -> Expr {
    let scalar = matches!(
        &operand.unparenthesised().node,
        Node::Number(_) | Node::Unary(..)
    ) || matches!(&operand.unparenthesised().node, Node::Call(call) if call.function == "scalar");
    if scalar || never_nan(&operand) {
        return operand;
    }
    let least = Expr::made(Node::Number("-Inf".into()));
    paren(binary(operand, BinaryOp::GreaterOrEqual, least))
}

/// What the absence alert looks for.
pub fn presence(context: &SloContext<'_>) -> Expr {
    let base = context.base;
    match &context.slo.sli {
        Sli::Events {
            total_series: Some(series),
            ..
        } => at_window(series, base),
        Sli::Events { total, .. }
        | Sli::ErrorRatio {
            total: Some(total), ..
        } => at_window(total, base),
        // Without the guard against NaN: no traffic is not absence.
        Sli::ErrorRatio { ratio, total: None } => at_window(ratio, base),
        Sli::TimeSlices { good } => match &good.unparenthesised().node {
            Node::Binary(condition) if condition.op.is_comparison() => {
                let number = matches!(&condition.left.unparenthesised().node, Node::Number(_));
                if number {
                    condition.right.clone()
                } else {
                    condition.left.clone()
                }
            }
            _ => context.recorded(BAD_SLICE),
        },
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::promql::parse;

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
            assert_eq!(bad_slice(&parse(good).unwrap()).to_string(), bad);
        }
    }

    #[test]
    fn bad_events_follow_from_the_total() {
        let query = |text: &str| parse(text).unwrap();
        let total = query("sum(rate(all[$window]))");
        assert_eq!(
            bad(
                &Numerator::Bad(query("sum(rate(errors[$window]))")),
                &total,
                CURRENT
            )
            .to_string(),
            "sum(rate(errors[5m])) or sum(rate(all[5m])) * 0"
        );
        assert_eq!(
            bad(
                &Numerator::Good(query("sum(rate(ok[$window]))")),
                &total,
                CURRENT
            )
            .to_string(),
            "clamp_min(sum(rate(all[5m])) - (sum(rate(ok[5m])) or sum(rate(all[5m])) * 0), 0)"
        );
    }
}
