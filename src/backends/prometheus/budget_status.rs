//! The queries by which it is told how an objective stands.

use rust_decimal::Decimal;

use crate::series_names::LONGEST_RAW;
use nth_model::{Duration, Service, Settings, Severity, Sli, Slo};
use nth_promql::{BinaryOp, Expr, build};

use super::context::Context;
use super::query::{aggregate, at_window, binary, call, number};
use super::sli::SloContext;

/// How often it is looked in a window whether an indicator's series were there.
const LOOKS: u64 = 2_000;

/// How far apart these looks are at least.
const LEAST_STEP: Duration = Duration::minutes(1);

/// An objective whose standing is asked for.
pub struct Standing<'a> {
    of: SloContext<'a>,
}

impl<'a> Standing<'a> {
    /// One of a service.
    pub fn new(service: &'a Service, slo: &'a Slo, settings: &'a Settings) -> Self {
        Self {
            of: SloContext::new(
                Context {
                    service,
                    settings,
                    alerts: &[],
                },
                slo,
            ),
        }
    }

    /// The recorded window over which a burn rate is neither of a moment nor of long ago: that of the fastest page.
    pub fn burn_window(&self) -> Duration {
        let pages = self.of.slo.burn_rate_pairs.iter();
        let pages = pages.filter(|pair| pair.severity == Severity::Page);
        pages
            .map(|pair| pair.long)
            .min()
            .unwrap_or_else(|| self.of.current())
    }

    /// The error ratio over a window as the rules record it.
    pub fn recorded(&self, window: Duration) -> String {
        self.of.error_ratio(window).to_string()
    }

    /// The share of a window that is known, as the rules record it; nothing of windows of raw series, which know all that
    /// is there.
    pub fn coverage(&self, window: Duration) -> Option<String> {
        (window > LONGEST_RAW).then(|| self.of.coverage(window).to_string())
    }

    /// The share of a window in which the indicator's own series were there; nothing where its ratio can only be
    /// recorded. It is looked at [`LOOKS`] times.
    pub fn measured_coverage(&self, window: Duration) -> Option<String> {
        let there = match &self.of.slo.sli {
            Sli::Events { total, .. }
            | Sli::ErrorRatio {
                total: Some(total), ..
            } => total,
            Sli::ErrorRatio { ratio, total: None } => ratio,
            Sli::TimeSlices { .. } => return None,
        };
        let there = aggregate("count", at_window(there, self.of.current()));
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

    /// The error ratio over a window, by the indicator's own series; nothing where it can only be recorded.
    pub fn measured(&self, window: Duration) -> Option<String> {
        self.of.measured_ratio(window).as_ref().map(Expr::to_string)
    }

    /// When the rules began to record it, in seconds since 1970, as far as a time back from now: nothing where they did not.
    pub fn recorded_since(&self, back: Duration) -> String {
        use crate::series_names::{KNOWN_TIME, SLICE};
        use nth_promql::build;
        let recorded = build::call("timestamp", vec![self.of.recorded(KNOWN_TIME)]);
        let step = SLICE.to_string();
        let steps = build::subquery(recorded, back.to_string(), Some(&step));
        let first = build::call("min_over_time", vec![steps]);
        build::aggregate("min", None, first).to_string()
    }
}
