//! The operators `</` and `>/`, which remove observations above or below a value.

use super::{Bucket, FloatHistogram};

/// Which observations remain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Keep {
    Below,
    Above,
}

impl FloatHistogram {
    /// Removes observations above a value, as `</` does. Buckets that contain the value keep an interpolated part.
    pub fn trim_upper(&mut self, value: f64) {
        self.trim(value, Keep::Below);
    }

    /// Removes observations below a value, as `>/` does. Buckets that contain the value keep an interpolated part.
    pub fn trim_lower(&mut self, value: f64) {
        self.trim(value, Keep::Above);
    }

    fn trim(&mut self, at: f64, keep: Keep) {
        let linear = self.is_custom();
        let mut kept = Kept::default();
        let positive: Vec<f64> = self
            .positive()
            .map(|bucket| kept.bucket(bucket, at, keep, true, linear))
            .collect();
        let has_positive = self.positive_buckets.iter().any(|count| *count != 0.0);
        let negative: Vec<f64> = self
            .negative()
            .map(|bucket| kept.bucket(bucket, at, keep, false, linear))
            .collect();
        let has_negative = self.negative_buckets.iter().any(|count| *count != 0.0);
        self.positive_buckets = positive;
        self.negative_buckets = negative;
        if self.zero_count > 0.0 {
            let mut zero = self.zero_bucket();
            if has_negative && !has_positive {
                zero.upper = 0.0;
            }
            if has_positive && !has_negative {
                zero.lower = 0.0;
            }
            let (count, middle) = zero_bucket_part(zero, at, keep);
            if self.zero_count != count {
                self.zero_count = count;
                kept.changed = true;
            }
            kept.sum += middle * count;
            kept.count += count;
        }
        if kept.changed {
            self.count = kept.count;
            self.sum = kept.sum;
            self.compact(0);
        }
    }
}

/// What remains of a histogram.
#[derive(Debug, Default)]
struct Kept {
    count: f64,
    /// The sum, if all observations of a bucket are in its middle.
    sum: f64,
    changed: bool,
}

impl Kept {
    /// Returns the count that remains of a bucket.
    fn bucket(&mut self, bucket: Bucket, at: f64, keep: Keep, positive: bool, linear: bool) -> f64 {
        if bucket.count == 0.0 {
            return bucket.count;
        }
        let (whole, part) = match keep {
            Keep::Below => (bucket.upper <= at, bucket.lower < at),
            Keep::Above => (bucket.lower >= at, bucket.upper > at),
        };
        let (count, middle) = if whole {
            (
                bucket.count,
                middle(bucket.lower, bucket.upper, positive, linear),
            )
        } else if part {
            bucket_part(bucket, at, keep, positive, linear)
        } else {
            (0.0, 0.0)
        };
        self.count += count;
        self.sum += middle * count;
        self.changed |= bucket.count != count;
        count
    }
}

/// Returns the count that remains of a bucket that contains the value, and the middle of what remains.
fn bucket_part(bucket: Bucket, at: f64, keep: Keep, positive: bool, linear: bool) -> (f64, f64) {
    if bucket.lower == f64::NEG_INFINITY {
        return lowest_part(bucket, at, keep);
    }
    if bucket.upper == f64::INFINITY {
        // How the observations are distributed up to infinity is unknown.
        return match keep {
            Keep::Above if at >= bucket.lower => (bucket.count, at),
            _ => (0.0, finite(bucket.lower)),
        };
    }
    let below = if at <= bucket.lower {
        0.0
    } else if at >= bucket.upper {
        bucket.count
    } else {
        bucket.count * bucket.fraction_below(at, linear)
    };
    match keep {
        Keep::Below => (below, middle(bucket.lower, at, positive, linear)),
        Keep::Above => (
            bucket.count - below,
            middle(at, bucket.upper, positive, linear),
        ),
    }
}

/// [`bucket_part`] for a bucket without a lower bound. If its upper bound is positive, all observations count as positive.
fn lowest_part(bucket: Bucket, at: f64, keep: Keep) -> (f64, f64) {
    let nothing = (0.0, finite(bucket.upper));
    let bounded = bucket.upper != f64::INFINITY;
    match keep {
        Keep::Below if at >= bucket.upper => (bucket.count, 0.0),
        Keep::Below if at > 0.0 && bucket.upper > 0.0 && bounded => {
            (bucket.count * at / bucket.upper, at / 2.0)
        }
        Keep::Below if bucket.upper <= 0.0 => (bucket.count, at),
        Keep::Below => nothing,
        Keep::Above if at <= bucket.lower => (bucket.count, 0.0),
        Keep::Above if at >= 0.0 && bucket.upper > at && bounded => (
            bucket.count * (1.0 - at / bucket.upper),
            (at + bucket.upper) / 2.0,
        ),
        Keep::Above => nothing,
    }
}

fn zero_bucket_part(zero: Bucket, at: f64, keep: Keep) -> (f64, f64) {
    let (lower, upper) = (zero.lower, zero.upper);
    let all = (zero.count, (lower + upper) / 2.0);
    match keep {
        Keep::Below if at <= lower => (0.0, 0.0),
        Keep::Below if at >= upper => all,
        Keep::Below => (
            zero.count * ((at - lower) / (upper - lower)),
            (lower + at) / 2.0,
        ),
        Keep::Above if at <= lower => all,
        Keep::Above if at >= upper => (0.0, 0.0),
        Keep::Above => (
            zero.count * ((upper - at) / (upper - lower)),
            (at + upper) / 2.0,
        ),
    }
}

fn finite(value: f64) -> f64 {
    if value.is_infinite() { 0.0 } else { value }
}

/// Returns the middle of an interval: the geometric mean, or the arithmetic one for custom buckets.
fn middle(lower: f64, upper: f64, positive: bool, linear: bool) -> f64 {
    match (lower.is_infinite(), upper.is_infinite()) {
        (true, true) => 0.0,
        (true, false) if upper > 0.0 => upper / 2.0,
        (true, false) => upper,
        (false, true) => lower,
        (false, false) if linear => (lower + upper) / 2.0,
        (false, false) => {
            let mean = (lower * upper).abs().sqrt();
            if positive { mean } else { -mean }
        }
    }
}
