//! Runs the rules of `examples/shop`: incidents, and the alerts that follow.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod detection;
mod incidents;
mod other_rules;
mod plans;
mod support;
