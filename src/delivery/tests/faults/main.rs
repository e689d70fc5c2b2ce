//! Faults at every call of an apply, over a destination in memory; and plans that must not be applied.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

#[path = "../support/mod.rs"]
mod support;

mod matrix;
mod meanwhile;
mod memory;
mod refused;
mod several;
