//! Queries for the current state of an SLO.

use rust_decimal::Decimal;

use crate::series_names::LONGEST_RAW;
use nth_model::{Contract, Duration, Service, Settings, Sli, Slo};
use nth_promql::{BinaryOp, Expr, build};

use super::context::Context;
use super::query::{at_window, binary, call, number};
use super::sli::SloContext;

/// The number of times in a window at which the presence of an SLI's series is checked.
const LOOKS: u64 = 2_000;

/// The least distance between these checks.
const LEAST_STEP: Duration = Duration::minutes(1);

/// The context of the queries for the current state of an SLO.
pub struct BudgetStatus<'a> {
    context: SloContext<'a>,
}

impl<'a> BudgetStatus<'a> {
    /// The queries for an SLO of a service.
    pub fn new(service: &'a Service, slo: &'a Slo, settings: &'a Settings) -> Self {
        Self {
            context: SloContext::new(
                Context {
                    service,
                    settings,
                    alerts: &[],
                },
                slo,
            ),
        }
    }

    /// The queries for a contract of an SLO. `promised` is the SLO with the window of the contract, from
    /// [`Contract::as_slo`]; `shares_window` says whether that is the SLO window.
    pub fn of_contract(
        service: &'a Service,
        (contract, promised): (&'a Contract, &'a Slo),
        shares_window: bool,
        settings: &'a Settings,
    ) -> Self {
        let context = Self::new(service, promised, settings).context;
        Self {
            context: context.of_contract(contract, shares_window),
        }
    }

    /// The recorded window of a burn rate that is neither momentary nor outdated: that of the fastest page.
    pub fn burn_window(&self) -> Duration {
        let pages = self.context.slo.burn_rate_pairs.iter();
        let pages = pages.filter(|pair| pair.declared.pages());
        pages
            .map(|pair| pair.long)
            .min()
            .unwrap_or_else(|| self.context.current())
    }

    /// The query of the recorded error ratio over a window.
    pub fn error_ratio(&self, window: Duration) -> String {
        self.context.error_ratio(window).to_string()
    }

    /// The query of the recorded known share of a window; `None` for windows over raw series, which are always
    /// completely known, unless an exclusion touches them.
    pub fn coverage(&self, window: Duration) -> Option<String> {
        let is_partial = window > LONGEST_RAW
            || (self.context.has_exclusions() && self.context.is_covered(window));
        is_partial.then(|| self.context.coverage(window).to_string())
    }

    /// The query of the recorded error ratio over the SLO window, or the current period.
    pub fn window_error_ratio(&self) -> String {
        let series = self.context.window_series(crate::series_names::ERROR_RATIO);
        self.context.value(&series).to_string()
    }

    /// The query of the recorded known share of the SLO window, or of the current period so far.
    pub fn window_coverage(&self) -> String {
        self.context.window_coverage().to_string()
    }

    /// The query of the recorded share of the error budget that is left.
    pub fn budget_remaining(&self) -> String {
        let remaining = crate::series_names::BUDGET_REMAINING;
        self.context.value(remaining).to_string()
    }

    /// The query of the recorded share of the error budget that would remain if nothing were excluded; `None` without exclusions.
    pub fn gross_budget_remaining(&self) -> Option<String> {
        let gross = || {
            self.context
                .value(crate::series_names::GROSS_BUDGET_REMAINING)
        };
        self.context.has_exclusions().then(|| gross().to_string())
    }

    /// The query of the share of a window in which the SLI's own series exist; `None` if its ratio can only be
    /// recorded. It checks [`LOOKS`] times.
    pub fn measured_coverage(&self, window: Duration) -> Option<String> {
        let there = match &self.context.slo.sli {
            Sli::Events { total, .. }
            | Sli::ErrorRatio {
                total: Some(total), ..
            } => total,
            Sli::ErrorRatio { ratio, total: None } => ratio,
            Sli::TimeSlices { .. } => return None,
        };
        let there = self
            .context
            .per_group("count", at_window(there, self.context.current()));
        // Whole seconds, and not more often than the series have samples.
        let step = Duration((window.0 / LOOKS).div_ceil(LEAST_STEP.0) * LEAST_STEP.0);
        let looks = build::subquery(there, window.to_string(), Some(&step.to_string()));
        let known = binary(
            call("count_over_time", [looks]),
            BinaryOp::Multiply,
            number(step.as_seconds()),
        );
        let share = binary(known, BinaryOp::Divide, number(window.as_seconds()));
        Some(call("clamp_max", [share, number(Decimal::ONE)]).to_string())
    }

    /// The query of the error ratio over a window from the SLI's own series; `None` if it can only be recorded.
    pub fn measured_error_ratio(&self, window: Duration) -> Option<String> {
        self.context
            .measured_ratio(window)
            .as_ref()
            .map(Expr::to_string)
    }

    /// The query of the number of series that count events over a window; `None` if the SLI counts none.
    pub fn measured_presence(&self, window: Duration) -> Option<String> {
        match &self.context.slo.sli {
            Sli::Events { total, .. }
            | Sli::ErrorRatio {
                total: Some(total), ..
            } => {
                let counted = at_window(total, window);
                Some(self.context.per_group("count", counted).to_string())
            }
            Sli::ErrorRatio { total: None, .. } | Sli::TimeSlices { .. } => None,
        }
    }

    /// The selectors of what the rules record of each slice of [`SLICE`](crate::series_names::SLICE): the bad events, all events,
    /// and the known seconds. Their samples have the same times.
    pub fn recorded_slices(&self) -> [String; 3] {
        use crate::series_names::{BAD_EVENTS, KNOWN_TIME, TOTAL_EVENTS};
        [BAD_EVENTS, TOTAL_EVENTS, KNOWN_TIME]
            .map(|name| self.context.recorded_series(name).to_string())
    }

    /// The query of a time-slice SLI at one time: 1 if it is bad, 0 if it is good, no sample if it is unknown. `None` for other SLIs.
    pub fn bad_slice(&self) -> Option<String> {
        match &self.context.slo.sli {
            Sli::TimeSlices { good } => {
                Some(super::sli::bad_slice(good, self.context.by()).to_string())
            }
            _ => None,
        }
    }

    /// The time between the end of a recorded slice and its recording.
    pub fn recorded_late() -> Duration {
        super::sli::LATE
    }

    /// The query of the time at which the rules began to record it, in seconds since 1970, within `back` from now: no
    /// sample if they did not.
    pub fn recorded_since(&self, back: Duration) -> String {
        use crate::series_names::{KNOWN_TIME, SLICE};
        use nth_promql::build;
        let recorded = build::call("timestamp", vec![self.context.recorded_series(KNOWN_TIME)]);
        let step = SLICE.to_string();
        let steps = build::subquery(recorded, back.to_string(), Some(&step));
        let first = build::call("min_over_time", vec![steps]);
        build::aggregate("min", None, first).to_string()
    }
}
