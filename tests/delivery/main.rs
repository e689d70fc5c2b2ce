//! `nthc plan`, `nthc apply` and `nthc status`, end to end: from sources to rules that a real Prometheus evaluates, and what
//! happens when somebody else changes them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "../place/mod.rs"]
#[allow(dead_code, reason = "each test file uses its own part")]
mod place;
#[path = "../support/mod.rs"]
#[allow(dead_code, reason = "each test file uses its own part")]
mod support;

mod apply;
mod cortex;
mod foreign;
mod revisions;
mod routes;
mod scene;
mod settings;
