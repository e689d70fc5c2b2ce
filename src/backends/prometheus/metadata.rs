//! What an SLO promises and how it stands, under the names that dashboards know.

use rust_decimal::Decimal;

use crate::ir::Duration;
use crate::ir::number::percent_text;
use crate::promql::{BinaryOp, Expr};

use super::document::Rule;
use super::query::{aggregate, binary, call, number};
use super::sli::{CURRENT, SloContext};

/// The share of the error budget that is spent: the error ratio of the period over the budget.
pub const PERIOD_BURN_RATE: &str = "slo:period_burn_rate:ratio";
/// 1 − the share that is spent; negative where more is spent than there was.
pub const BUDGET_REMAINING: &str = "slo:period_error_budget_remaining:ratio";

impl SloContext<'_> {
    /// The metadata, each after what it reads. None has a `window` label.
    pub fn metadata_rules(&self) -> Vec<Rule> {
        let slo = self.slo;
        let constant = |value: Decimal| call("vector", [number(value)]);
        let rules = [
            ("slo:objective:ratio", constant(slo.objective)),
            ("slo:error_budget:ratio", constant(slo.error_budget())),
            ("slo:time_period:days", constant(slo.window.as_days())),
            ("slo:current_burn_rate:ratio", self.burn_rate(CURRENT)),
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
        let mut rule = self.record("slo_info", &call("vector", [number(Decimal::ONE)]), None);
        if let Rule::Recording(rule) = &mut rule {
            rule.labels
                .insert("objective".into(), percent_text(self.slo.objective));
            rule.labels
                .insert("period".into(), self.slo.window.to_string());
        }
        rule
    }
}
