//! What an SLO promises and how it stands, under the names that dashboards know.

use rust_decimal::Decimal;

use crate::ir::Duration;
use crate::ir::number::percent_text;
use crate::promql::{BinaryOp, Expr};

pub use crate::backends::recorded::{BUDGET_REMAINING, PERIOD_BURN_RATE};
use crate::backends::recorded::{CURRENT_BURN_RATE, ERROR_BUDGET, INFO, OBJECTIVE};

use super::document::Rule;
use super::query::{aggregate, binary, call, number};
use super::sli::{CURRENT, SloContext};

impl SloContext<'_> {
    /// The metadata, each after what it reads. None has a `window` label.
    pub fn metadata_rules(&self) -> Vec<Rule> {
        let slo = self.slo;
        let constant = |value: Decimal| call("vector", [number(value)]);
        let rules = [
            (OBJECTIVE, constant(slo.objective)),
            (ERROR_BUDGET, constant(slo.error_budget())),
            ("slo:time_period:days", constant(slo.window.as_days())),
            (CURRENT_BURN_RATE, self.burn_rate(CURRENT)),
            (PERIOD_BURN_RATE, self.burn_rate(slo.window)),
            (
                BUDGET_REMAINING,
                binary(
                    number(Decimal::ONE),
                    BinaryOp::Subtract,
                    aggregate("max", self.recorded(PERIOD_BURN_RATE)),
                ),
            ),
        ];
        let mut rules: Vec<_> = rules
            .into_iter()
            .map(|(metric, expr)| self.record(metric, &expr, None))
            .collect();
        rules.push(self.info());
        rules
    }

    /// How many times faster than sustainable the budget is spent.
    fn burn_rate(&self, window: Duration) -> Expr {
        binary(
            self.error_ratio(window),
            BinaryOp::Divide,
            number(self.slo.error_budget()),
        )
    }

    /// `slo_info`, whose value is always 1.
    fn info(&self) -> Rule {
        let mut rule = self.record(INFO, &call("vector", [number(Decimal::ONE)]), None);
        if let Rule::Recording(rule) = &mut rule {
            rule.labels
                .insert("objective".into(), percent_text(self.slo.objective));
            rule.labels
                .insert("period".into(), self.slo.window.to_string());
        }
        rule
    }
}
