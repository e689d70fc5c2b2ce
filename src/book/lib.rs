//! The book of budgets: how the events of an SLO are counted, and what the ledger says about them.

mod counting;
mod judged;
pub mod pull;
mod replay;
pub mod report;

pub use counting::{Counting, Series};
pub use judged::{Evidence, Judged, judge};
pub use replay::{Replay, Replayed, each_budget, replay};
