//! What is computed from slices: budgets, windows, incidents.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod calendar;
mod incidents;
mod judge;

use nth_ledger::{SLICE_SECONDS, Slice, SliceSource};

/// 2026-10-01 in UTC.
const START: i64 = 1_790_812_800;

/// The slice with a number.
fn slice(number: i64, bad: f64, total: f64) -> Slice {
    Slice {
        start: START + number * SLICE_SECONDS,
        bad,
        total,
        seen: 300,
        source: SliceSource::Raw,
    }
}

/// The start of the slice with a number.
fn at(number: i64) -> i64 {
    START + number * SLICE_SECONDS
}
