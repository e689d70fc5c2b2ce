//! Quantiles, fractions and deviations of native and classic histograms.

use std::cmp::Ordering;

use super::kahan::increase;
use super::{Bucket, FloatHistogram};
use crate::value::is_stale;

/// A bucket of a classic histogram: a series with the label `le`.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct ClassicBucket {
    /// The value of `le`.
    pub upper_bound: f64,
    /// The number of observations up to the bound.
    pub count: f64,
}

/// A quantile of a classic histogram.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ClassicQuantile {
    /// The quantile.
    pub value: f64,
    /// What had to be corrected so that the counts do not decrease.
    pub forced_monotonic: Option<ForcedMonotonic>,
    /// True if small differences between counts were ignored.
    pub fixed_precision: bool,
}

/// Where counts of a classic histogram decreased.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ForcedMonotonic {
    /// The lowest upper bound whose count was raised.
    pub lowest_bound: f64,
    /// The highest upper bound whose count was raised.
    pub highest_bound: f64,
    /// The largest decrease.
    pub largest_decrease: f64,
}

/// What observations of NaN did to a quantile of a native histogram.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NanEffect {
    /// The quantile is among the observations of NaN, so the result is NaN.
    Result,
    /// Observations of NaN count as the largest ones, so the result may be too high.
    Skew,
}

/// Counts that differ by less than this part of their sum are equal.
const SMALL_DIFFERENCE: f64 = 1e-12;

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

/// Returns a quantile of a classic histogram, interpolated linearly. NaN without a bucket +Inf, without observations or with
/// a single bucket; -Inf below 0 and +Inf above 1. Sorts and corrects the buckets.
pub fn bucket_quantile(q: f64, buckets: &mut Vec<ClassicBucket>) -> ClassicQuantile {
    let mut quantile = ClassicQuantile {
        value: f64::NAN,
        forced_monotonic: None,
        fixed_precision: false,
    };
    if let Some(value) = trivial_quantile(q) {
        quantile.value = value;
        return quantile;
    }
    if !sort_and_join(buckets) {
        return quantile;
    }
    (quantile.forced_monotonic, quantile.fixed_precision) = make_monotonic(buckets);
    let [all @ .., last] = buckets.as_slice() else {
        return quantile;
    };
    let Some(second_highest) = all.last() else {
        return quantile;
    };
    if last.count == 0.0 {
        return quantile;
    }
    let rank = q * last.count;
    // Not `partition_point` on `<`: a count of NaN compares with nothing.
    let place = all.partition_point(|bucket| {
        !matches!(
            bucket.count.partial_cmp(&rank),
            Some(Ordering::Greater | Ordering::Equal)
        )
    });
    quantile.value = match (
        all.get(place),
        place.checked_sub(1).and_then(|before| all.get(before)),
    ) {
        (None, _) => second_highest.upper_bound,
        (Some(bucket), None) if bucket.upper_bound <= 0.0 => bucket.upper_bound,
        (Some(bucket), None) => bucket.upper_bound * (rank / bucket.count),
        (Some(bucket), Some(before)) => {
            let fraction = (rank - before.count) / (bucket.count - before.count);
            before.upper_bound + (bucket.upper_bound - before.upper_bound) * fraction
        }
    };
    quantile
}

fn trivial_quantile(q: f64) -> Option<f64> {
    if q.is_nan() {
        Some(f64::NAN)
    } else if q < 0.0 {
        Some(f64::NEG_INFINITY)
    } else if q > 1.0 {
        Some(f64::INFINITY)
    } else {
        None
    }
}

/// Sorts buckets and joins those with equal bounds. Returns false if there is none for +Inf.
fn sort_and_join(buckets: &mut Vec<ClassicBucket>) -> bool {
    buckets.sort_by(|left, right| {
        left.upper_bound
            .partial_cmp(&right.upper_bound)
            .unwrap_or(Ordering::Equal)
    });
    if buckets
        .last()
        .is_none_or(|last| last.upper_bound != f64::INFINITY)
    {
        return false;
    }
    buckets.dedup_by(|bucket, before| {
        let equal = bucket.upper_bound == before.upper_bound;
        if equal {
            before.count += bucket.count;
        }
        equal
    });
    true
}

/// Raises counts that are below the count before. Small differences in either direction are removed.
fn make_monotonic(buckets: &mut [ClassicBucket]) -> (Option<ForcedMonotonic>, bool) {
    let mut forced: Option<ForcedMonotonic> = None;
    let mut fixed = false;
    let Some((first, others)) = buckets.split_first_mut() else {
        return (forced, fixed);
    };
    let mut before = first.count;
    for bucket in others {
        let count = bucket.count;
        if count == before {
            continue;
        }
        if almost_equal(before, count, SMALL_DIFFERENCE) {
            bucket.count = before;
            fixed = true;
        } else if count < before {
            bucket.count = before;
            let bound = bucket.upper_bound;
            let known = forced.unwrap_or(ForcedMonotonic {
                lowest_bound: f64::INFINITY,
                highest_bound: f64::NEG_INFINITY,
                largest_decrease: 0.0,
            });
            forced = Some(ForcedMonotonic {
                lowest_bound: known.lowest_bound.min(bound),
                highest_bound: known.highest_bound.max(bound),
                largest_decrease: known.largest_decrease.max(before - count),
            });
        } else {
            before = count;
        }
    }
    (forced, fixed)
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

/// Returns the fraction of observations of a classic histogram between two values. NaN without a bucket +Inf or without
/// observations. Sorts the buckets.
pub fn bucket_fraction(lower: f64, upper: f64, buckets: &mut Vec<ClassicBucket>) -> f64 {
    if !sort_and_join(buckets) {
        return f64::NAN;
    }
    let count = buckets.last().map_or(0.0, |last| last.count);
    if count == 0.0 || lower.is_nan() || upper.is_nan() {
        return f64::NAN;
    }
    if lower >= upper {
        return 0.0;
    }
    let mut ranks = Ranks::new(lower, upper);
    let mut rank = 0.0;
    let mut below = match buckets.first() {
        Some(first) if first.upper_bound <= 0.0 => f64::NEG_INFINITY,
        _ => 0.0,
    };
    for bucket in buckets.iter() {
        let interpolate = |value: f64| {
            if below == f64::NEG_INFINITY {
                bucket.count
            } else {
                rank + (bucket.count - rank) * (value - below) / (bucket.upper_bound - below)
            }
        };
        if ranks.visit((below, bucket.upper_bound), rank, interpolate) {
            break;
        }
        rank = bucket.count;
        below = bucket.upper_bound;
    }
    ranks.between(count) / count
}

/// Returns a quantile of a native histogram, interpolated linearly in custom buckets and in the zero bucket, and on a
/// logarithmic scale elsewhere. NaN without observations; -Inf below 0 and +Inf above 1.
pub fn histogram_quantile(q: f64, histogram: &FloatHistogram) -> (f64, Option<NanEffect>) {
    if q < 0.0 {
        return (f64::NEG_INFINITY, None);
    }
    if q > 1.0 {
        return (f64::INFINITY, None);
    }
    if histogram.count == 0.0 || q.is_nan() {
        return (f64::NAN, None);
    }
    // Observations of NaN are in no bucket, but count as the largest ones. So they are counted from below.
    let ascending = histogram.sum.is_nan() || q < 0.5;
    let mut buckets: Box<dyn Iterator<Item = Bucket>> = if ascending {
        Box::new(histogram.buckets())
    } else {
        Box::new(histogram.buckets_descending())
    };
    let rank = if ascending { q } else { 1.0 - q } * histogram.count;
    let mut bucket = Bucket::default();
    let mut count = 0.0;
    for next in buckets.by_ref() {
        bucket = next;
        if next.count == 0.0 {
            continue;
        }
        count += next.count;
        if count >= rank {
            break;
        }
    }
    if histogram.is_custom() {
        if bucket.lower == f64::NEG_INFINITY {
            if bucket.upper <= 0.0 {
                return (bucket.upper, None);
            }
            bucket.lower = 0.0;
        } else if bucket.upper == f64::INFINITY {
            return (bucket.lower, None);
        }
    } else if bucket.lower < 0.0 && bucket.upper > 0.0 {
        bucket = one_sided(bucket, histogram);
    }
    count = if count > histogram.count {
        histogram.count
    } else {
        count
    };
    if count < rank {
        return if histogram.sum.is_nan() {
            (f64::NAN, Some(NanEffect::Result))
        } else {
            (bucket.upper, None)
        };
    }
    let rank = if ascending {
        rank - (count - bucket.count)
    } else {
        count - rank
    };
    let mut effect = None;
    if histogram.sum.is_nan() {
        for next in buckets {
            count += next.count;
        }
        if count < histogram.count {
            effect = Some(NanEffect::Skew);
        }
    }
    let fraction = rank / bucket.count;
    (interpolate(bucket, fraction, histogram.is_custom()), effect)
}

fn interpolate(bucket: Bucket, fraction: f64, custom: bool) -> f64 {
    if custom || (bucket.lower <= 0.0 && bucket.upper >= 0.0) {
        return bucket.lower + (bucket.upper - bucket.lower) * fraction;
    }
    let lower = bucket.lower.abs().log2();
    let upper = bucket.upper.abs().log2();
    if bucket.lower > 0.0 {
        (lower + (upper - lower) * fraction).exp2()
    } else {
        -(upper + (lower - upper) * (1.0 - fraction)).exp2()
    }
}

/// Ends the zero bucket at 0 if the histogram has only positive or only negative buckets.
fn one_sided(mut bucket: Bucket, histogram: &FloatHistogram) -> Bucket {
    match (
        histogram.negative_buckets.is_empty(),
        histogram.positive_buckets.is_empty(),
    ) {
        (true, false) => bucket.lower = 0.0,
        (false, true) => bucket.upper = 0.0,
        _ => {}
    }
    bucket
}

/// Returns the fraction of observations of a native histogram between two values, and true if observations of NaN are in no
/// bucket. NaN without observations.
pub fn histogram_fraction(lower: f64, upper: f64, histogram: &FloatHistogram) -> (f64, bool) {
    if histogram.count == 0.0 || lower.is_nan() || upper.is_nan() {
        return (f64::NAN, false);
    }
    if lower >= upper {
        return (0.0, false);
    }
    let mut ranks = Ranks::new(lower, upper);
    let mut rank = 0.0;
    let mut count = 0.0;
    let mut buckets = histogram.buckets();
    for mut bucket in buckets.by_ref() {
        count += bucket.count;
        let zero = !histogram.is_custom() && bucket.lower <= 0.0 && bucket.upper >= 0.0;
        if zero {
            bucket = one_sided(bucket, histogram);
        } else if histogram.is_custom() && bucket.lower == f64::NEG_INFINITY && bucket.upper > 0.0 {
            // As for classic histograms.
            bucket.lower = 0.0;
        }
        let linear = histogram.is_custom() || zero;
        let interpolate = |value: f64| {
            if linear && bucket.lower == f64::NEG_INFINITY {
                bucket.count
            } else {
                rank + bucket.count * bucket.fraction_below(value, linear)
            }
        };
        if ranks.visit((bucket.lower, bucket.upper), rank, interpolate) {
            break;
        }
        rank += bucket.count;
    }
    let mut nan_observed = false;
    if histogram.sum.is_nan() {
        for bucket in buckets {
            count += bucket.count;
        }
        nan_observed = count < histogram.count;
    } else {
        count = histogram.count;
    }
    (ranks.between(count) / histogram.count, nan_observed)
}

/// Returns the average observation.
pub fn average(histogram: &FloatHistogram) -> f64 {
    histogram.sum / histogram.count
}

/// Returns the estimated variance of observations. Each one counts as the middle of its bucket: the arithmetic mean of custom
/// bounds, the geometric mean of exponential ones, and 0 in the zero bucket.
pub fn variance(histogram: &FloatHistogram) -> f64 {
    let mean = average(histogram);
    let (mut variance, mut compensation) = (0.0, 0.0);
    for bucket in histogram.buckets() {
        if bucket.count == 0.0 {
            continue;
        }
        let value = if histogram.is_custom() {
            (bucket.upper + bucket.lower) / 2.0
        } else if bucket.lower <= 0.0 && bucket.upper >= 0.0 {
            0.0
        } else {
            let middle = (bucket.upper * bucket.lower).sqrt();
            if bucket.upper < 0.0 { -middle } else { middle }
        };
        let delta = value - mean;
        (variance, compensation) = increase(bucket.count * delta * delta, variance, compensation);
    }
    (variance + compensation) / histogram.count
}

/// Returns the estimated standard deviation of observations; see [`variance`].
pub fn deviation(histogram: &FloatHistogram) -> f64 {
    variance(histogram).sqrt()
}
