//! Test scripts in the language of Prometheus's `promqltest`, and the notation of series that they share with the test files of
//! promtool.

mod compare;
mod custom_buckets;
mod duration;
mod notation;
mod run;
mod script;
mod variants;

pub use duration::parse_duration;
pub use notation::{Sequence, Value, parse_metric, parse_values};
pub use run::{Case, Outcome, Report, run};
