//! The rules of a contract: those of its SLO with another objective and window.
//!
//! | recording rule | value |
//! |---|---|
//! | `slo:contract_objective:ratio` | the promised objective |
//! | `slo:contract_period_burn_rate:ratio` | the consumed share of the error budget of the contract |
//! | `slo:contract_period_error_budget_remaining:ratio` | 1 − that |
//!
//! All have the label `contract`. A contract with another window than its SLO also has the error ratio and the coverage of that
//! window, and what is recorded of a calendar window. All of them sum the slices of the SLO, so that they leave out the same
//! exclusions and have the same groups.
//!
//! Names differ from those of the SLO, so that a query of its series never finds those of a contract.

use nth_model::{Contract, Slo};

use super::super::document::Rule;
use super::{COVERAGE, ERROR_RATIO, SloContext};
use crate::series_names::{
    BUDGET_REMAINING, GROSS_BUDGET_REMAINING, GROSS_PERIOD_BURN_RATE, OBJECTIVE, PERIOD_BURN_RATE,
    PERIOD_ELAPSED, PERIOD_LENGTH, PERIOD_LOCAL_START, PERIOD_START,
};

/// The series that every contract has.
const OWN: [&str; 5] = [
    OBJECTIVE,
    PERIOD_BURN_RATE,
    BUDGET_REMAINING,
    GROSS_PERIOD_BURN_RATE,
    GROSS_BUDGET_REMAINING,
];

/// The series of a calendar window, which a contract has if its window is not that of the SLO.
const OF_CALENDAR: [&str; 4] = [
    PERIOD_LOCAL_START,
    PERIOD_START,
    PERIOD_LENGTH,
    PERIOD_ELAPSED,
];

/// Which series are those of a contract, and not of its SLO.
#[derive(Clone, Copy)]
pub struct OfContract<'a> {
    /// The contract.
    contract: &'a Contract,
    /// Whether its window is that of the SLO.
    shares_window: bool,
}

impl<'a> OfContract<'a> {
    /// The label that distinguishes its series from those of other contracts.
    pub fn label(self) -> (&'static str, &'a str) {
        ("contract", &self.contract.name)
    }

    /// Returns whether the contract has a series of its own for what this series is of an SLO. `promised` is the SLO with the window
    /// of the contract.
    pub fn has(self, metric: &str, promised: &Slo) -> bool {
        if OWN.contains(&metric) {
            return true;
        }
        let window = promised.window_name();
        let mut of_window = [ERROR_RATIO, COVERAGE].into_iter();
        let is_of_window = OF_CALENDAR.contains(&metric)
            || of_window.any(|prefix| metric.strip_prefix(prefix) == Some(window.as_str()));
        !self.shares_window && is_of_window
    }
}

impl<'a> SloContext<'a> {
    /// Calls a function with the context of a contract of this SLO.
    pub fn with_contract<T>(
        &self,
        contract: &Contract,
        then: impl FnOnce(&SloContext<'_>) -> T,
    ) -> T {
        let promised = contract.as_slo(self.slo);
        let of = SloContext::new(self.context, &promised);
        then(&of.of_contract(contract, contract.has_window_of(self.slo)))
    }

    /// The context of a contract, from that of its SLO with the objective and the window of the contract.
    pub fn of_contract(self, contract: &'a Contract, shares_window: bool) -> Self {
        Self {
            contract: Some(OfContract {
                contract,
                shares_window,
            }),
            ..self
        }
    }

    /// The contract, if this is the context of one.
    pub fn contract(&self) -> Option<&'a Contract> {
        self.contract.map(|of| of.contract)
    }

    /// The recording rules of the contracts of the SLO, which are evaluated once per slice, each after those that it reads.
    pub fn contract_rules(&self) -> Vec<Rule> {
        let contracts = self.slo.contracts.iter();
        let rules = contracts.map(|contract| {
            self.with_contract(contract, |of| {
                let mut rules = match contract.has_window_of(self.slo) {
                    true => Vec::new(),
                    false => of.window_rules(),
                };
                rules.extend(of.contract_metadata_rules());
                rules
            })
        });
        rules.flatten().collect()
    }

    /// The error ratio and the coverage of the window of a contract.
    fn window_rules(&self) -> Vec<Rule> {
        match self.rolling_window() {
            Some(window) => vec![self.ratio_rule(window), self.coverage_rule(window)],
            None => self.period_rules(),
        }
    }
}
