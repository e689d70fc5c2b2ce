//! The buckets of a histogram, one by one.

use super::bounds::bound;
use super::{CUSTOM_SCHEMA, FloatHistogram, Span};

/// A bucket with its bounds.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Bucket {
    /// The lower bound.
    pub lower: f64,
    /// The upper bound.
    pub upper: f64,
    /// True if an observation equal to the lower bound is in the bucket.
    pub lower_inclusive: bool,
    /// True if an observation equal to the upper bound is in the bucket.
    pub upper_inclusive: bool,
    /// The number of observations.
    pub count: f64,
    /// The index on its side; 0 for the zero bucket.
    pub index: i32,
}

impl Bucket {
    /// Returns which part of the bucket's width is below a value within its finite bounds, on a linear or else a logarithmic
    /// scale.
    pub fn fraction_below(&self, value: f64, linear: bool) -> f64 {
        if linear {
            return (value - self.lower) / (self.upper - self.lower);
        }
        let lower = self.lower.abs().log2();
        let upper = self.upper.abs().log2();
        let at = value.abs().log2();
        if value > 0.0 {
            (at - lower) / (upper - lower)
        } else {
            1.0 - ((at - upper) / (lower - upper))
        }
    }
}

/// The indices of the buckets of spans, without end if the spans are.
#[derive(Debug, Clone)]
pub(super) struct Indices<'s> {
    spans: std::slice::Iter<'s, Span>,
    next: i32,
    left: u32,
}

impl Iterator for Indices<'_> {
    type Item = i32;

    fn next(&mut self) -> Option<i32> {
        while self.left == 0 {
            let span = self.spans.next()?;
            self.next = self.next.saturating_add(span.offset);
            self.left = span.length;
        }
        self.left -= 1;
        let index = self.next;
        self.next = index.saturating_add(1);
        Some(index)
    }
}

/// Iterates over the indices of buckets.
pub(super) fn indices(spans: &[Span]) -> Indices<'_> {
    Indices {
        spans: spans.iter(),
        next: 0,
        left: 0,
    }
}

/// Iterates over the indices and counts of buckets, away from zero.
pub(super) fn entries<'h>(
    spans: &'h [Span],
    buckets: &'h [f64],
) -> impl Iterator<Item = (i32, f64)> + 'h {
    indices(spans).zip(buckets.iter().copied())
}

/// True if spans describe the same buckets, apart from spans without any.
pub(super) fn same_layout(left: &[Span], right: &[Span]) -> bool {
    left == right || non_empty(left).eq(non_empty(right))
}

/// Joins the offsets of spans without buckets with the next one's.
fn non_empty(spans: &[Span]) -> impl Iterator<Item = Span> + '_ {
    let mut skipped = 0_i32;
    spans.iter().filter_map(move |span| {
        let offset = skipped.saturating_add(span.offset);
        if span.length == 0 {
            skipped = offset;
            return None;
        }
        skipped = 0;
        Some(Span {
            offset,
            length: span.length,
        })
    })
}

impl FloatHistogram {
    /// Iterates over the positive buckets, ascending; over all buckets of a histogram with custom ones.
    pub fn positive(&self) -> impl Iterator<Item = Bucket> + '_ {
        entries(&self.positive_spans, &self.positive_buckets)
            .map(|(index, count)| self.bucket(index, count, true))
    }

    /// Iterates over the negative buckets, descending from zero.
    pub fn negative(&self) -> impl Iterator<Item = Bucket> + '_ {
        entries(&self.negative_spans, &self.negative_buckets)
            .map(|(index, count)| self.bucket(index, count, false))
    }

    /// Returns the zero bucket, which may be empty.
    pub fn zero_bucket(&self) -> Bucket {
        Bucket {
            lower: -self.zero_threshold,
            upper: self.zero_threshold,
            lower_inclusive: true,
            upper_inclusive: true,
            count: self.zero_count,
            index: 0,
        }
    }

    /// Iterates over all buckets, ascending. Buckets that overlap with the zero bucket end at its bounds; an empty zero bucket
    /// is left out.
    pub fn buckets(&self) -> impl Iterator<Item = Bucket> + '_ {
        let below = reversed(&self.negative_spans, &self.negative_buckets)
            .map(|(index, count)| self.cut(self.bucket(index, count, false)));
        let above = self.positive().map(|bucket| self.cut(bucket));
        below.chain(self.populated_zero_bucket()).chain(above)
    }

    /// Iterates over all buckets, descending; see [`FloatHistogram::buckets`].
    pub fn buckets_descending(&self) -> impl Iterator<Item = Bucket> + '_ {
        let above = reversed(&self.positive_spans, &self.positive_buckets)
            .map(|(index, count)| self.cut(self.bucket(index, count, true)));
        let below = self.negative().map(|bucket| self.cut(bucket));
        above.chain(self.populated_zero_bucket()).chain(below)
    }

    fn populated_zero_bucket(&self) -> Option<Bucket> {
        (self.zero_count > 0.0).then(|| self.zero_bucket())
    }

    fn bucket(&self, index: i32, count: f64, positive: bool) -> Bucket {
        let far = bound(index, self.schema, &self.custom_values);
        let near = bound(index.saturating_sub(1), self.schema, &self.custom_values);
        let (lower, upper) = if positive { (near, far) } else { (-far, -near) };
        let custom = self.schema == CUSTOM_SCHEMA;
        Bucket {
            lower,
            upper,
            lower_inclusive: if custom { index == 0 } else { lower < 0.0 },
            upper_inclusive: custom || upper > 0.0,
            count,
            index,
        }
    }

    fn cut(&self, mut bucket: Bucket) -> Bucket {
        if bucket.upper < 0.0 && bucket.upper > -self.zero_threshold {
            bucket.upper = -self.zero_threshold;
        } else if bucket.lower > 0.0 && bucket.lower < self.zero_threshold {
            bucket.lower = self.zero_threshold;
        }
        bucket
    }
}

/// Iterates over buckets towards zero.
fn reversed(spans: &[Span], buckets: &[f64]) -> impl Iterator<Item = (i32, f64)> + use<> {
    entries(spans, buckets)
        .collect::<Vec<_>>()
        .into_iter()
        .rev()
}
