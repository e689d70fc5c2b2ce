//! Exact counts from the raw samples of counters.
//!
//! The increase of a counter between two samples belongs to the slice of the later sample, and nothing is extrapolated: over any
//! number of slices, the sum is what the counters say. In detail:
//!
//! - A lower value is a reset: the new value counts from zero. So does the first value after the start time of the process has
//!   changed, even if it is not lower.
//! - A series whose target was scraped before without it starts at zero: its first value counts. The same holds for a target that
//!   is new, either because others of its job were scraped before without it, or because its process has started within the last
//!   hour and the server scraped others before. In every other case, what a series counted before its first sample is unknown, and
//!   its first value does not count.
//! - A series that disappears and is back within an hour continues: a lower value is a reset. After more than an hour, it starts
//!   anew.
//! - After a gap, the increase over all of the gap belongs to the slice in which it ends, if it is not longer than an hour. A gap is
//!   more than 2.5 scrape intervals without a successful scrape; the interval is the median of the last 25 minutes.
//! - Of several replicas of Prometheus, the first one by its labels is preferred. Samples of the others fill its gaps.
//!
//! A second of a slice counts as seen to the share of the known targets that are scraped then: between two successful scrapes without
//! a gap. A target is known from its first scrape, successful or not, until one interval after its last one, or until a stale
//! marker; gaps of up to ten minutes are part of it, and the last interval of longer ones. If no target is known, nothing is seen. So a slice in which one of ten targets
//! is lost has at most 270 of 300 seconds, and a slice in which any target was lost for any time is not complete.
//!
//! Every rule only depends on the samples from [`READ_BACK_SECONDS`] before until [`READ_AHEAD_SECONDS`] after a slice. So it makes
//! no difference in how many parts a time is read.

mod births;
mod combine;
mod coverage;
mod increases;
mod interval;
mod replicas;
mod target;

use std::collections::BTreeMap;

pub use combine::{combine, slices};

use crate::{Interval, SLICE_SECONDS, slice_start};

/// How many seconds before the first slice samples have to be read.
pub const READ_BACK_SECONDS: i64 = 6_000;
/// How many seconds after the last slice samples have to be read. Slices that are younger cannot be counted yet.
pub const READ_AHEAD_SECONDS: i64 = 600;

/// How far back a counter is followed, in milliseconds.
const LOOK_BACK: i64 = 3_600_000;
/// The longest time between two scrapes that is no gap, in milliseconds, however long the scrape interval is.
const LONGEST_INTERVAL: i64 = 300_000;
/// The longest gap of a target that is part of its life, in milliseconds, while others are scraped.
const LONGEST_ABSENCE: i64 = 600_000;

/// The bits of Prometheus's stale marker, a NaN that ends a series.
const STALE: u64 = 0x7ff0_0000_0000_0002;

/// The labels of a series.
pub type Labels = BTreeMap<String, String>;

/// A sample of a series.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sample {
    /// When it was scraped, in milliseconds since 1970.
    pub at: i64,
    /// The value. A value that is negative or not finite is no sample; a stale marker ends the series.
    pub value: f64,
}

impl Sample {
    fn is_stale(self) -> bool {
        self.value.to_bits() == STALE
    }

    fn is_count(self) -> bool {
        self.value.is_finite() && self.value >= 0.0
    }
}

/// A series with its raw samples.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// The labels, with or without the name.
    pub labels: Labels,
    /// The samples, in any order; those of the same time are one.
    pub samples: Vec<Sample>,
}

/// What is known of the targets.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Targets {
    /// The series `up` of all jobs whose counters are read. Without the series of a target, its samples show when it was scraped.
    pub up: Vec<Series>,
    /// The series `process_start_time_seconds` of the same targets, as far as they exist.
    pub process_start: Vec<Series>,
    /// The labels in which replicas of Prometheus differ: `prometheus_replica`.
    pub replica_labels: Vec<String>,
}

/// The counts of a selector in a slice.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Counted {
    /// The start of the slice in seconds since 1970.
    pub start: i64,
    /// The increase of all series.
    pub increase: f64,
    /// The seconds of the slice that were seen, 0 to 300.
    pub seen: u16,
}

/// Counts the increase of the counters of a selector in each slice of an interval, in order. The interval is extended to whole
/// slices. Samples from [`READ_BACK_SECONDS`] before until [`READ_AHEAD_SECONDS`] after it are used.
pub fn count(within: Interval, series: &[Series], targets: &Targets) -> Vec<Counted> {
    let first = slice_start(within.from.saturating_add(1));
    let end = slice_start(within.until).saturating_add(SLICE_SECONDS);
    if within.is_empty() {
        return Vec::new();
    }
    let counted = Interval {
        from: first,
        until: end,
    };
    let jobs = target::read(counted, series, targets);
    let mut increases: BTreeMap<i64, f64> = BTreeMap::new();
    increases::add(counted, &jobs, &mut increases);
    let seen = coverage::seen(counted, &jobs);
    let starts = (0..).map(|number: i64| first + number * SLICE_SECONDS);
    starts
        .take_while(|start| *start < end)
        .zip(seen)
        .map(|(start, seen)| Counted {
            start,
            increase: increases.get(&start).copied().unwrap_or(0.0),
            seen,
        })
        .collect()
}

/// The start of the slice that a moment in milliseconds belongs to, in seconds.
fn slice_of_millis(at: i64) -> i64 {
    at.saturating_sub(1)
        .div_euclid(SLICE_SECONDS * 1_000)
        .saturating_mul(SLICE_SECONDS)
}
