//! The recording rules of an SLO's error ratio.
//!
//! Every window has a series `slo:sli_error:ratio_rate<window>`, bad events over all events, without a sample if there
//! was no event. Windows up to an hour read the raw series. Longer ones add up the events of slices of three minutes,
//! each of which is counted once, so that their value is the share of events that were bad, never the mean of ratios, in
//! which a quiet night has the same weight as a busy day.
//!
//! | recording rule | of | value |
//! |---|---|---|
//! | `slo:sli_known_time:seconds` | all | the known time of a slice: the time since the previous evaluation |
//! | `slo:sli_total_events:increase3m` | all | events of a slice; if time-weighted, the known seconds |
//! | `slo:sli_bad_events:increase3m` | all | bad events of a slice, or seconds |
//! | `slo:sli_bad_slice:bool` | time slices | 1 for a bad slice, 0 for a good one |
//! | `slo:sli_coverage:ratio<window>` | long windows of alerts and gates, and the SLO window | the known share of the window |
//! | `slo:sli_events:increase<window>` | long windows over raw series of pages, with `min_events` of all alerts | events in the window |
//!
//! A slice is the difference of two increases that begin at the same time, an hour before it: the increase of a counter
//! up to the slice's end, minus its increase up to the slice's start. Slices add up to the increase of the counter,
//! regardless of resets and of gaps of up to an hour, with no sample between two slices lost. They end a minute before
//! they are recorded, so that scrapes in progress are included. A slice that is evaluated sooner after the previous one
//! counts for less, so that a window contains each event once, however often rules are evaluated.
//!
//! Every reader of a recorded series aggregates it, and takes its labels from its own rule only: an SLO that changes its
//! labels (a new owner, a new tier) keeps its history, and never has two series where one is expected.

mod contract;
mod exclusions;
mod expressions;
mod groups;
mod period;
mod slo_window;

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;

use nth_model::{Duration, Numerator, Sli, Slo};
use nth_promql::{BinaryOp, Expr, rewrite};

pub use crate::series_names::ERROR_RATIO;
use crate::series_names::{
    BAD_EVENTS, COVERAGE, GROUPS, KNOWN_TIME, LONGEST_RAW, OBJECTIVE, SLICE, TOTAL_EVENTS,
    of_contract,
};

pub use expressions::bad_slice;
pub use expressions::presence;
pub(crate) use expressions::raw_ratio;
use expressions::{
    has_sample, in_window, multiply, not_nan, slice_increase, slice_increase_or_zero,
    window_increase,
};

use super::context::Context;
use super::document::{RecordingRule, Rule};
use super::layout::layout;
use super::query::{
    aggregate, at_window, binary, call, for_each, number, or_zero, or_zero_of, over_steps,
    over_window, positive, series, without_nan,
};

const BAD_SLICE: &str = "slo:sli_bad_slice:bool";
const EVENTS: &str = "slo:sli_events:increase";

/// The longest gap that a slice bridges in its search for the last sample before it.
const BRIDGED: Duration = Duration::hours(1);

/// The delay between the end of a slice and its recording, so that slow scrapes are included.
pub const LATE: Duration = Duration::minutes(1);

/// Which events are summed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Events {
    /// All of them.
    Gross,
    /// Those that no exclusion touches.
    Net,
}

/// A duration in whole seconds, rounded up.
fn seconds(duration: Duration) -> i64 {
    i64::try_from(duration.0.div_ceil(1000)).unwrap_or(i64::MAX)
}

/// An SLO with its service.
#[derive(Clone, Copy)]
pub struct SloContext<'a> {
    /// The context of the service.
    pub context: Context<'a>,
    /// The SLO; in the context of a contract, with its objective and window.
    pub slo: &'a Slo,
    /// The contract whose rules these are, if they are not those of the SLO itself.
    contract: Option<contract::OfContract<'a>>,
}

impl<'a> SloContext<'a> {
    /// Creates the context of an SLO of a service.
    pub fn new(context: Context<'a>, slo: &'a Slo) -> Self {
        Self {
            context,
            slo,
            contract: None,
        }
    }

    /// How often the rules of the SLO are evaluated that do not read slices.
    pub fn interval(&self) -> Duration {
        self.slo.interval(&self.context.settings.prometheus)
    }

    /// The window of the current state of the SLO.
    pub fn current(&self) -> Duration {
        self.context.settings.prometheus.current_window()
    }

    /// The single series of this SLO with this metric name.
    pub fn recorded_series(&self, metric: &str) -> Expr {
        let slo = ("slo", self.slo.name.as_str());
        let labels = self.context.identity().into_iter().chain([slo]);
        match self.contract.filter(|of| of.has(metric, self.slo)) {
            Some(of) => series(&of_contract(metric), labels.chain([of.label()])),
            None => series(metric, labels),
        }
    }

    /// The recorded error ratio over a window, without labels.
    pub fn error_ratio(&self, window: Duration) -> Expr {
        self.value(&format!("{ERROR_RATIO}{window}"))
    }

    /// The error ratio over a window in which unknown time counts as good: a lower bound.
    pub fn least_error_ratio(&self, window: Duration) -> Expr {
        binary(
            self.error_ratio(window),
            BinaryOp::Multiply,
            self.coverage(window),
        )
    }

    /// The known share of a window; only for long windows of alerts and gates, and for the SLO window.
    pub fn coverage(&self, window: Duration) -> Expr {
        self.value(&format!("{COVERAGE}{window}"))
    }

    /// The number of events in a long window of an alert that requires some; for time slices, the number of slices.
    pub fn events(&self, window: Duration) -> Expr {
        if window <= LONGEST_RAW {
            return self.value(&format!("{EVENTS}{window}"));
        }
        match &self.slo.sli {
            Sli::TimeSlices { .. } if self.has_exclusions() => {
                self.evaluations(TOTAL_EVENTS, window)
            }
            Sli::TimeSlices { .. } => self.slices_in("count_over_time", window),
            _ => self.sum_of(TOTAL_EVENTS, window),
        }
    }

    /// The number of bad events in a long window of a page.
    pub fn bad_events(&self, window: Duration) -> Expr {
        match &self.slo.sli {
            Sli::TimeSlices { .. } if self.has_exclusions() => self.evaluations(BAD_EVENTS, window),
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
        self.per_group(
            "sum",
            over_window(function, self.recorded_series(BAD_SLICE), window),
        )
    }

    /// Returns whether the SLI counts events.
    pub fn counts_events(&self) -> bool {
        !matches!(&self.slo.sli, Sli::ErrorRatio { total: None, .. })
    }

    /// The labels of the SLO's rules.
    pub fn labels(&self) -> BTreeMap<String, String> {
        self.labels_with(&BTreeMap::new())
    }

    /// The labels of a rule of the SLO that has some of its own.
    pub fn labels_with(&self, more: &BTreeMap<String, String>) -> BTreeMap<String, String> {
        let mut own = self.slo.labels.clone();
        own.extend(more.clone());
        let mut labels = self.context.labels(&own);
        labels.insert("slo".into(), self.slo.name.to_string());
        if let Some((label, name)) = self.contract.map(contract::OfContract::label) {
            labels.insert(label.into(), name.into());
        }
        labels
    }

    /// A recording rule with the SLO's labels.
    pub fn record(&self, metric: impl Into<String>, expr: &Expr, window: Option<Duration>) -> Rule {
        self.record_over(metric, expr, window.map(|window| window.to_string()))
    }

    /// A recording rule with the SLO's labels, over a window of this name.
    fn record_over(&self, metric: impl Into<String>, expr: &Expr, window: Option<String>) -> Rule {
        let mut labels = self.labels();
        match window {
            Some(window) => labels.insert("window".into(), window),
            None => labels.remove("window"),
        };
        let metric = metric.into();
        Rule::Recording(RecordingRule {
            record: match self.contract {
                Some(_) => of_contract(&metric),
                None => metric,
            },
            expr: layout(expr),
            labels,
        })
    }

    /// Returns whether the rules that read these windows are evaluated as often as the SLO's other rules, and not
    /// once per slice.
    pub fn is_fast(&self, windows: &[Duration]) -> bool {
        windows.iter().all(|window| *window <= LONGEST_RAW)
    }

    /// The windows whose ratio is recorded as often as the SLO's other rules are evaluated, shortest first: the
    /// current one, those of alerts without a long window, those of gates, and those that are recorded under other names.
    pub fn fast_windows(&self) -> BTreeSet<Duration> {
        let pairs = self.slo.burn_rate_pairs.iter();
        let pairs = pairs.map(|pair| [pair.short, pair.long]);
        let gates = self.slo.gate_windows.iter().copied();
        pairs
            .filter(|windows| self.is_fast(windows))
            .flatten()
            .chain(gates.filter(|window| *window <= LONGEST_RAW))
            .chain({ self.slo.recorded_windows() }.filter(|window| *window <= LONGEST_RAW))
            .chain([self.current()])
            .collect()
    }

    /// The other windows of alerts and gates, and the SLO window, shortest first.
    fn slow_windows(&self) -> BTreeSet<Duration> {
        let fast = self.fast_windows();
        let pairs = self.slo.burn_rate_pairs.iter();
        pairs
            .flat_map(|pair| [pair.short, pair.long])
            .chain(self.slo.gate_windows.iter().copied())
            .chain(self.slo.recorded_windows())
            .chain(self.rolling_window())
            .filter(|window| !fast.contains(window))
            .collect()
    }

    /// The windows whose known share is recorded: the long ones of alerts and gates, and the SLO window.
    fn covered_windows(&self) -> BTreeSet<Duration> {
        let pairs = self.slo.burn_rate_pairs.iter();
        let gates = self.slo.gate_windows.iter().copied();
        pairs
            .map(|pair| pair.long)
            .chain(gates.filter(|window| *window > LONGEST_RAW))
            .chain(self.rolling_window())
            .collect()
    }

    /// Returns whether the known share of a window is recorded.
    pub fn is_covered(&self, window: Duration) -> bool {
        self.covered_windows().contains(&window)
    }

    /// The windows over raw series in which events are counted: the long ones of pages, which require some bad events,
    /// and with `min_events` those of all alerts.
    fn counted_windows(&self) -> BTreeSet<Duration> {
        if !self.counts_events() {
            return BTreeSet::new();
        }
        let pairs = self.slo.burn_rate_pairs.iter();
        pairs
            .filter(|pair| {
                self.slo.min_events.is_some()
                    || (pair.declared.pages() && self.slo.min_bad_events.is_some())
            })
            .map(|pair| pair.long)
            .filter(|window| *window <= LONGEST_RAW)
            .collect()
    }

    /// The recording rules that are evaluated at the SLO's interval, each after those that it reads.
    pub fn fast_sli_rules(&self) -> Vec<Rule> {
        let mut rules = Vec::new();
        if let Sli::TimeSlices { good } = &self.slo.sli {
            rules.push(self.record(BAD_SLICE, &bad_slice(good, self.by()), None));
        }
        rules.extend(self.exclusion_marks(&self.fast_windows()));
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

    /// The recording rules that are evaluated once per slice, each after those that it reads; but the first reads the
    /// previous sample of the objective.
    pub fn slow_sli_rules(&self) -> Vec<Rule> {
        let mut rules = self.slice_rules();
        rules.extend(self.exclusion_marks(&self.slow_windows()));
        rules.extend(
            self.slow_windows()
                .into_iter()
                .map(|window| self.ratio_rule(window)),
        );
        let covered = self.covered_windows().into_iter();
        let covered = covered.filter(|window| *window > LONGEST_RAW);
        rules.extend(covered.map(|window| self.coverage_rule(window)));
        rules.extend(self.period_rules());
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

    /// The events or seconds counted in each slice, on which all long windows are based.
    pub fn slice_rules(&self) -> Vec<Rule> {
        self.slices(true)
    }

    /// Like [`slice_rules`](Self::slice_rules), with each slice evaluated independently, and once.
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
                let interval = self.interval();
                let of = |function: &str| {
                    let slices = if weighed {
                        over_window(function, self.recorded_series(BAD_SLICE), SLICE)
                    } else {
                        // The series of the rules did not exist then.
                        over_steps(function, bad_slice(good, self.by()), SLICE, interval)
                    };
                    let slices = rewrite::moved_back(&slices, LATE.0).unwrap_or(slices);
                    self.per_group("sum", slices)
                };
                let known = of("count_over_time");
                let bad = binary(of("sum_over_time"), BinaryOp::Divide, known.clone());
                self.time_slices(known, bad, weighed)
            }
            Sli::ErrorRatio { ratio, total } => {
                // A slice has the ratio of that time.
                let window = SLICE.max(self.context.settings.prometheus.least_range());
                let ratio = not_nan(in_window(ratio, window, LATE, at_window));
                match total {
                    Some(total) => {
                        let sampled_total = has_sample(total, self.by());
                        let known = binary(ratio.clone(), BinaryOp::And, sampled_total);
                        let or_zero = self.zero_of_slices(&known, weighed);
                        let total = self.count_once(slice_increase(total, &or_zero), weighed);
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
        let mut known = has_sample(total, self.by());
        if let (Numerator::Good(good), Some(_)) = (numerator, bucket) {
            // Without the bucket nothing is known.
            known = binary(known, BinaryOp::And, has_sample(good, self.by()));
        }
        let or_zero = self.zero_of_slices(&known, weighed);
        let bad = match numerator {
            Numerator::Bad(bad) => self.count_once(slice_increase_or_zero(bad, &or_zero), weighed),
            Numerator::Good(good) => {
                let good = match bucket {
                    Some(_) => slice_increase(good, &or_zero),
                    None => slice_increase_or_zero(good, &or_zero),
                };
                let good = self.count_once(good, weighed);
                binary(self.value(TOTAL_EVENTS), BinaryOp::Subtract, good)
            }
        };
        let mut total = self.count_once(slice_increase(total, &or_zero), weighed);
        if !weighed && bucket.is_some() {
            total = binary(total, BinaryOp::And, known.clone());
        }
        [self.known_slice(known, weighed), total, bad]
    }

    /// Adds 0 for what a slice does not have: for an SLO without groups always, otherwise for the groups of which it is known.
    fn zero_of_slices(&self, known: &Expr, weighed: bool) -> impl Fn(Expr) -> Expr + use<> {
        let groups = if weighed {
            self.recorded_series(KNOWN_TIME)
        } else {
            known.clone()
        };
        let groups = (!self.by().is_empty()).then(|| self.per_group("group", groups));
        move |events| match &groups {
            Some(groups) => or_zero_of(events, groups.clone()),
            None => or_zero(events),
        }
    }

    /// Slices of a time-weighted SLI: `bad` is the bad share of a slice.
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
            multiply(bad, SLICE)
        };
        [self.known_slice(known, weighed), total, bad]
    }

    /// The length of a slice, if anything is known of it: the time since the previous evaluation, taken from the SLO's
    /// own sample of the objective, or of the number of its groups, which is recorded after the slices.
    fn known_slice(&self, known: Expr, weighed: bool) -> Expr {
        let all = call("vector", [number(SLICE.as_seconds())]);
        let time = if weighed {
            // Of an SLO with groups, the objective is recorded for those that are known.
            let recorded = match self.by() {
                [] => OBJECTIVE,
                _ => GROUPS,
            };
            let before = call("timestamp", [self.recorded_series(recorded)]);
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
        if self.by().is_empty() {
            return binary(time, BinaryOp::And, known);
        }
        // All groups are evaluated at the same times.
        for_each(self.per_group("group", known), BinaryOp::Multiply, time)
    }

    /// The events of a slice that are not in the previous one.
    fn count_once(&self, events: Expr, weighed: bool) -> Expr {
        if !weighed {
            return events;
        }
        let share = binary(events, BinaryOp::Multiply, self.value(KNOWN_TIME));
        binary(share, BinaryOp::Divide, number(SLICE.as_seconds()))
    }

    /// The error ratio over a window.
    fn ratio(&self, window: Duration) -> Expr {
        let of_slices = || {
            binary(
                self.sum_of(BAD_EVENTS, window),
                BinaryOp::Divide,
                positive(self.sum_of(TOTAL_EVENTS, window)),
            )
        };
        if window > LONGEST_RAW {
            return of_slices();
        }
        let raw = match &self.slo.sli {
            Sli::TimeSlices { .. } => binary(
                self.slices_in("sum_over_time", window),
                BinaryOp::Divide,
                self.slices_in("count_over_time", window),
            ),
            sli => raw_ratio(sli, self.by(), window).unwrap_or_else(|| number(Decimal::ZERO)),
        };
        self.unless_excluded(raw, window, of_slices)
    }

    /// The error ratio over a window without any recording rule, however long the window: expensive, for single
    /// queries. `None` if it has no meaning over a long window.
    pub fn measured_ratio(&self, window: Duration) -> Option<Expr> {
        raw_ratio(&self.slo.sli, self.by(), window)
    }

    /// The sum of the slices in a window, without those that an exclusion touches.
    fn sum_of(&self, metric: &str, window: Duration) -> Expr {
        match self.net_slices(metric, window) {
            Some(net) => net,
            None => self.gross_sum(metric, window),
        }
    }

    /// The sum of all slices in a window.
    fn gross_sum(&self, metric: &str, window: Duration) -> Expr {
        self.per_group(
            "sum",
            over_window("sum_over_time", self.recorded_series(metric), window),
        )
    }

    /// The known share of a window. Windows over raw series are completely known, except in the first hour of an SLO:
    /// counters bridge earlier gaps, and the current slice is known too.
    ///
    /// Excluded time is not a part of the SLO window, as it has no budget; in other windows it counts as unknown, so that a burn rate
    /// after an exclusion is not one of a few minutes.
    fn known_share(&self, window: Duration) -> Expr {
        let length = number(window.as_seconds());
        let known = if window > LONGEST_RAW {
            self.sum_of(KNOWN_TIME, window)
        } else {
            let slices = self.gross_sum(KNOWN_TIME, Duration(2 * window.0));
            let under_way = number(SLICE.as_seconds());
            let slices = self.or_zero_where(slices, &format!("{ERROR_RATIO}{window}"));
            let known = binary(slices, BinaryOp::Add, under_way);
            self.unless_excluded(known, window, || self.sum_of(KNOWN_TIME, window))
        };
        let length = if self.rolling_window() == Some(window) {
            self.without_excluded_time(length, window)
        } else {
            length
        };
        let share = match self.rolling_window() == Some(window) && self.has_exclusions() {
            true => self.for_group(known, BinaryOp::Divide, length),
            false => binary(known, BinaryOp::Divide, length),
        };
        // Prometheus 2 counts a sample at both ends of a range.
        call("clamp_max", [share, number(Decimal::ONE)])
    }

    /// The number of events in a window over raw series.
    fn events_rule(&self, window: Duration) -> Rule {
        let events = match &self.slo.sli {
            Sli::Events { total, .. }
            | Sli::ErrorRatio {
                total: Some(total), ..
            } => without_nan(window_increase(total, window, Duration(0))),
            Sli::TimeSlices { .. } | Sli::ErrorRatio { total: None, .. } => {
                self.slices_in("count_over_time", window)
            }
        };
        let events = self.unless_excluded(events, window, || match &self.slo.sli {
            Sli::TimeSlices { .. } => self.evaluations(TOTAL_EVENTS, window),
            _ => self.sum_of(TOTAL_EVENTS, window),
        });
        self.record(format!("{EVENTS}{window}"), &events, Some(window))
    }
}
