//! The SLO window, which rolls or is a period of the calendar.

use nth_model::{Duration, Sli};
use nth_promql::{BinaryOp, Expr};

use super::super::query::binary;
use super::{BAD_EVENTS, COVERAGE, ERROR_RATIO, Events, SloContext};
use crate::series_names::PERIOD_ELAPSED;

impl SloContext<'_> {
    /// The SLO window, if it rolls.
    pub(super) fn rolling_window(&self) -> Option<Duration> {
        self.slo.calendar.is_none().then_some(self.slo.window)
    }

    /// The name of a recorded series of the SLO window.
    pub fn window_series(&self, prefix: &str) -> String {
        format!("{prefix}{}", self.slo.window_name())
    }

    /// The error ratio over the SLO window in which unknown time, and what is to come of a calendar window, counts as good.
    pub fn least_window_ratio(&self) -> Expr {
        let ratio = self.value(&self.window_series(ERROR_RATIO));
        let known = binary(ratio, BinaryOp::Multiply, self.window_coverage());
        match self.slo.calendar {
            Some(_) => {
                let elapsed = self.whole_value(PERIOD_ELAPSED);
                self.for_group(known, BinaryOp::Multiply, elapsed)
            }
            None => known,
        }
    }

    /// The known share of the SLO window, or of the current period so far.
    pub fn window_coverage(&self) -> Expr {
        self.value(&self.window_series(COVERAGE))
    }

    /// The number of bad events in the SLO window.
    pub fn window_bad_events(&self) -> Expr {
        let Some(calendar) = &self.slo.calendar else {
            return self.bad_events(self.slo.window);
        };
        let bad = self.period_sum(calendar, BAD_EVENTS, Events::Net);
        match &self.slo.sli {
            Sli::TimeSlices { .. } => self.per_evaluation(bad),
            _ => bad,
        }
    }
}
