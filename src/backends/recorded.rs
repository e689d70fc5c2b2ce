//! The names of what the rules record and tell of every SLO, by which other targets read it.

use crate::ir::Duration;

/// The prefix of the error ratios' names, to which the window is added.
pub const ERROR_RATIO: &str = "slo:sli_error:ratio_rate";
/// The objective, between 0 and 1.
pub const OBJECTIVE: &str = "slo:objective:ratio";
/// 1 − the objective.
pub const ERROR_BUDGET: &str = "slo:error_budget:ratio";
/// How many times faster than sustainable the budget is spent, over [`CURRENT`].
pub const CURRENT_BURN_RATE: &str = "slo:current_burn_rate:ratio";
/// The share of the error budget that is spent: the error ratio of the period over the budget.
pub const PERIOD_BURN_RATE: &str = "slo:period_burn_rate:ratio";
/// 1 − the share that is spent; negative where more is spent than there was.
pub const BUDGET_REMAINING: &str = "slo:period_error_budget_remaining:ratio";
/// The prefix of the names of how much of a window is known, between 0 and 1, to which the window is added. It is
/// recorded of each window whose ratio is made of recorded counts.
pub const COVERAGE: &str = "slo:sli_coverage:ratio";
/// 1, with the objective and the period as labels.
pub const INFO: &str = "slo_info";

/// The window of current burn rates, and the longest base window.
pub const CURRENT: Duration = Duration::minutes(5);

/// The longest window whose ratio is measured by the raw series; longer ones are made of recorded counts, and have a
/// [`COVERAGE`].
pub const LONGEST_RAW: Duration = Duration::hours(1);
