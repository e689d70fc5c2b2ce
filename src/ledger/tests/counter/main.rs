//! Exact counts from raw samples: each rule by itself, and random worlds compared with their truth.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod chunks;
mod coverage;
mod rules;
mod truth;
mod world;

#[path = "../support/mod.rs"]
mod support;
