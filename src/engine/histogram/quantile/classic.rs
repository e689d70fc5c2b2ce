//! Classic histograms.

use std::cmp::Ordering;

use super::{Ranks, almost_equal};

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

/// Counts that differ by less than this part of their sum are equal.
const SMALL_DIFFERENCE: f64 = 1e-12;

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
