#![forbid(unsafe_code)]
//! Owns values that are the same everywhere: exact durations and decimals and their texts, units of time and the units
//! in names of metrics, suggestions for mistyped names, and the texts of counts and lists.

mod duration_unit;
pub mod metric_unit;
pub mod number;
pub mod suggest;
pub mod text;

pub use duration_unit::DurationUnit;
pub use number::Duration;
