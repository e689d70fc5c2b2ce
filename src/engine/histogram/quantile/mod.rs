//! Quantiles, fractions and deviations of native and classic histograms.

mod classic;
mod native;
#[cfg(test)]
mod tests;

pub use classic::{
    ClassicBucket, ClassicQuantile, ForcedMonotonic, bucket_fraction, bucket_quantile,
};
pub use native::{NanEffect, average, deviation, histogram_fraction, histogram_quantile, variance};

use crate::stale::is_stale;

/// True if two numbers differ by less than `tolerance` times their sum, or are both NaN. The staleness marker equals itself
/// alone.
pub fn almost_equal(left: f64, right: f64, tolerance: f64) -> bool {
    if is_stale(left) || is_stale(right) {
        return is_stale(left) && is_stale(right);
    }
    if left.is_nan() && right.is_nan() || left == right {
        return true;
    }
    let sum = left.abs() + right.abs();
    let difference = (left - right).abs();
    if left == 0.0 || right == 0.0 || sum < f64::MIN_POSITIVE {
        difference < tolerance * f64::MIN_POSITIVE
    } else {
        difference / sum.min(f64::MAX) < tolerance
    }
}

/// Finds the ranks of two bounds among buckets that are visited in ascending order.
struct Ranks {
    lower: f64,
    upper: f64,
    lower_rank: Option<f64>,
    upper_rank: Option<f64>,
}

impl Ranks {
    fn new(lower: f64, upper: f64) -> Self {
        Self {
            lower,
            upper,
            lower_rank: None,
            upper_rank: None,
        }
    }

    /// Looks at a bucket. `rank` is the count of all buckets below; `interpolate` returns the rank of a value within. Returns
    /// true once both ranks are known.
    fn visit(&mut self, bounds: (f64, f64), rank: f64, interpolate: impl Fn(f64) -> f64) -> bool {
        for (value, found) in [
            (self.lower, &mut self.lower_rank),
            (self.upper, &mut self.upper_rank),
        ] {
            if found.is_some() {
                continue;
            }
            if bounds.0 >= value {
                *found = Some(rank);
            } else if bounds.0 < value && bounds.1 > value {
                *found = Some(interpolate(value));
            }
        }
        self.lower_rank.is_some() && self.upper_rank.is_some()
    }

    /// Returns the number of observations between the bounds, of `count` ones.
    fn between(&self, count: f64) -> f64 {
        // A rank of NaN stays as it is.
        let rank = |rank: Option<f64>| match rank {
            Some(rank) if rank <= count || rank.is_nan() || count.is_nan() => rank,
            _ => count,
        };
        rank(self.upper_rank) - rank(self.lower_rank)
    }
}
