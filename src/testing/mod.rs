//! Runs tests: from their incidents to the alerts, the notifications and the decisions of gates, compared with what is
//! expected.
//!
//! The series and alerts come from `nth-simulate`, notifications from the simulated Alertmanager. A test whose incident
//! cannot be simulated is an error, not a success.

mod annotations;
mod check;
pub mod coverage;
pub(crate) mod decisions;
mod describe;
mod detail;
pub mod detection;
pub mod detection_file;
mod export;
mod exports;
mod humanize;
pub(crate) mod incident;
pub(crate) mod incidents;
pub mod mutation;
mod result;
mod run;
mod sparkline;
mod story;
mod wording;

pub use detail::{Curve, Detail, EventRow, ExpectationRow, Happened, Notice};
pub use export::{Exported, NotExported};
pub use exports::{Exports, Refused, export};
pub use result::{Failure, FailureKind, Outcome, TestResult};
pub use run::{KnownTest, Selection, known_tests, run, run_in_detail};
pub use sparkline::{fires, largest, round_step};
pub use story::{Activity, AlertRow, NotificationRow, SloRow, Story};
pub use wording::{name as alert_name, rough_share, time, word};
