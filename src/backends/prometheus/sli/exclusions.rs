//! The rules of an SLO with exclusions. Slices are recorded gross; what is excluded is subtracted where they are summed.
//!
//! An exclusion takes out every slice of which it may touch a part. A subquery takes the slices that were recorded since its previous step, each once,
//! and evaluates at the step whether it is excluded: an exclusion that is declared later also applies to the past, without any state.
//! A step is up to a slice later than its sample, and the sample is up to a slice and [`LATE`] later than the events.
//!
//! A window over raw series, of which an exclusion touches a part, is summed from slices.

use std::collections::BTreeSet;

use rust_decimal::Decimal;

use nth_model::Duration;
use nth_promql::{BinaryOp, Expr};

use super::super::document::Rule;
use super::super::query::{
    aggregate, binary, call, number, on_nothing, or_zero, over_steps, over_window, paren, positive,
};
use super::{BAD_EVENTS, COVERAGE, Events, KNOWN_TIME, LATE, SloContext, TOTAL_EVENTS, seconds};
use crate::clock;
use crate::series_names::{
    EXCLUDED, GROSS_BUDGET_REMAINING, GROSS_PERIOD_BURN_RATE, LONGEST_RAW, PERIOD_LENGTH, SLICE,
};

impl SloContext<'_> {
    /// Returns whether exclusions cover the SLO.
    pub fn has_exclusions(&self) -> bool {
        !self.slo.exclusions.is_empty()
    }

    /// The condition that the slice of a step may be touched by an exclusion.
    pub(super) fn excluded_step(&self) -> Option<Expr> {
        let lead = seconds(LATE);
        // A counter shows its last events with the next scrape.
        let scrape = self.context.settings.prometheus.scrape_interval;
        let trail = lead + 2 * seconds(SLICE) + seconds(scrape);
        clock::excluded(&self.slo.exclusions, lead, trail)
    }

    /// The sum of the slices in a window that no exclusion touches; `None` if there are no exclusions.
    pub(super) fn net_slices(&self, metric: &str, window: Duration) -> Option<Expr> {
        let excluded = self.excluded_step()?;
        let slice = over_window("sum_over_time", self.recorded_series(metric), SLICE);
        let kept = on_nothing(slice, BinaryOp::Unless, paren(excluded));
        let sum = over_steps("sum_over_time", kept, window, SLICE);
        Some(self.per_group("sum", sum))
    }

    /// The evaluations of a time-slice SLI in a window that no exclusion touches, from its slices in seconds.
    pub(super) fn evaluations(&self, metric: &str, window: Duration) -> Expr {
        self.per_evaluation(self.sum_of(metric, window))
    }

    /// Seconds as evaluations of a time-slice SLI.
    pub(super) fn per_evaluation(&self, seconds: Expr) -> Expr {
        binary(
            seconds,
            BinaryOp::Divide,
            number(self.interval().as_seconds()),
        )
    }

    /// The length of a window without the time that exclusions take out of it; no sample if they take all of it.
    pub(super) fn without_excluded_time(&self, length: Expr, window: Duration) -> Expr {
        let Some(excluded) = self.excluded_step() else {
            return length;
        };
        let steps = over_steps("count_over_time", excluded, window, SLICE);
        let excluded = binary(
            or_zero(aggregate("sum", steps)),
            BinaryOp::Multiply,
            number(SLICE.as_seconds()),
        );
        positive(binary(length, BinaryOp::Subtract, excluded))
    }

    /// The value over a window of raw series, and while an exclusion touches that window, the value from slices.
    pub(super) fn unless_excluded(
        &self,
        raw: Expr,
        window: Duration,
        of_slices: impl FnOnce() -> Expr,
    ) -> Expr {
        if !self.has_exclusions() {
            return raw;
        }
        let mark = || aggregate("max", self.recorded_series(&format!("{EXCLUDED}{window}")));
        let without = on_nothing(raw, BinaryOp::Unless, mark());
        let within = on_nothing(of_slices(), BinaryOp::And, mark());
        binary(without, BinaryOp::Or, within)
    }

    /// The rules that mark whether an exclusion touches windows over raw series.
    pub(super) fn exclusion_marks(&self, windows: &BTreeSet<Duration>) -> Vec<Rule> {
        let raw = windows.iter().filter(|window| **window <= LONGEST_RAW);
        raw.filter_map(|window| {
            let excluded = clock::excluded(&self.slo.exclusions, 0, seconds(*window))?;
            let mark = aggregate("group", excluded);
            Some(self.record(format!("{EXCLUDED}{window}"), &mark, Some(*window)))
        })
        .collect()
    }

    /// The consumed and the remaining share of the error budget as if nothing were excluded; empty without exclusions.
    pub fn gross_rules(&self) -> Vec<Rule> {
        if !self.has_exclusions() {
            return Vec::new();
        }
        let sum = |metric| match &self.slo.calendar {
            Some(calendar) => self.period_sum(calendar, metric, Events::Gross),
            None => self.gross_sum(metric, self.slo.window),
        };
        let ratio = binary(
            sum(BAD_EVENTS),
            BinaryOp::Divide,
            positive(sum(TOTAL_EVENTS)),
        );
        let known = match &self.slo.calendar {
            Some(_) => {
                let length = self.whole_value(PERIOD_LENGTH);
                self.for_group(sum(KNOWN_TIME), BinaryOp::Divide, length)
            }
            None => {
                let length = number(self.slo.window.as_seconds());
                binary(sum(KNOWN_TIME), BinaryOp::Divide, length)
            }
        };
        let known = call("clamp_max", [known, number(Decimal::ONE)]);
        let consumed = binary(
            binary(ratio, BinaryOp::Multiply, known),
            BinaryOp::Divide,
            self.by_objective(&self.window_series(COVERAGE), |objective| {
                number(Decimal::ONE - objective)
            }),
        );
        let remaining = binary(
            number(Decimal::ONE),
            BinaryOp::Subtract,
            self.value(GROSS_PERIOD_BURN_RATE),
        );
        vec![
            self.record(GROSS_PERIOD_BURN_RATE, &consumed, None),
            self.record(GROSS_BUDGET_REMAINING, &remaining, None),
        ]
    }
}
