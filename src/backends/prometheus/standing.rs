//! The queries by which it is told how an objective stands.

use crate::ir::{Duration, Service, Settings, Severity, Slo};
use crate::promql::Expr;

use super::context::Context;
use super::sli::SloContext;

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

    /// The error ratio over a window, by the indicator's own series; nothing where it can only be recorded.
    pub fn measured(&self, window: Duration) -> Option<String> {
        self.of.measured_ratio(window).as_ref().map(Expr::to_string)
    }

    /// When the rules began to record it, in seconds since 1970, as far as a time back from now: nothing where they did not.
    pub fn recorded_since(&self, back: Duration) -> String {
        use crate::backends::recorded::{KNOWN_TIME, SLICE};
        use crate::promql::build;
        let recorded = build::call("timestamp", vec![self.of.recorded(KNOWN_TIME)]);
        let step = SLICE.to_string();
        let steps = build::subquery(recorded, back.to_string(), Some(&step));
        let first = build::call("min_over_time", vec![steps]);
        build::aggregate("min", None, first).to_string()
    }
}
