//! What functions need to know about overlapping ranges, found out once for the whole series.

use std::ops::Range;

use super::resets::Resets;
use super::sliding_sum::SlidingSum;
use crate::store::Samples;
use crate::value::Prepared;

/// What is prepared for a function over the ranges of a series.
pub(super) enum Preparation<'s> {
    /// Nothing.
    Nothing,
    /// The resets of a counter.
    Resets(Resets),
    /// The sums of floats.
    Sums(SlidingSum<'s>),
}

impl<'s> Preparation<'s> {
    /// Prepares what a function needs. For a single step, nothing is worthwhile.
    pub(super) fn new(function: &str, samples: &'s Samples<'_>, steps: usize) -> Self {
        match function {
            "rate" | "increase" if steps > 1 => Self::Resets(Resets::new(&samples.floats)),
            "sum_over_time" if steps > 1 => {
                SlidingSum::new(&samples.floats).map_or(Self::Nothing, Self::Sums)
            }
            _ => Self::Nothing,
        }
    }

    /// Returns what is known about a range of indices, which does not begin or end before that of the last call.
    pub(super) fn of(&mut self, range: Range<usize>) -> Prepared<'_> {
        match self {
            Self::Nothing => Prepared::Nothing,
            Self::Resets(resets) => Prepared::Resets(resets.within(range)),
            Self::Sums(sums) => sums.of(range).map_or(Prepared::Nothing, Prepared::Sum),
        }
    }
}
