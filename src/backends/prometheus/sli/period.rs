//! The rules of an SLO with a calendar window: its error budget is that of the current week, month or quarter in a time zone.
//!
//! | recording rule | value |
//! |---|---|
//! | `slo:period_local_start:seconds` | the first moment of the period by the clocks of its zone |
//! | `slo:period_start:timestamp_seconds` | the first moment of the period |
//! | `slo:period_length:seconds` | its length: 23h or 25h of a day in which clocks change |
//! | `slo:period_elapsed:ratio` | the share of its budget's time that has passed |
//!
//! A subquery over the longest period adds up slices by the number of the period that contains them, and the rule takes the sum of
//! the current one. So each period begins anew at its first moment, also in a range of evaluations, and without any state.
//!
//! What is consumed is bad events ÷ the budget of the whole period, at the traffic that is known:
//!
//! consumed = error ratio × coverage × elapsed ÷ (1 − objective)

use nth_promql::{BinaryOp, Expr, build};
use rust_decimal::Decimal;

use super::super::document::Rule;
use super::super::query::{
    aggregate_by, binary, call, number, on_nothing, over_steps, over_window, paren, positive,
};
use super::{
    BAD_EVENTS, COVERAGE, ERROR_RATIO, Events, KNOWN_TIME, LATE, SloContext, TOTAL_EVENTS, seconds,
};
use crate::clock::Periods;
use crate::series_names::{PERIOD_ELAPSED, PERIOD_LENGTH, PERIOD_LOCAL_START, PERIOD_START, SLICE};
use nth_model::CalendarWindow;

/// The label of the number of a period.
const PERIOD: &str = "period";

impl SloContext<'_> {
    /// The periods of a calendar window. A period is that of the oldest events of a slice, so that no event is charged to the next one:
    /// a step is up to a slice later than its sample, which has events of up to a slice and [`LATE`] before.
    fn periods(&self, calendar: &CalendarWindow) -> Periods {
        Periods::new(calendar, seconds(LATE) + 2 * seconds(SLICE))
    }

    /// The number of the current period as a label.
    fn numbered(number: Expr) -> Expr {
        let label = build::string(PERIOD);
        build::aggregate_with("count_values", None, Some(label), number)
    }

    /// The sum of values, one for each slice and period, over the slices of the current period.
    fn in_period(&self, calendar: &CalendarWindow, slices: Expr) -> Expr {
        let window = calendar.unit.longest();
        let sums = over_steps("sum_over_time", slices, window, SLICE);
        let by: Vec<String> = { self.by().iter().cloned() }
            .chain([PERIOD.to_owned()])
            .collect();
        let sums = aggregate_by("sum", &by, None, sums);
        let current = Self::numbered(self.periods(calendar).number());
        let matching = build::on_labels(&[PERIOD]);
        self.per_group(
            "sum",
            build::binary_matching(BinaryOp::And, sums, current, matching),
        )
    }

    /// The sum of the slices of the current period.
    pub(super) fn period_sum(
        &self,
        calendar: &CalendarWindow,
        metric: &str,
        events: Events,
    ) -> Expr {
        let slice = over_window("sum_over_time", self.recorded_series(metric), SLICE);
        let slice = match self.excluded_step() {
            Some(excluded) if events == Events::Net => {
                paren(on_nothing(slice, BinaryOp::Unless, paren(excluded)))
            }
            _ => slice,
        };
        let number = Self::numbered(self.periods(calendar).number());
        let mut matching = build::on_labels(&[]);
        matching.group = Some(nth_promql::Group {
            left: true,
            labels: build::labels(&[PERIOD]),
        });
        let slices = build::binary_matching(BinaryOp::Multiply, slice, number, matching);
        self.in_period(calendar, slices)
    }

    /// The seconds of the current period that have passed.
    fn elapsed(&self, calendar: &CalendarWindow, events: Events) -> Expr {
        let number = self.periods(calendar).number();
        let number = match self.excluded_step() {
            Some(excluded) if events == Events::Net => {
                on_nothing(number, BinaryOp::Unless, paren(excluded))
            }
            _ => number,
        };
        let steps = self.in_period(calendar, Self::numbered(number));
        binary(steps, BinaryOp::Multiply, number_of(SLICE))
    }

    /// The recording rules of the current period, each after those that it reads.
    pub(super) fn period_rules(&self) -> Vec<Rule> {
        let Some(calendar) = &self.slo.calendar else {
            return Vec::new();
        };
        let periods = self.periods(calendar);
        let local_start = self.whole_value(PERIOD_LOCAL_START);
        let unit = Some(calendar.unit.name().to_owned());
        let ratio = binary(
            self.period_sum(calendar, BAD_EVENTS, Events::Net),
            BinaryOp::Divide,
            positive(self.period_sum(calendar, TOTAL_EVENTS, Events::Net)),
        );
        let passed = self.elapsed(calendar, Events::Net);
        let coverage = self.for_group(
            self.period_sum(calendar, KNOWN_TIME, Events::Net),
            BinaryOp::Divide,
            passed.clone(),
        );
        let coverage = call("clamp_max", [coverage, number(Decimal::ONE)]);
        // Excluded time has no budget; whether more of it will come is not considered.
        let whole = if self.has_exclusions() {
            let taken = binary(
                self.elapsed(calendar, Events::Gross),
                BinaryOp::Subtract,
                passed.clone(),
            );
            paren(binary(
                self.whole_value(PERIOD_LENGTH),
                BinaryOp::Subtract,
                paren(taken),
            ))
        } else {
            self.whole_value(PERIOD_LENGTH)
        };
        let elapsed = binary(passed, BinaryOp::Divide, whole);
        let elapsed = call("clamp_max", [elapsed, number(Decimal::ONE)]);
        vec![
            self.record(PERIOD_LOCAL_START, &periods.local_start(), None),
            self.record(PERIOD_START, &periods.start(&local_start), None),
            self.record(PERIOD_LENGTH, &periods.length(&local_start), None),
            self.record_over(self.window_series(ERROR_RATIO), &ratio, unit.clone()),
            self.record_over(self.window_series(COVERAGE), &coverage, unit),
            self.record(PERIOD_ELAPSED, &elapsed, None),
        ]
    }
}

fn number_of(duration: nth_model::Duration) -> Expr {
    number(duration.as_seconds())
}
