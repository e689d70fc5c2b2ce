//! What the tests share.

pub mod consumer;
pub mod promtool;
