//! Slices: the counts of an SLO in five minutes.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The length of a slice, in seconds. Slices start at multiples of it since 1970.
pub const SLICE_SECONDS: i64 = 300;

/// The counts of an SLO in the interval (`start`, `start` + 300 s]. An event between two samples belongs to the slice of the
/// later sample.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Slice {
    /// The start in seconds since 1970, a multiple of [`SLICE_SECONDS`].
    pub start: i64,
    /// The bad events; of a time-weighted SLI, the bad points in time. Integers are exact up to 2^53.
    pub bad: f64,
    /// All events; of a time-weighted SLI, all points in time.
    pub total: f64,
    /// How many seconds of the slice have data, 0 to 300. What was not seen is unknown, never good.
    pub seen: u16,
    /// Where the counts come from.
    pub source: SliceSource,
}

impl Slice {
    /// The end in seconds since 1970, which belongs to the slice.
    pub fn end(&self) -> i64 {
        self.start.saturating_add(SLICE_SECONDS)
    }

    /// Whether all of the slice has data.
    pub fn is_complete(&self) -> bool {
        i64::from(self.seen) >= SLICE_SECONDS
    }
}

/// Where the counts of a slice come from, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SliceSource {
    /// Raw samples of counters: exact.
    Raw,
    /// Points in time of a time-weighted SLI: exact.
    TimeSlices,
    /// Rates of recording rules: an estimate.
    Recorded,
}

impl SliceSource {
    /// Whether the counts are an estimate.
    pub fn is_estimate(self) -> bool {
        self == Self::Recorded
    }

    /// The name in the store and in exports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Raw => "raw",
            Self::TimeSlices => "time-slices",
            Self::Recorded => "recorded",
        }
    }
}

/// The start of the slice that a moment belongs to. An edge belongs to the slice that ends there: both 1 and 300 belong to 0,
/// and 0 belongs to -300.
pub fn slice_start(seconds: i64) -> i64 {
    seconds
        .saturating_sub(1)
        .div_euclid(SLICE_SECONDS)
        .saturating_mul(SLICE_SECONDS)
}

/// A moment of the ledger as a timestamp; `None` outside of the years -9999 to 9999.
pub fn timestamp(seconds: i64) -> Option<Timestamp> {
    Timestamp::from_second(seconds).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_edge_belongs_to_the_slice_that_ends_there() {
        let starts = [-1, 0, 1, 299, 300, 301].map(slice_start);
        assert_eq!(starts, [-300, -300, 0, 0, 0, 300]);
    }

    #[test]
    fn extreme_moments_do_not_overflow() {
        assert!(slice_start(i64::MIN) <= i64::MIN + SLICE_SECONDS);
        assert_eq!(timestamp(i64::MAX), None);
    }
}
