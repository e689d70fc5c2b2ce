#![forbid(unsafe_code)]
//! Owns values that are the same everywhere: exact durations and decimals and their texts, units of time and the units
//! in names of metrics, and suggestions for mistyped names.

mod duration_unit;
pub mod metric_unit;
pub mod number;
pub mod suggest;

pub use duration_unit::DurationUnit;
pub use number::Duration;
