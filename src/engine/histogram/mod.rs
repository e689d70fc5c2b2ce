//! Native histograms, and the quantiles of them and of classic ones.

mod arithmetic;
mod bounds;
mod buckets;
pub(crate) mod kahan;
mod mean;
mod notation;
pub(crate) mod number;
mod part;
pub mod quantile;
mod resets;
#[cfg(test)]
mod tests;
mod trim;
mod validation;

pub use arithmetic::Combined;
pub use buckets::Bucket;
pub use mean::{HistogramMean, HistogramSum, HistogramTotal};
pub use notation::{NotationError, ParsedHistogram, parse, parse_sequence, repeat};
pub use validation::HistogramError;

use crate::stale::is_stale;

/// The schema of histograms with custom buckets.
pub const CUSTOM_SCHEMA: i32 = -53;

/// True for the schemas of exponential buckets, -4 to 8.
pub fn is_exponential(schema: i32) -> bool {
    (-4..=8).contains(&schema)
}

/// What is known about a reset of a histogram's counters between the sample before and this one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CounterResetHint {
    /// Nothing; the counts have to be compared.
    #[default]
    Unknown,
    /// The counters were reset.
    CounterReset,
    /// The counters were not reset.
    NotCounterReset,
    /// The histogram is a gauge, which has no resets.
    Gauge,
}

/// A run of consecutive buckets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Span {
    /// The index of the first bucket for the first span; the number of buckets between the span before and this one for all
    /// others.
    pub offset: i32,
    /// The number of buckets.
    pub length: u32,
}

/// A native histogram with float counts. Each bucket has its own count; the counts do not accumulate.
#[derive(Debug, Clone, Default)]
pub struct FloatHistogram {
    /// What is known about a reset.
    pub counter_reset_hint: CounterResetHint,
    /// The resolution: a bucket's bound is `2^(2^-schema)` times the one before. [`CUSTOM_SCHEMA`] for custom buckets.
    pub schema: i32,
    /// The width of the zero bucket on either side of zero.
    pub zero_threshold: f64,
    /// The count of the zero bucket.
    pub zero_count: f64,
    /// The number of observations.
    pub count: f64,
    /// The sum of observations; [`crate::STALE_NAN`] for a staleness marker.
    pub sum: f64,
    /// Which buckets the positive side, or a histogram with custom buckets, has.
    pub positive_spans: Vec<Span>,
    /// Which buckets the negative side has.
    pub negative_spans: Vec<Span>,
    /// The counts of the positive side, away from zero.
    pub positive_buckets: Vec<f64>,
    /// The counts of the negative side, away from zero.
    pub negative_buckets: Vec<f64>,
    /// The upper bounds of custom buckets, ascending, without +Inf.
    pub custom_values: Vec<f64>,
}

impl FloatHistogram {
    /// True if the histogram has custom buckets.
    pub fn is_custom(&self) -> bool {
        self.schema == CUSTOM_SCHEMA
    }

    /// True for a staleness marker.
    pub fn is_stale(&self) -> bool {
        is_stale(self.sum)
    }

    /// True if a count, the sum or a custom bound is infinite.
    pub fn has_overflow(&self) -> bool {
        [self.zero_count, self.count, self.sum]
            .iter()
            .chain(&self.positive_buckets)
            .chain(&self.negative_buckets)
            .chain(&self.custom_values)
            .any(|value| value.is_infinite())
    }

    /// Removes empty buckets at both ends of each span and within spans where more than `most_empty` follow each other, and
    /// joins spans that are at most `most_empty` apart.
    pub fn compact(&mut self, most_empty: usize) {
        part::compact(
            &mut self.positive_spans,
            &mut self.positive_buckets,
            None,
            most_empty,
        );
        part::compact(
            &mut self.negative_spans,
            &mut self.negative_buckets,
            None,
            most_empty,
        );
    }

    /// Returns the compacted histogram without empty buckets.
    #[must_use]
    pub fn compacted(mut self) -> Self {
        self.compact(0);
        self
    }
}

/// Compares data, not meaning: counts and the sum by their bits, spans by the buckets that they describe. The counter reset
/// hint does not matter.
impl PartialEq for FloatHistogram {
    fn eq(&self, other: &Self) -> bool {
        self.schema == other.schema
            && same_bits(self.count, other.count)
            && same_bits(self.sum, other.sum)
            && (!self.is_custom() || self.custom_values == other.custom_values)
            && self.zero_threshold == other.zero_threshold
            && same_bits(self.zero_count, other.zero_count)
            && buckets::same_layout(&self.negative_spans, &other.negative_spans)
            && all_same_bits(&self.negative_buckets, &other.negative_buckets)
            && buckets::same_layout(&self.positive_spans, &other.positive_spans)
            && all_same_bits(&self.positive_buckets, &other.positive_buckets)
    }
}

fn same_bits(left: f64, right: f64) -> bool {
    left.to_bits() == right.to_bits()
}

fn all_same_bits(left: &[f64], right: &[f64]) -> bool {
    left.len() == right.len()
        && left
            .iter()
            .zip(right)
            .all(|(left, right)| same_bits(*left, *right))
}
