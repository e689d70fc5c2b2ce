//! The names of what the rules record and tell of every SLO, by which other targets read it.

pub use nth_model::burn_rate::{LONGEST_RAW, SLICE};

/// The prefix of the error ratios' names, to which the window is added.
pub const ERROR_RATIO: &str = "slo:sli_error:ratio_rate";
/// The prefix of the names of how much of a window is known, between 0 and 1, to which the window is added.
pub const COVERAGE: &str = "slo:sli_coverage:ratio";
/// How many bad events there were in each slice of time.
pub const BAD_EVENTS: &str = "slo:sli_bad_events:increase3m";
/// How many events there were in each slice of time. There is no sample where that is not known.
pub const TOTAL_EVENTS: &str = "slo:sli_total_events:increase3m";
/// How many seconds of each slice of time are known: that long ago was the evaluation before, at most [`SLICE`].
pub const KNOWN_TIME: &str = "slo:sli_known_time:seconds";
/// The objective, between 0 and 1.
pub const OBJECTIVE: &str = "slo:objective:ratio";
/// 1 − the objective.
pub const ERROR_BUDGET: &str = "slo:error_budget:ratio";
/// How many times faster than sustainable the budget is spent, over the current window.
pub const CURRENT_BURN_RATE: &str = "slo:current_burn_rate:ratio";
/// The share of the error budget that is spent for all that is known: the error ratio of the period × how much of it is
/// known ÷ the budget. What is not known counts as nothing spent.
pub const PERIOD_BURN_RATE: &str = "slo:period_burn_rate:ratio";
/// 1 − the share that is spent; negative where more is spent than there was.
pub const BUDGET_REMAINING: &str = "slo:period_error_budget_remaining:ratio";
/// 1, with the objective and the period as labels.
pub const INFO: &str = "slo_info";
