//! Shared helpers of the tests.

pub mod browser;
pub mod exposition;
pub mod folders;
pub mod loopback;
pub mod programs;
pub mod promtool;
