//! The recording rules for an SLO's objective and state, with names that dashboards know.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use nth_model::number::percent_text;
use nth_promql::{BinaryOp, Expr};

pub use crate::series_names::{BUDGET_REMAINING, PERIOD_BURN_RATE};
use crate::series_names::{
    CONTRACT_INFO, COVERAGE, CURRENT_BURN_RATE, ERROR_BUDGET, ERROR_RATIO, GROUPS, INFO,
    KNOWN_TIME, OBJECTIVE,
};

use super::document::Rule;
use super::query::{aggregate, binary, call, number, or_zero, over_window};
use super::sli::SloContext;

impl SloContext<'_> {
    /// The objective and the current state, each rule after those that it reads. None has a `window` label.
    pub fn fast_metadata_rules(&self) -> Vec<Rule> {
        let slo = self.slo;
        let current = format!("{ERROR_RATIO}{}", self.current());
        let rules = [
            (
                ERROR_BUDGET,
                self.recorded(|objective| Decimal::ONE - objective),
            ),
            ("slo:time_period:days", constant(slo.window.as_days())),
            (
                CURRENT_BURN_RATE,
                self.per_budget(self.error_ratio(self.current()), &current),
            ),
        ];
        let rule = |(metric, expr)| self.record(metric, &expr, None);
        rules.into_iter().map(rule).chain([self.info()]).collect()
    }

    /// The objective, which is recorded after the slices of each evaluation, and the state over the SLO window, each
    /// rule after those that it reads. None has a `window` label.
    pub fn slow_metadata_rules(&self) -> Vec<Rule> {
        let rule = |(metric, expr)| self.record(metric, &expr, None);
        let groups = (!self.by().is_empty()).then(|| rule((GROUPS, self.group_count())));
        let rules = self.budget_rules().into_iter().map(rule).chain(groups);
        rules.chain(self.gross_rules()).collect()
    }

    /// The objective of a contract, and the state over its window, each rule after those that it reads.
    pub fn contract_metadata_rules(&self) -> Vec<Rule> {
        let rules = self.budget_rules().into_iter();
        rules
            .map(|(metric, expr)| self.record(metric, &expr, None))
            .chain(self.gross_rules())
            .chain([self.info()])
            .collect()
    }

    /// The objective, and the error budget over the window.
    fn budget_rules(&self) -> [(&'static str, Expr); 3] {
        let period = self.window_series(ERROR_RATIO);
        [
            (OBJECTIVE, self.recorded(|objective| objective)),
            (
                PERIOD_BURN_RATE,
                self.per_budget(self.least_window_ratio(), &period),
            ),
            (
                BUDGET_REMAINING,
                binary(
                    number(Decimal::ONE),
                    BinaryOp::Subtract,
                    self.value(PERIOD_BURN_RATE),
                ),
            ),
        ]
    }

    /// A number that follows from the objective: one sample, or one for each group of which a part of the SLO window is known.
    fn recorded(&self, number_of: impl Fn(Decimal) -> Decimal) -> Expr {
        if self.by().is_empty() {
            return constant(number_of(self.slo.objective));
        }
        let known = self.window_series(COVERAGE);
        self.each_objective(&known, |objective| number(number_of(objective)))
    }

    /// The number of groups of which a part of the SLO window is known.
    fn group_count(&self) -> Expr {
        let known = over_window(
            "last_over_time",
            self.recorded_series(KNOWN_TIME),
            self.slo.window,
        );
        or_zero(aggregate("count", self.per_group("group", known)))
    }

    /// The burn rate at an error ratio, which is that of a recorded series.
    fn per_budget(&self, ratio: Expr, metric: &str) -> Expr {
        let budget = self.by_objective(metric, |objective| number(Decimal::ONE - objective));
        binary(ratio, BinaryOp::Divide, budget)
    }

    /// The labels of `slo_info` besides those of all rules of the SLO.
    pub(super) fn info_labels(&self) -> BTreeMap<String, String> {
        BTreeMap::from([
            ("objective".to_owned(), percent_text(self.slo.objective)),
            ("period".to_owned(), self.slo.window_name()),
        ])
    }

    /// `slo_info`, or `slo_contract_info` of a contract, whose value is always 1.
    fn info(&self) -> Rule {
        let name = match self.contract() {
            Some(_) => CONTRACT_INFO,
            None => INFO,
        };
        let mut rule = self.record(name, &call("vector", [number(Decimal::ONE)]), None);
        if let Rule::Recording(rule) = &mut rule {
            rule.labels.extend(self.info_labels());
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
