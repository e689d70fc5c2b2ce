//! The recordings of an SLO's error ratio.
//!
//! Every window has a series `slo:sli_error:ratio_rate<window>`, bad events over all events, without a sample
//! where there was no event. Windows up to an hour read the raw series. Longer ones add up the events of slices of three
//! minutes, each of which is counted once, so that what they say is the share of events that were bad, never the mean of
//! ratios, in which a quiet night weighs as much as a busy day.
//!
//! | recording | of | what |
//! |---|---|---|
//! | `slo:sli_known_time:seconds` | all | how much of a slice is known: the time since the evaluation before |
//! | `slo:sli_total_events:increase3m` | all | events of a slice; of what is weighed by time, the seconds that are known |
//! | `slo:sli_bad_events:increase3m` | all | bad events of a slice, or seconds |
//! | `slo:sli_bad_slice:bool` | time slices | 1 for a bad slice, 0 for a good one |
//! | `slo:sli_coverage:ratio<window>` | long windows of alerts and gates, and the period | the share of the window that is known |
//! | `slo:sli_events:increase<window>` | long windows of raw series of pages, with `min_events` of all alerts | events in the window |
//!
//! A slice is the difference of two increases that begin at the same time, an hour before it: what a counter has gained up to
//! the slice's end, less what it had gained up to its beginning. Slices add up to what the counter gained, whatever resets and
//! gaps of up to an hour there were, with no sample between two slices lost. They end a minute before they are recorded,
//! so that scrapes that were under way are in. One that is evaluated sooner after the one before counts for less, so that a window
//! holds each event once, however often rules are evaluated.
//!
//! Everything that reads a recording aggregates it, and takes its labels from the rule alone: an SLO that
//! changes its labels (a new owner, a new tier) keeps its history, and never has two series where one is
//! needed.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;

use nth_model::{Duration, Numerator, Severity, Sli, Slo};
use nth_promql::classify::metrics;
use nth_promql::{BinaryOp, Expr, Node, rewrite};

pub use crate::series_names::ERROR_RATIO;
use crate::series_names::{
    BAD_EVENTS, COVERAGE, KNOWN_TIME, LONGEST_RAW, OBJECTIVE, SLICE, TOTAL_EVENTS,
};

use super::context::Context;
use super::document::{RecordingRule, Rule};
use super::layout::layout;
use super::query::{
    aggregate, at_window, binary, call, label_free, never_nan, number, or_zero, over, over_steps,
    paren, positive, series, without_nan,
};

const BAD_SLICE: &str = "slo:sli_bad_slice:bool";
const EVENTS: &str = "slo:sli_events:increase";

/// How far back a slice looks for the last sample before it: gaps of up to that are bridged.
const BRIDGED: Duration = Duration::hours(1);

/// How long before it is recorded a slice ends, so that scrapes that take their time are in it.
const LATE: Duration = Duration::minutes(1);

/// An SLO with its service.
#[derive(Clone, Copy)]
pub struct SloContext<'a> {
    /// Its service.
    pub of: Context<'a>,
    /// The SLO.
    pub slo: &'a Slo,
}

impl<'a> SloContext<'a> {
    /// An SLO of a service.
    pub fn new(of: Context<'a>, slo: &'a Slo) -> Self {
        Self { of, slo }
    }

    /// The window over which it is said how the objective stands right now.
    pub fn current(&self) -> Duration {
        self.of.settings.prometheus.current_window()
    }

    /// The one series of this SLO with that name.
    pub fn recorded(&self, metric: &str) -> Expr {
        let slo = ("slo", self.slo.name.as_str());
        series(metric, self.of.identity().into_iter().chain([slo]))
    }

    /// The value of the one series of this SLO with that name, without labels.
    pub fn value(&self, metric: &str) -> Expr {
        aggregate("max", self.recorded(metric))
    }

    /// The error ratio over a window that is recorded; its value alone, without labels.
    pub fn error_ratio(&self, window: Duration) -> Expr {
        self.value(&format!("{ERROR_RATIO}{window}"))
    }

    /// The error ratio over a window where what is not known counts as good: at least so much was bad.
    pub fn least_error_ratio(&self, window: Duration) -> Expr {
        binary(
            self.error_ratio(window),
            BinaryOp::Multiply,
            self.coverage(window),
        )
    }

    /// The share of a window that is known; only of long windows of alerts and gates, and of the period.
    pub fn coverage(&self, window: Duration) -> Expr {
        self.value(&format!("{COVERAGE}{window}"))
    }

    /// The number of events in a long window of an alert that asks for some; of slices of time, how many there were.
    pub fn events(&self, window: Duration) -> Expr {
        if window <= LONGEST_RAW {
            return self.value(&format!("{EVENTS}{window}"));
        }
        match &self.slo.sli {
            Sli::TimeSlices { .. } => self.slices_in("count_over_time", window),
            _ => self.sum_of(TOTAL_EVENTS, window),
        }
    }

    /// The number of bad events in a long window of a page.
    pub fn bad_events(&self, window: Duration) -> Expr {
        match &self.slo.sli {
            Sli::TimeSlices { .. } => self.slices_in("sum_over_time", window),
            _ if window <= LONGEST_RAW => binary(
                self.error_ratio(window),
                BinaryOp::Multiply,
                self.events(window),
            ),
            _ => self.sum_of(BAD_EVENTS, window),
        }
    }

    fn slices_in(&self, function: &str, window: Duration) -> Expr {
        aggregate("sum", over(function, self.recorded(BAD_SLICE), window))
    }

    /// Whether events can be counted.
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

    /// Whether what reads these windows is evaluated as often as the project's other rules, and not once in a slice.
    pub fn is_fast(&self, windows: &[Duration]) -> bool {
        windows.iter().all(|window| *window <= LONGEST_RAW)
    }

    /// The windows over which the ratio is recorded as often as the project's other rules are evaluated, shortest first: the
    /// current one, those of alerts of which no window is long, and those of gates.
    pub fn fast_windows(&self) -> BTreeSet<Duration> {
        let pairs = self.slo.burn_rate_pairs.iter();
        let pairs = pairs.map(|pair| [pair.short, pair.long]);
        let gates = self.slo.gate_windows.iter().copied();
        pairs
            .filter(|windows| self.is_fast(windows))
            .flatten()
            .chain(gates.filter(|window| *window <= LONGEST_RAW))
            .chain([self.current()])
            .collect()
    }

    /// The other windows of alerts and gates, and the period, shortest first.
    fn slow_windows(&self) -> BTreeSet<Duration> {
        let fast = self.fast_windows();
        let pairs = self.slo.burn_rate_pairs.iter();
        pairs
            .flat_map(|pair| [pair.short, pair.long])
            .chain(self.slo.gate_windows.iter().copied())
            .chain([self.slo.window])
            .filter(|window| !fast.contains(window))
            .collect()
    }

    /// Those of which it is recorded how much is known: the long ones of alerts and gates, and the period.
    fn covered_windows(&self) -> BTreeSet<Duration> {
        let pairs = self.slo.burn_rate_pairs.iter();
        let gates = self.slo.gate_windows.iter().copied();
        pairs
            .map(|pair| pair.long)
            .chain(gates.filter(|window| *window > LONGEST_RAW))
            .chain([self.slo.window])
            .collect()
    }

    /// The windows of raw series in which events are counted: the long ones of pages, which ask for some bad events, and with
    /// `min_events` those of all alerts.
    fn counted_windows(&self) -> BTreeSet<Duration> {
        if !self.counts_events() {
            return BTreeSet::new();
        }
        let pairs = self.slo.burn_rate_pairs.iter();
        pairs
            .filter(|pair| {
                self.slo.min_events.is_some()
                    || (pair.severity == Severity::Page && self.slo.min_bad_events.is_some())
            })
            .map(|pair| pair.long)
            .filter(|window| *window <= LONGEST_RAW)
            .collect()
    }

    /// The recordings that are evaluated as often as the project's other rules, each after what it reads.
    pub fn fast_sli_rules(&self) -> Vec<Rule> {
        let mut rules = Vec::new();
        if let Sli::TimeSlices { good } = &self.slo.sli {
            rules.push(self.record(BAD_SLICE, &bad_slice(good), None));
        }
        rules.extend(
            self.fast_windows()
                .into_iter()
                .map(|window| self.ratio_rule(window)),
        );
        let covered = self.covered_windows().into_iter();
        let covered = covered.filter(|window| *window <= LONGEST_RAW);
        rules.extend(covered.map(|window| self.coverage_rule(window)));
        let counted = self.counted_windows().into_iter();
        rules.extend(counted.map(|window| self.events_rule(window)));
        rules
    }

    /// The recordings that are evaluated once in a slice, each after what it reads; but the first reads when the objective was
    /// recorded before.
    pub fn slow_sli_rules(&self) -> Vec<Rule> {
        let mut rules = self.slice_rules();
        rules.extend(
            self.slow_windows()
                .into_iter()
                .map(|window| self.ratio_rule(window)),
        );
        let covered = self.covered_windows().into_iter();
        let covered = covered.filter(|window| *window > LONGEST_RAW);
        rules.extend(covered.map(|window| self.coverage_rule(window)));
        rules
    }

    fn coverage_rule(&self, window: Duration) -> Rule {
        self.record(
            format!("{COVERAGE}{window}"),
            &self.known_share(window),
            Some(window),
        )
    }

    fn ratio_rule(&self, window: Duration) -> Rule {
        self.record(
            format!("{ERROR_RATIO}{window}"),
            &self.ratio(window),
            Some(window),
        )
    }

    /// What is counted in each slice, on which everything about long windows rests: events, or seconds.
    pub fn slice_rules(&self) -> Vec<Rule> {
        self.slices(true)
    }

    /// The same where each slice is evaluated for itself, and once.
    pub fn backfilled_slice_rules(&self) -> Vec<Rule> {
        self.slices(false)
    }

    fn slices(&self, weighed: bool) -> Vec<Rule> {
        let [known, total, bad] = match &self.slo.sli {
            Sli::Events {
                numerator,
                total,
                bucket,
                ..
            } => self.event_slices(numerator, total, bucket.as_ref(), weighed),
            Sli::TimeSlices { good } => {
                let interval = self.of.settings.prometheus.interval;
                let of = |function: &str| {
                    let slices = if weighed {
                        over(function, self.recorded(BAD_SLICE), SLICE)
                    } else {
                        // What the rules record was not recorded then.
                        over_steps(function, bad_slice(good), SLICE, interval)
                    };
                    let slices = rewrite::moved_back(&slices, LATE.0).unwrap_or(slices);
                    aggregate("sum", slices)
                };
                let known = of("count_over_time");
                let bad = binary(of("sum_over_time"), BinaryOp::Divide, known.clone());
                self.time_slices(known, bad, weighed)
            }
            Sli::ErrorRatio { ratio, total } => {
                // A slice has the ratio of that time.
                let window = SLICE.max(self.of.settings.prometheus.least_range());
                let ratio = not_nan(in_window(ratio, window, LATE, at_window));
                match total {
                    Some(total) => {
                        let sampled_total = sampled(total);
                        let total = self.counted(gained(total), weighed);
                        let known = binary(ratio.clone(), BinaryOp::And, sampled_total);
                        [
                            self.known_slice(known, weighed),
                            binary(total, BinaryOp::And, ratio.clone()),
                            binary(ratio, BinaryOp::Multiply, self.value(TOTAL_EVENTS)),
                        ]
                    }
                    None => self.time_slices(ratio.clone(), ratio, weighed),
                }
            }
        };
        let window = Some(SLICE);
        vec![
            self.record(KNOWN_TIME, &known, window),
            self.record(TOTAL_EVENTS, &total, window),
            self.record(BAD_EVENTS, &bad, window),
        ]
    }

    fn event_slices(
        &self,
        numerator: &Numerator,
        total: &Expr,
        bucket: Option<&Expr>,
        weighed: bool,
    ) -> [Expr; 3] {
        let mut known = sampled(total);
        let bad = match numerator {
            Numerator::Bad(bad) => self.counted(gained_or_none(bad), weighed),
            Numerator::Good(good) => {
                let good = match bucket {
                    // Without the bucket nothing is known.
                    Some(_) => {
                        known = binary(known, BinaryOp::And, sampled(good));
                        gained(good)
                    }
                    None => gained_or_none(good),
                };
                let good = self.counted(good, weighed);
                binary(self.value(TOTAL_EVENTS), BinaryOp::Subtract, good)
            }
        };
        let mut total = self.counted(gained(total), weighed);
        if !weighed && bucket.is_some() {
            total = binary(total, BinaryOp::And, known.clone());
        }
        [self.known_slice(known, weighed), total, bad]
    }

    /// Slices of what is weighed by time: `bad` is the bad share of one.
    fn time_slices(&self, known: Expr, bad: Expr, weighed: bool) -> [Expr; 3] {
        let time = self.value(KNOWN_TIME);
        let total = if weighed {
            time.clone()
        } else {
            self.known_slice(known.clone(), false)
        };
        let bad = if weighed {
            binary(bad, BinaryOp::Multiply, time)
        } else {
            times(bad, SLICE)
        };
        [self.known_slice(known, weighed), total, bad]
    }

    /// For how long a slice stands, where anything is known of it: since the evaluation before, of which the objective's own
    /// sample tells, as it is recorded after the slices.
    fn known_slice(&self, known: Expr, weighed: bool) -> Expr {
        let all = call("vector", [number(SLICE.as_seconds())]);
        let time = if weighed {
            let before = call("timestamp", [self.recorded(OBJECTIVE)]);
            let since = binary(
                call("time", []),
                BinaryOp::Subtract,
                aggregate("max", before),
            );
            let since = call("clamp_max", [since, number(SLICE.as_seconds())]);
            binary(since, BinaryOp::Or, all)
        } else {
            all
        };
        binary(time, BinaryOp::And, known)
    }

    /// The events of a slice, as far as they are not in the one before.
    fn counted(&self, events: Expr, weighed: bool) -> Expr {
        if !weighed {
            return events;
        }
        let share = binary(events, BinaryOp::Multiply, self.value(KNOWN_TIME));
        binary(share, BinaryOp::Divide, number(SLICE.as_seconds()))
    }

    /// The error ratio over a window.
    fn ratio(&self, window: Duration) -> Expr {
        if window > LONGEST_RAW {
            return binary(
                self.sum_of(BAD_EVENTS, window),
                BinaryOp::Divide,
                positive(self.sum_of(TOTAL_EVENTS, window)),
            );
        }
        match &self.slo.sli {
            Sli::TimeSlices { .. } => binary(
                self.slices_in("sum_over_time", window),
                BinaryOp::Divide,
                self.slices_in("count_over_time", window),
            ),
            sli => measured(sli, window).unwrap_or_else(|| number(Decimal::ZERO)),
        }
    }

    /// The error ratio over a window without any recording, however long the window: what it costs is paid once, by
    /// who asks. Nothing where it has no meaning over a long one.
    pub fn measured_ratio(&self, window: Duration) -> Option<Expr> {
        measured(&self.slo.sli, window)
    }

    /// What the slices in a window add up to.
    fn sum_of(&self, metric: &str, window: Duration) -> Expr {
        aggregate("sum", over("sum_over_time", self.recorded(metric), window))
    }

    /// The share of a window that is known. Of one that reads raw series all is, but in the first hour of an SLO: counters
    /// bridge what was known before it, and the slice that is under way is known too.
    fn known_share(&self, window: Duration) -> Expr {
        let known = if window > LONGEST_RAW {
            self.sum_of(KNOWN_TIME, window)
        } else {
            let slices = self.sum_of(KNOWN_TIME, Duration(2 * window.0));
            let under_way = number(SLICE.as_seconds());
            binary(or_zero(slices), BinaryOp::Add, under_way)
        };
        let share = binary(known, BinaryOp::Divide, number(window.as_seconds()));
        // Prometheus 2 counts a sample at either end of a range.
        call("clamp_max", [share, number(Decimal::ONE)])
    }

    /// The number of events in a window of raw series.
    fn events_rule(&self, window: Duration) -> Rule {
        let events = match &self.slo.sli {
            Sli::Events { total, .. }
            | Sli::ErrorRatio {
                total: Some(total), ..
            } => without_nan(counted_in(total, window, Duration(0))),
            Sli::TimeSlices { .. } | Sli::ErrorRatio { total: None, .. } => {
                self.slices_in("count_over_time", window)
            }
        };
        self.record(format!("{EVENTS}{window}"), &events, Some(window))
    }
}

/// How far back from its end the first of the two increases of a slice begins.
fn looked_back() -> Duration {
    Duration(BRIDGED.0 + SLICE.0)
}

/// A query over a window that ended `ago`. What cannot be moved is asked where it stands.
fn in_window(
    query: &Expr,
    window: Duration,
    ago: Duration,
    over: impl Fn(&Expr, Duration) -> Expr,
) -> Expr {
    let query = over(query, window);
    rewrite::moved_back(&query, ago.0).unwrap_or(query)
}

/// The events that a rate over `$window` counts in a window that ended `ago`.
fn counted_in(rate: &Expr, window: Duration, ago: Duration) -> Expr {
    in_window(
        rate,
        window,
        ago,
        |rate, window| match rewrite::as_increase(rate) {
            Some(increase) => at_window(&increase, window),
            None => times(at_window(rate, window), window),
        },
    )
}

/// The two increases whose difference is a slice.
fn up_to_both_ends(rate: &Expr) -> [Expr; 2] {
    let end = counted_in(rate, looked_back(), LATE);
    let beginning = counted_in(rate, BRIDGED, Duration(LATE.0 + SLICE.0));
    [end, beginning].map(without_nan)
}

/// Whether a slice has a sample of what is counted, and there is one before it.
fn sampled(rate: &Expr) -> Expr {
    let [end, _] = up_to_both_ends(rate);
    let mut series = metrics(rate);
    let (Some(selector), None, Some(_)) =
        (series.next(), series.next(), rewrite::as_increase(rate))
    else {
        return end;
    };
    let samples = Expr::new(Node::Selector(selector.clone()));
    let samples = over("count_over_time", samples, SLICE);
    let samples = rewrite::moved_back(&samples, LATE.0).unwrap_or(samples);
    binary(end, BinaryOp::And, aggregate("sum", samples))
}

/// The events of a slice: nothing where it has not been known in the last hour whether there are any.
fn gained(rate: &Expr) -> Expr {
    let [end, beginning] = up_to_both_ends(rate);
    binary(end, BinaryOp::Subtract, or_zero(beginning))
}

/// The events of a slice: none where there is no series of them.
fn gained_or_none(rate: &Expr) -> Expr {
    let [end, beginning] = up_to_both_ends(rate);
    binary(or_zero(end), BinaryOp::Subtract, or_zero(beginning))
}

/// The error ratio of raw series over a window.
fn measured(sli: &Sli, window: Duration) -> Option<Expr> {
    match sli {
        Sli::Events {
            numerator,
            total,
            bucket,
            ..
        } => {
            let all = positive(total_at(total, window));
            let some = |rate: &Expr| without_nan(at_window(rate, window));
            let share = |part| binary(part, BinaryOp::Divide, all);
            Some(match numerator {
                Numerator::Bad(bad) => share(or_zero(some(bad))),
                Numerator::Good(good) => {
                    // A histogram has its buckets whenever it has events. Other good events may be missing because there
                    // are none.
                    let good = match bucket {
                        Some(_) => some(good),
                        None => or_zero(some(good)),
                    };
                    binary(number(Decimal::ONE), BinaryOp::Subtract, share(good))
                }
            })
        }
        Sli::ErrorRatio { ratio, .. } => Some(not_nan(at_window(ratio, window))),
        // Of slices it would take as many evaluations as there are slices.
        Sli::TimeSlices { .. } => None,
    }
}

fn total_at(total: &Expr, window: Duration) -> Expr {
    without_nan(at_window(total, window))
}

/// An expression that may be negative, without its samples that are NaN.
fn not_nan(expr: Expr) -> Expr {
    if never_nan(&expr) {
        return expr;
    }
    let least = Expr::new(Node::Number("-Inf".into()));
    binary(expr, BinaryOp::GreaterOrEqual, least)
}

/// What each second of a time makes in all of it.
fn times(expr: Expr, time: Duration) -> Expr {
    binary(expr, BinaryOp::Multiply, number(time.as_seconds()))
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
            let bad = Expr::new(Node::Binary(condition));
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
    let least = Expr::new(Node::Number("-Inf".into()));
    paren(binary(operand, BinaryOp::GreaterOrEqual, least))
}

/// What the absence alert looks for: the series that tell whether there are events.
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
        // Without the guard against NaN: no traffic is not absence.
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
            _ => context.recorded(BAD_SLICE),
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
            assert_eq!(bad_slice(&parse(good).unwrap()).to_string(), bad);
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
            breakdown_series: None,
        }
    }

    #[test]
    fn bad_events_follow_from_the_total() {
        let minute = |sli: &Sli| measured(sli, Duration::MINUTE).unwrap().to_string();
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
            gained(&query("sum(rate(all[$window]))")).to_string(),
            "sum(increase(all[1h3m] offset 1m)) - (sum(increase(all[1h] offset 4m)) or vector(0))"
        );
        assert_eq!(
            gained(&query("histogram_count(sum(rate(all[$window] offset 1h)))")).to_string(),
            "histogram_count(sum(increase(all[1h3m] offset 1h1m))) \
             - (histogram_count(sum(increase(all[1h] offset 1h4m))) or vector(0))"
        );
        assert_eq!(
            gained(&query("sum(rate(all[$window])) * 60")).to_string(),
            "sum(increase(all[1h3m] offset 1m)) * 60 - (sum(increase(all[1h] offset 4m)) * 60 or vector(0))"
        );
    }
}
