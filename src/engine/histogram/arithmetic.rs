//! Sums, differences and multiples of histograms.

use std::borrow::Cow;
use std::mem;

use super::bounds::exponential_bound;
use super::buckets::entries;
use super::kahan::increase;
use super::part::{self, Layout, Part, View};
use super::{
    CUSTOM_SCHEMA, CounterResetHint, FloatHistogram, HistogramError, Span, is_exponential,
};

/// What is noteworthy about a sum or difference of two histograms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Combined {
    /// True if one of them hints at a counter reset and the other at none.
    pub counter_reset_collision: bool,
    /// True if their custom bounds differ, so that the result has only the common ones.
    pub bounds_reconciled: bool,
}

impl FloatHistogram {
    /// Adds another histogram. The result has the lower resolution and the wider zero bucket of both, and may have empty
    /// buckets.
    ///
    /// # Errors
    ///
    /// Exactly one of them has custom buckets. The histogram is unchanged then.
    pub fn add(&mut self, other: &Self) -> Result<Combined, HistogramError> {
        self.combine(other, 1.0, None)
    }

    /// Subtracts another histogram; see [`FloatHistogram::add`], also for the counter reset hint.
    ///
    /// # Errors
    ///
    /// Exactly one of them has custom buckets. The histogram is unchanged then.
    pub fn subtract(&mut self, other: &Self) -> Result<Combined, HistogramError> {
        self.combine(other, -1.0, None)
    }

    /// Adds another histogram with Kahan summation. The first addition creates the histogram of compensations, which has the
    /// same buckets; it has to be scaled like the sum, and added at the end.
    ///
    /// # Errors
    ///
    /// Exactly one of them has custom buckets. Nothing is changed then.
    pub fn kahan_add(
        &mut self,
        other: &Self,
        compensation: &mut Option<Self>,
    ) -> Result<Combined, HistogramError> {
        if self.is_custom() != other.is_custom() {
            return Err(HistogramError::IncompatibleSchemas);
        }
        let compensation = compensation.get_or_insert_with(|| self.compensation());
        self.combine(other, 1.0, Some(compensation))
    }

    /// Multiplies the sum and all counts. A negative factor makes the histogram a gauge.
    pub fn scale(&mut self, factor: f64) {
        self.map_counts(|value| value * factor);
        if factor < 0.0 {
            self.counter_reset_hint = CounterResetHint::Gauge;
        }
    }

    /// Divides the sum and all counts. A division by zero removes all buckets; a negative divisor makes the histogram a gauge.
    pub fn divide(&mut self, divisor: f64) {
        self.map_counts(|value| value / divisor);
        if divisor == 0.0 {
            self.positive_buckets = Vec::new();
            self.negative_buckets = Vec::new();
            self.positive_spans = Vec::new();
            self.negative_spans = Vec::new();
        } else if divisor < 0.0 {
            self.counter_reset_hint = CounterResetHint::Gauge;
        }
    }

    /// Returns the histogram with a lower resolution; the histogram itself at the same one.
    ///
    /// # Errors
    ///
    /// The histogram has custom buckets, or a lower resolution already.
    pub fn at_resolution(&self, schema: i32) -> Result<Cow<'_, Self>, HistogramError> {
        if schema == self.schema {
            return Ok(Cow::Borrowed(self));
        }
        let mut reduced = self.clone();
        reduced.reduce_resolution(schema)?;
        Ok(Cow::Owned(reduced))
    }

    /// Merges buckets so that they fit the lower resolution of a schema.
    ///
    /// # Errors
    ///
    /// The histogram has custom buckets, or no higher resolution.
    pub fn reduce_resolution(&mut self, schema: i32) -> Result<(), HistogramError> {
        if self.is_custom() || schema == CUSTOM_SCHEMA || schema >= self.schema {
            return Err(HistogramError::Resolution {
                from: self.schema,
                to: schema,
            });
        }
        let (mut positive, mut negative) = self.take_parts(None);
        positive.reduce(self.schema, schema);
        negative.reduce(self.schema, schema);
        self.schema = schema;
        self.put_parts(positive, negative, None);
        Ok(())
    }

    fn map_counts(&mut self, map: impl Fn(f64) -> f64) {
        self.zero_count = map(self.zero_count);
        self.count = map(self.count);
        self.sum = map(self.sum);
        let buckets = self
            .positive_buckets
            .iter_mut()
            .chain(&mut self.negative_buckets);
        for count in buckets {
            *count = map(*count);
        }
    }

    fn compensation(&self) -> Self {
        Self {
            zero_count: 0.0,
            count: 0.0,
            sum: 0.0,
            positive_buckets: vec![0.0; self.positive_buckets.len()],
            negative_buckets: vec![0.0; self.negative_buckets.len()],
            ..self.clone()
        }
    }

    fn combine(
        &mut self,
        other: &Self,
        sign: f64,
        mut compensation: Option<&mut Self>,
    ) -> Result<Combined, HistogramError> {
        if self.is_custom() != other.is_custom() {
            return Err(HistogramError::IncompatibleSchemas);
        }
        let mut combined = Combined {
            counter_reset_collision: self.adjust_hint(other.counter_reset_hint),
            bounds_reconciled: false,
        };
        let (zero_count, zero_lost) = if self.is_custom() {
            (0.0, 0.0)
        } else {
            self.reconcile_zero_buckets(other, compensation.as_deref_mut())
        };
        match compensation.as_deref_mut() {
            Some(lost) => {
                for term in [zero_count, zero_lost] {
                    (self.zero_count, lost.zero_count) =
                        increase(term, self.zero_count, lost.zero_count);
                }
                (self.count, lost.count) = increase(other.count, self.count, lost.count);
                (self.sum, lost.sum) = increase(other.sum, self.sum, lost.sum);
            }
            None => {
                self.zero_count += sign * zero_count;
                self.count += sign * other.count;
                self.sum += sign * other.sum;
            }
        }
        if self.is_custom() && self.custom_values != other.custom_values {
            combined.bounds_reconciled = true;
            self.combine_mismatched(other, sign, compensation);
        } else {
            self.combine_buckets(other, sign, compensation);
        }
        Ok(combined)
    }

    fn combine_buckets(&mut self, other: &Self, sign: f64, mut compensation: Option<&mut Self>) {
        let (mut positive, mut negative) = self.take_parts(compensation.as_deref_mut());
        let mut others = [
            View {
                spans: &other.positive_spans,
                buckets: &other.positive_buckets,
                compensations: None,
            },
            View {
                spans: &other.negative_spans,
                buckets: &other.negative_buckets,
                compensations: None,
            },
        ];
        let reduced;
        if other.schema < self.schema {
            positive.reduce(self.schema, other.schema);
            negative.reduce(self.schema, other.schema);
            self.schema = other.schema;
        } else if other.schema > self.schema {
            reduced =
                others.map(|side| side.reduced(other.schema, self.schema, compensation.is_some()));
            others = reduced.each_ref().map(Part::view);
        }
        let (schema, threshold) = (self.schema, self.zero_threshold);
        let in_zero_bucket =
            |index| is_exponential(schema) && exponential_bound(index, schema) <= threshold;
        positive.add(others[0], sign, in_zero_bucket);
        negative.add(others[1], sign, in_zero_bucket);
        self.put_parts(positive, negative, compensation);
    }

    /// Combines histograms with different custom bounds: both lose the bounds that the other one does not have.
    fn combine_mismatched(&mut self, other: &Self, sign: f64, mut compensation: Option<&mut Self>) {
        let bounds = common_bounds(&self.custom_values, &other.custom_values);
        let mut buckets = vec![(0.0, 0.0); bounds.len() + 1];
        let lost = compensation
            .as_deref()
            .map(|lost| lost.positive_buckets.as_slice());
        for (place, (target, count)) in targets(self, &bounds).enumerate() {
            if let Some((sum, compensation)) = buckets.get_mut(target) {
                (*sum, *compensation) = increase(count, *sum, *compensation);
                if let Some(lost) = lost.and_then(|lost| lost.get(place)) {
                    (*sum, *compensation) = increase(*lost, *sum, *compensation);
                }
            }
        }
        for (target, count) in targets(other, &bounds) {
            if let Some((sum, compensation)) = buckets.get_mut(target) {
                (*sum, *compensation) = increase(sign * count, *sum, *compensation);
            }
        }
        let mut layout = Layout::default();
        self.positive_buckets.clear();
        let mut compensations = Vec::new();
        for (index, (sum, lost)) in (0..).zip(buckets) {
            if sum != 0.0 || lost != 0.0 {
                layout.push(index);
                self.positive_buckets.push(sum);
                compensations.push(lost);
            }
        }
        self.positive_spans = layout.into_spans();
        self.custom_values = bounds;
        if let Some(lost) = &mut compensation {
            lost.positive_buckets = compensations;
            lost.positive_spans.clone_from(&self.positive_spans);
            lost.custom_values.clone_from(&self.custom_values);
        }
    }

    fn take_parts(&mut self, compensation: Option<&mut Self>) -> (Part, Part) {
        let (positive, negative) = match compensation {
            Some(lost) => (
                Some(mem::take(&mut lost.positive_buckets)),
                Some(mem::take(&mut lost.negative_buckets)),
            ),
            None => (None, None),
        };
        (
            Part {
                spans: mem::take(&mut self.positive_spans),
                buckets: mem::take(&mut self.positive_buckets),
                compensations: positive,
            },
            Part {
                spans: mem::take(&mut self.negative_spans),
                buckets: mem::take(&mut self.negative_buckets),
                compensations: negative,
            },
        )
    }

    fn put_parts(&mut self, positive: Part, negative: Part, compensation: Option<&mut Self>) {
        self.positive_spans = positive.spans;
        self.positive_buckets = positive.buckets;
        self.negative_spans = negative.spans;
        self.negative_buckets = negative.buckets;
        if let Some(lost) = compensation {
            lost.schema = self.schema;
            lost.zero_threshold = self.zero_threshold;
            lost.positive_spans.clone_from(&self.positive_spans);
            lost.negative_spans.clone_from(&self.negative_spans);
            lost.positive_buckets = positive.compensations.unwrap_or_default();
            lost.negative_buckets = negative.compensations.unwrap_or_default();
        }
    }

    /// Finds the hint of a sum or difference. Returns true if a reset meets the absence of one.
    fn adjust_hint(&mut self, other: CounterResetHint) -> bool {
        use CounterResetHint::{Gauge, Unknown};
        let own = self.counter_reset_hint;
        self.counter_reset_hint = match (own, other) {
            (own, other) if own == other => own,
            (Gauge, _) | (_, Gauge) => Gauge,
            _ => Unknown,
        };
        own != other
            && ![own, other]
                .iter()
                .any(|hint| matches!(hint, Gauge | Unknown))
    }

    /// Widens the zero bucket so that it covers the other's, and both end at bounds of empty buckets at most. Returns the count
    /// of the other's zero bucket with the same width, and its compensation.
    fn reconcile_zero_buckets(
        &mut self,
        other: &Self,
        mut compensation: Option<&mut Self>,
    ) -> (f64, f64) {
        let (mut count, mut threshold, mut lost) = (other.zero_count, other.zero_threshold, 0.0);
        loop {
            if self.zero_threshold > threshold {
                (count, threshold, lost) = other.zero_count_at(self.zero_threshold, None);
            }
            if threshold > self.zero_threshold {
                let zero_lost;
                (self.zero_count, self.zero_threshold, zero_lost) =
                    self.zero_count_at(threshold, compensation.as_deref());
                if let Some(compensation) = compensation.as_deref_mut() {
                    compensation.zero_count = zero_lost;
                }
                self.trim_into_zero_bucket(compensation.as_deref_mut());
                continue;
            }
            return (count, lost);
        }
    }

    /// Returns the count that the zero bucket would have with a larger threshold, the threshold, and the compensation of the
    /// count. A threshold within a populated bucket grows to the end of that bucket.
    pub(super) fn zero_count_at(
        &self,
        threshold: f64,
        compensation: Option<&Self>,
    ) -> (f64, f64, f64) {
        let mut lost = compensation.map_or(0.0, |compensation| compensation.zero_count);
        if threshold == self.zero_threshold {
            return (self.zero_count, threshold, lost);
        }
        let positive_lost =
            compensation.map(|compensation| compensation.positive_buckets.as_slice());
        let negative_lost =
            compensation.map(|compensation| compensation.negative_buckets.as_slice());
        let mut threshold = threshold;
        'wider: loop {
            let mut count = self.zero_count;
            let mut merge = |bucket_count: f64, bucket_lost: Option<&[f64]>, place: usize| {
                (count, lost) = increase(bucket_count, count, lost);
                if let Some(term) = bucket_lost.and_then(|all| all.get(place)) {
                    (count, lost) = increase(*term, count, lost);
                }
            };
            for (place, bucket) in self.positive().enumerate() {
                if bucket.lower >= threshold {
                    break;
                }
                merge(bucket.count, positive_lost, place);
                if bucket.upper > threshold {
                    if bucket.count != 0.0 {
                        threshold = bucket.upper;
                    }
                    break;
                }
            }
            for (place, bucket) in self.negative().enumerate() {
                if bucket.upper <= -threshold {
                    break;
                }
                merge(bucket.count, negative_lost, place);
                if bucket.lower < -threshold {
                    if bucket.count != 0.0 {
                        // The positive buckets have to be looked at again.
                        threshold = -bucket.lower;
                        continue 'wider;
                    }
                    break;
                }
            }
            return (count, threshold, lost);
        }
    }

    /// Removes the buckets that are within the zero bucket, whose count includes theirs already.
    fn trim_into_zero_bucket(&mut self, mut compensation: Option<&mut Self>) {
        let positive = self
            .positive()
            .take_while(|bucket| bucket.lower < self.zero_threshold)
            .count();
        let negative = self
            .negative()
            .take_while(|bucket| bucket.upper > -self.zero_threshold)
            .count();
        clear_first(&mut self.positive_buckets, positive);
        clear_first(&mut self.negative_buckets, negative);
        if let Some(lost) = compensation.as_deref_mut() {
            clear_first(&mut lost.positive_buckets, positive);
            clear_first(&mut lost.negative_buckets, negative);
        }
        let (positive_lost, negative_lost) = match compensation {
            Some(lost) => (
                Some(&mut lost.positive_buckets),
                Some(&mut lost.negative_buckets),
            ),
            None => (None, None),
        };
        part::compact(
            &mut self.positive_spans,
            &mut self.positive_buckets,
            positive_lost,
            0,
        );
        part::compact(
            &mut self.negative_spans,
            &mut self.negative_buckets,
            negative_lost,
            0,
        );
    }
}

fn clear_first(counts: &mut [f64], number: usize) {
    for count in counts.iter_mut().take(number) {
        *count = 0.0;
    }
}

/// Returns the bounds that are in both lists.
pub(super) fn common_bounds(left: &[f64], right: &[f64]) -> Vec<f64> {
    let mut others = right.iter().peekable();
    let mut common = Vec::new();
    for bound in left {
        while others.next_if(|other| *other < bound).is_some() {}
        if others.next_if(|other| *other == bound).is_some() {
            common.push(*bound);
        }
    }
    common
}

/// Iterates over the counts of custom buckets with the place of the bucket of fewer bounds that contains each.
fn targets<'h>(
    histogram: &'h FloatHistogram,
    bounds: &'h [f64],
) -> impl Iterator<Item = (usize, f64)> + 'h {
    let spans: &[Span] = &histogram.positive_spans;
    let mut from = 0;
    entries(spans, &histogram.positive_buckets).map(move |(index, count)| {
        let own = usize::try_from(index)
            .ok()
            .and_then(|index| histogram.custom_values.get(index));
        let Some(own) = own else {
            return (bounds.len(), count);
        };
        while bounds.get(from).is_some_and(|bound| bound < own) {
            from += 1;
        }
        (from, count)
    })
}
