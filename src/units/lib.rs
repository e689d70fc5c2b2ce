#![forbid(unsafe_code)]
//! Owns values that mean the same everywhere: exact durations and decimals and how they are written, units of time and what
//! metrics' names say of them, which known name a mistyped one was
//! meant to be, and how numbers of things and lists are said.

mod duration_unit;
pub mod metric_unit;
pub mod number;
pub mod suggest;
pub mod text;

pub use duration_unit::DurationUnit;
pub use number::Duration;
