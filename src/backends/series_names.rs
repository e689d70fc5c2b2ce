//! Names of the series that the rules record for every SLO, which other targets read.

pub use nth_model::burn_rate::{LONGEST_RAW, SLICE};

/// The prefix of the names of error ratios, followed by the window.
pub const ERROR_RATIO: &str = "slo:sli_error:ratio_rate";
/// The prefix of the names of a window's known share, between 0 and 1, followed by the window.
pub const COVERAGE: &str = "slo:sli_coverage:ratio";
/// The number of bad events in each slice.
pub const BAD_EVENTS: &str = "slo:sli_bad_events:increase3m";
/// The number of events in each slice. There is no sample if it is unknown.
pub const TOTAL_EVENTS: &str = "slo:sli_total_events:increase3m";
/// The number of seconds of each slice that are known: the time since the previous evaluation, at most [`SLICE`].
pub const KNOWN_TIME: &str = "slo:sli_known_time:seconds";
/// The objective, between 0 and 1.
pub const OBJECTIVE: &str = "slo:objective:ratio";
/// 1 − the objective.
pub const ERROR_BUDGET: &str = "slo:error_budget:ratio";
/// The burn rate over the current window.
pub const CURRENT_BURN_RATE: &str = "slo:current_burn_rate:ratio";
/// The consumed share of the error budget, as far as it is known: the error ratio of the SLO window × its known share ÷
/// the budget. Unknown time counts as nothing consumed.
pub const PERIOD_BURN_RATE: &str = "slo:period_burn_rate:ratio";
/// 1 − the consumed share; negative if more than the budget is consumed.
pub const BUDGET_REMAINING: &str = "slo:period_error_budget_remaining:ratio";
/// The first moment of the current period of a calendar window by the clocks of its zone, in seconds.
pub const PERIOD_LOCAL_START: &str = "slo:period_local_start:seconds";
/// The first moment of the current period of a calendar window, in seconds since 1970.
pub const PERIOD_START: &str = "slo:period_start:timestamp_seconds";
/// The length of the current period of a calendar window, in seconds.
pub const PERIOD_LENGTH: &str = "slo:period_length:seconds";
/// The share of the current period of a calendar window that has passed, without excluded time.
pub const PERIOD_ELAPSED: &str = "slo:period_elapsed:ratio";
/// [`PERIOD_BURN_RATE`] as if nothing were excluded. Only of SLOs that exclusions cover.
pub const GROSS_PERIOD_BURN_RATE: &str = "slo:period_burn_rate_gross:ratio";
/// [`BUDGET_REMAINING`] as if nothing were excluded. Only of SLOs that exclusions cover.
pub const GROSS_BUDGET_REMAINING: &str = "slo:period_error_budget_remaining_gross:ratio";
/// The prefix of the names of marks, followed by the window: 1 while an exclusion applies to a part of the window, otherwise no
/// sample. Only of SLOs that exclusions cover, and of windows up to [`LONGEST_RAW`].
pub const EXCLUDED: &str = "slo:sli_excluded:bool";
/// The number of groups of an SLO in its window.
pub const GROUPS: &str = "slo:groups:count";
/// 1, with the objective and the SLO window as labels.
pub const INFO: &str = "slo_info";
/// 1, with the objective and the window of a contract as labels, and its name as `contract`.
pub const CONTRACT_INFO: &str = "slo_contract_info";

/// What the names of recorded series of an SLO begin with.
const PREFIX: &str = "slo:";
/// What the names of recorded series of a contract begin with instead.
const CONTRACT_PREFIX: &str = "slo:contract_";

/// The name of the series of a contract that means what this series means of an SLO: `slo:contract_objective:ratio` of
/// [`OBJECTIVE`].
pub fn of_contract(metric: &str) -> String {
    match metric.strip_prefix(PREFIX) {
        Some(rest) => format!("{CONTRACT_PREFIX}{rest}"),
        None => metric.to_owned(),
    }
}
