//! Values of an SLO that are recorded under another name.

use std::collections::BTreeMap;
use std::fmt;

use smol_str::SmolStr;

use crate::{Duration, Slo};

/// A value of an SLO that its rules record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SloValue {
    /// The share of bad events over a window; `None` for the SLO window.
    ErrorRatio(Option<Duration>),
    /// The objective, between 0 and 1.
    Objective,
    /// 1 minus the objective.
    ErrorBudget,
    /// The burn rate over the current window.
    BurnRate,
    /// The consumed share of the error budget.
    BudgetConsumed,
    /// The remaining share of the error budget.
    BudgetRemaining,
    /// 1, with the objective and the SLO window as labels.
    Info,
}

impl fmt::Display for SloValue {
    /// As in the language: `error-ratio over 5m`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ErrorRatio(Some(window)) => return write!(f, "error-ratio over {window}"),
            Self::ErrorRatio(None) => "error-ratio over the SLO window",
            Self::Objective => "objective",
            Self::ErrorBudget => "error-budget",
            Self::BurnRate => "burn-rate",
            Self::BudgetConsumed => "budget-consumed",
            Self::BudgetRemaining => "budget-remaining",
            Self::Info => "info",
        })
    }
}

/// A recording rule of an SLO's value, beside the SLO's own rules.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SloRecording {
    /// The name of the recorded metric.
    pub record: SmolStr,
    /// What is recorded.
    pub value: SloValue,
    /// Labels besides those of the SLO.
    pub labels: BTreeMap<String, String>,
}

impl Slo {
    /// The windows of error ratios that are recorded under other names, besides the SLO window.
    pub fn recorded_windows(&self) -> impl Iterator<Item = Duration> {
        self.recordings
            .iter()
            .filter_map(|recording| match recording.value {
                SloValue::ErrorRatio(window) => window,
                _ => None,
            })
    }
}
