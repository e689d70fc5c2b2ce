//! Detection of counter resets.

use super::arithmetic::common_bounds;
use super::bounds::exponential_bound;
use super::buckets::entries;
use super::part::reduced_index;
use super::{CounterResetHint, FloatHistogram, Span, is_exponential};

impl FloatHistogram {
    /// True if the counters were reset between the previous histogram and this one: a bucket, the zero bucket or the count has
    /// fewer observations, or the resolution is higher. The hint, if it is about resets, decides alone.
    pub fn detect_reset(&self, previous: &Self) -> bool {
        match self.counter_reset_hint {
            CounterResetHint::CounterReset => return true,
            CounterResetHint::NotCounterReset => return false,
            CounterResetHint::Unknown | CounterResetHint::Gauge => {}
        }
        if self.count < previous.count {
            return true;
        }
        if self.is_custom() {
            if !previous.is_custom() {
                return true;
            }
            if self.custom_values != previous.custom_values {
                return self.mismatched_reset(previous);
            }
        }
        if self.schema > previous.schema || self.zero_threshold < previous.zero_threshold {
            return true;
        }
        if !self.is_custom() {
            let (previous_zero, threshold, _) = previous.zero_count_at(self.zero_threshold, None);
            if threshold != self.zero_threshold || self.zero_count < previous_zero {
                return true;
            }
        }
        let decreased =
            |spans: &[Span], buckets: &[f64], previous_spans: &[Span], previous_buckets: &[f64]| {
                let outside = |(index, _): &(i32, f64)| {
                    !is_exponential(self.schema)
                        || exponential_bound(*index, self.schema) > self.zero_threshold
                };
                let current = entries(spans, buckets).filter(outside);
                let previous = merged(
                    previous_spans,
                    previous_buckets,
                    previous.schema,
                    self.schema,
                )
                .filter(outside);
                any_decrease(current, previous)
            };
        decreased(
            &self.positive_spans,
            &self.positive_buckets,
            &previous.positive_spans,
            &previous.positive_buckets,
        ) || decreased(
            &self.negative_spans,
            &self.negative_buckets,
            &previous.negative_spans,
            &previous.negative_buckets,
        )
    }

    /// Compares the counts between the common custom bounds.
    fn mismatched_reset(&self, previous: &Self) -> bool {
        let mut bounds = common_bounds(&self.custom_values, &previous.custom_values);
        bounds.push(f64::INFINITY);
        let current = rolled_up(self, &bounds);
        let previous = rolled_up(previous, &bounds);
        current
            .iter()
            .zip(&previous)
            .any(|(current, previous)| current < previous)
    }
}

/// Returns the counts up to each bound and above the one before.
fn rolled_up(histogram: &FloatHistogram, bounds: &[f64]) -> Vec<f64> {
    let mut buckets = histogram.positive().peekable();
    let up_to = |bound: &f64| {
        let mut sum = 0.0;
        while let Some(bucket) = buckets.next_if(|bucket| bucket.upper <= *bound) {
            sum += bucket.count;
        }
        sum
    };
    bounds.iter().map(up_to).collect()
}

/// Iterates over buckets merged to a lower resolution.
fn merged<'h>(
    spans: &'h [Span],
    buckets: &'h [f64],
    from: i32,
    to: i32,
) -> impl Iterator<Item = (i32, f64)> + 'h {
    let mut all = entries(spans, buckets)
        .map(move |(index, count)| {
            if from == to {
                (index, count)
            } else {
                (reduced_index(index, from, to), count)
            }
        })
        .peekable();
    std::iter::from_fn(move || {
        let (index, mut sum) = all.next()?;
        while let Some((_, count)) = all.next_if(|(next, _)| *next == index) {
            sum += count;
        }
        Some((index, sum))
    })
}

/// True if a populated bucket is missing or has fewer observations now.
fn any_decrease(
    current: impl Iterator<Item = (i32, f64)>,
    mut previous: impl Iterator<Item = (i32, f64)>,
) -> bool {
    let mut current = current.peekable();
    previous.any(|(index, before)| {
        while current.next_if(|(known, _)| *known < index).is_some() {}
        match current.peek() {
            Some((known, now)) if *known == index => *now < before,
            _ => before != 0.0,
        }
    })
}
