//! Deliveries to a real Cortex: rules, limits, tenants, Alertmanager's configuration; and faults between it and us.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

#[path = "../support/mod.rs"]
mod support;

mod alertmanager;
mod matrix;
#[allow(dead_code, reason = "the other test needs the rest")]
mod proxy;
mod rules;
mod server;
