#![forbid(unsafe_code)]
//! Owns the ledger of error budgets: exact counts of bad and total events in slices of five minutes, what is stored beside
//! them, and what is computed from both.
//!
//! Nothing here queries Prometheus, knows `.nth` or reads a clock: the caller passes samples, objectives and times. Times are
//! seconds since 1970 in UTC, as `i64`, and [`jiff::Timestamp`] where a calendar is needed.

mod calendar;
pub mod counter;
mod deployment;
mod episode;
mod error;
pub mod export;
mod incident;
mod incidents;
mod interval;
mod judge;
mod objective;
mod slice;
mod slo_key;
mod store;

pub use calendar::{CalendarError, Period, rolling_window};
pub use deployment::{Deployment, Version, VersionCounts};
pub use episode::AlertEpisode;
pub use error::LedgerError;
pub use incident::NamedIncident;
pub use incidents::{Detection, FoundIncident, IncidentEnd, find_incidents};
pub use interval::Interval;
pub use judge::{Account, Excluded, Judgment, Yardstick, judge};
pub use objective::ObjectiveVersion;
pub use slice::{SLICE_SECONDS, Slice, SliceSource, slice_start, timestamp};
pub use slo_key::SloKey;
pub use store::{
    AlertReads, Change, Location, Pull, Recorded, Replace, SCHEMA_VERSION, SliceVersion, Store,
    StoreOptions, Sums,
};
