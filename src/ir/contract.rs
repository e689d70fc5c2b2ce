//! Contracts: what is promised outside of the organization about an SLO, besides its objective.

use rust_decimal::Decimal;
use smol_str::SmolStr;

use super::{BudgetAlert, CalendarWindow, Duration, Slo};

/// What is promised to somebody about the SLI of an SLO. It has an error budget of its own.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Contract {
    /// The name, unique in the SLO.
    pub name: SmolStr,
    /// To whom it is promised, in words.
    pub with: String,
    /// What it means to them, in their words.
    pub description: Option<String>,
    /// The share of events that is promised to be good, between 0 and 1; at most the objective of the SLO.
    pub objective: Decimal,
    /// The window that it is promised for; of a calendar window its usual length.
    pub window: Duration,
    /// The calendar window, if it does not roll.
    pub calendar: Option<CalendarWindow>,
    /// The alerts on the consumed share of its error budget, in rising order. At 100% and above, the contract is broken.
    pub alerts: Vec<BudgetAlert>,
    /// What is owed when it is broken, in Markdown.
    pub remedy: Option<String>,
}

impl Contract {
    /// The SLO with the objective, the window and the budget alerts of the contract, in place of its own. Its groups share one
    /// objective.
    pub fn as_slo(&self, slo: &Slo) -> Slo {
        let mut promised = slo.clone();
        promised.objective = self.objective;
        promised.window = self.window;
        promised.calendar.clone_from(&self.calendar);
        promised.missing_data_alerts.clear();
        promised.gate_windows.clear();
        promised.contracts.clear();
        promised.budget_alerts.clone_from(&self.alerts);
        if let Some(grouping) = &mut promised.grouping {
            grouping.objectives.clear();
        }
        promised
    }

    /// Returns whether it is promised for the same window as that of its SLO, which has the error ratio of both.
    pub fn has_window_of(&self, slo: &Slo) -> bool {
        (self.window, &self.calendar) == (slo.window, &slo.calendar)
    }
}

impl BudgetAlert {
    /// Returns whether all of the error budget is consumed when it fires.
    pub fn is_exhausted(&self) -> bool {
        self.consumed >= Decimal::ONE
    }
}
