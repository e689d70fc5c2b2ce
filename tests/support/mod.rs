//! What the tests share.

pub mod exposition;
pub mod programs;
pub mod promtool;
