//! Runs tests: from their incidents to the alerts, the notifications and the decisions of gates, compared with what is
//! expected.
//!
//! The series and alerts come from `nth-simulate`, notifications from the simulated Alertmanager. A test whose incident
//! cannot be simulated is an error, not a success.

mod annotations;
mod check;
mod decisions;
mod export;
mod exports;
mod humanize;
mod incident;
mod result;
mod run;
mod sparkline;
mod story;
mod wording;

pub use export::{Exported, NotExported};
pub use exports::{Exports, Refused, export};
pub use result::{Failure, FailureKind, Outcome, TestResult};
pub use run::{KnownTest, Selection, known_tests, run};
pub use story::{Activity, AlertRow, NotificationRow, SloRow, Story};
