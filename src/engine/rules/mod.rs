//! Groups of rules over a range of time: recording rules add series to the store, alerting rules have states.
//!
//! [`run()`] evaluates as `promtool test rules` does: at each time, all groups in order and the rules of each group in order. A rule
//! sees what earlier rules wrote at that time, and what later ones wrote before. The result is the same as if rules were evaluated
//! one time after another. Most are not: those that do not depend on the order are evaluated over many times at once.

mod alerting;
mod columns;
mod delay;
mod expand;
mod failure;
mod input;
mod outcome;
mod plan;
mod reads;
mod recording;
mod rule;
mod run;
mod states;
#[cfg(test)]
mod tests;
mod until;
mod write;
mod writes;

pub use expand::{Expand, Unexpanded};
pub use failure::Failure;
pub use outcome::{AlertHistory, AlertState, Observation, Outcome, Transition};
pub use rule::{Alerting, Group, Recording, Rule, RuleId};
pub use run::{Settings, run};

/// The metric that an alerting rule writes for each active alert, with the label [`ALERT_STATE`].
pub const ALERTS: &str = "ALERTS";

/// The metric that an alerting rule writes for each active alert, with the Unix time since when it is active.
pub const ALERTS_FOR_STATE: &str = "ALERTS_FOR_STATE";

/// The label that holds an alert's name.
pub const ALERT_NAME: &str = "alertname";

/// The label of [`ALERTS`] that holds the state, `pending` or `firing`.
pub const ALERT_STATE: &str = "alertstate";

/// How long Prometheus keeps sending a resolved alert, in milliseconds.
pub const RESOLVED_RETENTION: i64 = 15 * 60 * 1000;
