//! The recording rules for an SLO's objective and state, with names that dashboards know.

use rust_decimal::Decimal;

use nth_model::number::percent_text;
use nth_promql::{BinaryOp, Expr};

pub use crate::series_names::{BUDGET_REMAINING, PERIOD_BURN_RATE};
use crate::series_names::{CURRENT_BURN_RATE, ERROR_BUDGET, INFO, OBJECTIVE};

use super::document::Rule;
use super::query::{binary, call, number};
use super::sli::SloContext;

impl SloContext<'_> {
    /// The objective and the current state, each rule after those that it reads. None has a `window` label.
    pub fn fast_metadata_rules(&self) -> Vec<Rule> {
        let slo = self.slo;
        let rules = [
            (ERROR_BUDGET, constant(slo.error_budget())),
            ("slo:time_period:days", constant(slo.window.as_days())),
            (
                CURRENT_BURN_RATE,
                self.per_budget(self.error_ratio(self.current())),
            ),
        ];
        let rule = |(metric, expr)| self.record(metric, &expr, None);
        rules.into_iter().map(rule).chain([self.info()]).collect()
    }

    /// The objective, which is recorded after the slices of each evaluation, and the state over the SLO window, each
    /// rule after those that it reads. None has a `window` label.
    pub fn slow_metadata_rules(&self) -> Vec<Rule> {
        let slo = self.slo;
        let rules = [
            (OBJECTIVE, constant(slo.objective)),
            (PERIOD_BURN_RATE, self.per_budget(self.least_window_ratio())),
            (
                BUDGET_REMAINING,
                binary(
                    number(Decimal::ONE),
                    BinaryOp::Subtract,
                    self.value(PERIOD_BURN_RATE),
                ),
            ),
        ];
        let rule = |(metric, expr)| self.record(metric, &expr, None);
        let rules = rules.into_iter().map(rule);
        rules.chain(self.gross_rules()).collect()
    }

    /// The burn rate at an error ratio.
    fn per_budget(&self, ratio: Expr) -> Expr {
        binary(ratio, BinaryOp::Divide, number(self.slo.error_budget()))
    }

    /// `slo_info`, whose value is always 1.
    fn info(&self) -> Rule {
        let mut rule = self.record(INFO, &call("vector", [number(Decimal::ONE)]), None);
        if let Rule::Recording(rule) = &mut rule {
            rule.labels
                .insert("objective".into(), percent_text(self.slo.objective));
            rule.labels.insert("period".into(), self.slo.window_name());
            // Two projects that use one name are two series here, whether or not they know of one another.
            rule.labels
                .entry("project".into())
                .or_insert_with(|| self.context.settings.project.clone());
        }
        rule
    }
}

fn constant(value: Decimal) -> Expr {
    call("vector", [number(value)])
}
