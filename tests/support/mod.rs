//! What the tests share.

pub mod promtool;
