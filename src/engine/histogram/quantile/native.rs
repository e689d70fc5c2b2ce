//! Native histograms.

use super::Ranks;
use crate::histogram::kahan::increase;
use crate::histogram::{Bucket, FloatHistogram};

/// What observations of NaN did to a quantile of a native histogram.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NanEffect {
    /// The quantile is among the observations of NaN, so the result is NaN.
    Result,
    /// Observations of NaN count as the largest ones, so the result may be too high.
    Skew,
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
