//! Reports about error budgets: for each SLO what was promised, attained and consumed, by what, and what to talk about.
//!
//! [`report`] makes a [`Report`] from what the ledger has; [`markdown()`] and [`page()`] render it. The same input gives the same
//! bytes: nothing reads a clock, and all sums are of whole numbers.

mod account;
mod apportion;
mod build;
mod contracts;
mod document;
mod groups;
mod input;
mod markdown;
mod moments;
mod page;
mod sentence;
mod topics;
mod trend;
mod words;

#[cfg(test)]
#[allow(clippy::expect_used)]
mod group_tests;
#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod sample;
#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests;

pub use build::{ReportError, report};
pub use contracts::{OVERHANG, first_moment};
pub use document::{
    Account, Cause, Consumed, ContractReport, ContractRow, Coverage, Day, DeploymentRow,
    ExclusionOfSlo, ExclusionRow, IncidentRow, Kept, Notified, ObjectiveChange, Report, SloReport,
    TeamRow, Topic, TopicKind, Trend,
};
pub use input::{
    Bounds, ExcludedTimes, Incident, JudgedDeployment, Level, Period, ReportInput, SloInput,
    Summary,
};
pub use markdown::{contracts_markdown, markdown};
pub use page::{GENERATOR, page};
pub use sentence::{Piece, Sentence};
pub use trend::HORIZON;
