//! `nthc ledger` and the commands that read it, with a real Prometheus that has the raw counters of a month.
//!
//! It needs `prometheus` and `promtool`. Everything listens on loopback alone.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "../place/mod.rs"]
#[allow(dead_code, reason = "each test file uses its own part")]
mod place;
#[path = "../support/mod.rs"]
mod support;

mod alerts;
mod between;
mod contracts;
mod documents;
mod exact;
mod export;
mod failures;
mod gate;
mod grafana;
mod groups;
mod kinds;
mod month;
mod postgres;
mod pull;
mod push;
mod scene;
mod server;
mod shop;
mod story;
mod watch;
mod young;
