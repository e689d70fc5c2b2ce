//! One side of a histogram: its spans and counts, and the compensations of the counts where a sum keeps them.

use super::Span;
use super::buckets::{entries, indices};
use super::kahan::increase;

/// Spans that grow at their end.
#[derive(Debug, Default)]
pub(super) struct Layout {
    spans: Vec<Span>,
    last: Option<i32>,
}

impl Layout {
    /// Appends a bucket, whose index must be above the last one's.
    pub(super) fn push(&mut self, index: i32) {
        let gap = match self.last {
            Some(last) => index.saturating_sub(last).saturating_sub(1),
            None => index,
        };
        match self.spans.last_mut() {
            Some(span) if gap == 0 => span.length += 1,
            _ => self.spans.push(Span {
                offset: gap,
                length: 1,
            }),
        }
        self.last = Some(index);
    }

    /// Returns the spans.
    pub(super) fn into_spans(self) -> Vec<Span> {
        self.spans
    }
}

/// The spans, counts and compensations of one side. The compensations have a value per count.
#[derive(Debug, Default)]
pub(super) struct Part {
    pub(super) spans: Vec<Span>,
    pub(super) buckets: Vec<f64>,
    pub(super) compensations: Option<Vec<f64>>,
}

/// A side that is only read.
#[derive(Debug, Clone, Copy)]
pub(super) struct View<'p> {
    pub(super) spans: &'p [Span],
    pub(super) buckets: &'p [f64],
    pub(super) compensations: Option<&'p [f64]>,
}

impl View<'_> {
    /// Returns the buckets merged so that they fit a lower resolution, with compensations if those are asked for.
    pub(super) fn reduced(self, from: i32, to: i32, compensated: bool) -> Part {
        let mut part = Part {
            spans: self.spans.to_vec(),
            buckets: self.buckets.to_vec(),
            compensations: compensated.then(|| vec![0.0; self.buckets.len()]),
        };
        part.reduce(from, to);
        part
    }
}

impl Part {
    /// Returns the side for reading.
    pub(super) fn view(&self) -> View<'_> {
        View {
            spans: &self.spans,
            buckets: &self.buckets,
            compensations: self.compensations.as_deref(),
        }
    }

    /// Merges buckets so that they fit a lower resolution.
    pub(super) fn reduce(&mut self, from: i32, to: i32) {
        let mut layout = Layout::default();
        let mut buckets: Vec<f64> = Vec::new();
        let mut compensations: Vec<f64> = Vec::new();
        for (place, (index, count)) in entries(&self.spans, &self.buckets).enumerate() {
            let compensation = value_at(self.compensations.as_deref(), place);
            let target = reduced_index(index, from, to);
            match (buckets.last_mut(), compensations.last_mut()) {
                (Some(sum), Some(lost)) if layout.last == Some(target) => {
                    if self.compensations.is_some() {
                        (*sum, *lost) = increase(count, *sum, *lost);
                        (*sum, *lost) = increase(compensation, *sum, *lost);
                    } else {
                        *sum += count;
                    }
                }
                _ => {
                    layout.push(target);
                    buckets.push(count);
                    compensations.push(compensation);
                }
            }
        }
        self.spans = layout.into_spans();
        self.buckets = buckets;
        self.compensations = self.compensations.is_some().then_some(compensations);
    }

    /// Adds the buckets of another side with the same resolution, multiplied with `sign`; those at whose index `skip` is true
    /// are left out. The result has the buckets of both sides.
    pub(super) fn add(&mut self, other: View<'_>, sign: f64, skip: impl Fn(i32) -> bool) {
        let same = self.spans.as_slice() == other.spans
            && self.buckets.len() == other.buckets.len()
            && indices(other.spans).next().is_none_or(|first| !skip(first));
        if same {
            for place in 0..self.buckets.len() {
                self.add_at(place, other, place, sign);
            }
            return;
        }
        let mut layout = Layout::default();
        let mut merged = Self {
            compensations: self.compensations.as_ref().map(|_| Vec::new()),
            ..Self::default()
        };
        let mut mine = indices(&self.spans).zip(0..self.buckets.len()).peekable();
        let mut theirs = indices(other.spans)
            .zip(0..other.buckets.len())
            .filter(|(index, _)| !skip(*index))
            .peekable();
        loop {
            let index = match (mine.peek(), theirs.peek()) {
                (Some((mine, _)), Some((theirs, _))) => *mine.min(theirs),
                (Some((index, _)), None) | (None, Some((index, _))) => *index,
                (None, None) => break,
            };
            layout.push(index);
            let own = mine.next_if(|(known, _)| *known == index);
            let added = theirs.next_if(|(known, _)| *known == index);
            match (own, added) {
                (Some((_, place)), _) => merged.push(self.view(), place, 1.0),
                (None, Some((_, place))) => merged.push(other, place, sign),
                (None, None) => break,
            }
            if let (Some(_), Some((_, place))) = (own, added) {
                merged.add_at(merged.buckets.len() - 1, other, place, sign);
            }
        }
        merged.spans = layout.into_spans();
        *self = merged;
    }

    fn push(&mut self, from: View<'_>, place: usize, sign: f64) {
        self.buckets
            .push(sign * value_at(Some(from.buckets), place));
        if let Some(compensations) = &mut self.compensations {
            compensations.push(sign * value_at(from.compensations, place));
        }
    }

    fn add_at(&mut self, place: usize, other: View<'_>, from: usize, sign: f64) {
        let count = sign * value_at(Some(other.buckets), from);
        let Some(sum) = self.buckets.get_mut(place) else {
            return;
        };
        let lost = self
            .compensations
            .as_mut()
            .and_then(|all| all.get_mut(place));
        let Some(lost) = lost else {
            *sum += count;
            return;
        };
        let compensation = sign * value_at(other.compensations, from);
        (*sum, *lost) = increase(count, *sum, *lost);
        if compensation != 0.0 {
            (*sum, *lost) = increase(compensation, *sum, *lost);
        }
    }
}

fn value_at(values: Option<&[f64]>, place: usize) -> f64 {
    values
        .and_then(|values| values.get(place))
        .copied()
        .unwrap_or(0.0)
}

/// Returns the index of the bucket of a lower resolution that contains a bucket.
pub(super) fn reduced_index(index: i32, from: i32, to: i32) -> i32 {
    let by = u32::try_from(from.saturating_sub(to)).unwrap_or(0).min(31);
    (index.saturating_sub(1) >> by) + 1
}

/// Removes and adds empty buckets; see [`super::FloatHistogram::compact`]. A bucket with a compensation is not empty.
pub(super) fn compact(
    spans: &mut Vec<Span>,
    buckets: &mut Vec<f64>,
    mut compensations: Option<&mut Vec<f64>>,
    most_empty: usize,
) {
    let limit = i32::try_from(most_empty).unwrap_or(i32::MAX);
    if buckets.iter().all(|count| *count != 0.0)
        && spans
            .iter()
            .all(|span| span.offset > limit && span.length != 0)
    {
        return;
    }
    let mut layout = Layout::default();
    let mut kept: Vec<f64> = Vec::with_capacity(buckets.len());
    let mut kept_compensations: Vec<f64> = Vec::new();
    for (place, (index, count)) in entries(spans, buckets).enumerate() {
        let compensation = value_at(compensations.as_deref().map(Vec::as_slice), place);
        if count == 0.0 && compensation == 0.0 {
            continue;
        }
        if let Some(last) = layout.last
            && index.saturating_sub(last).saturating_sub(1) <= limit
        {
            for between in last.saturating_add(1)..index {
                layout.push(between);
                kept.push(0.0);
                kept_compensations.push(0.0);
            }
        }
        layout.push(index);
        kept.push(count);
        kept_compensations.push(compensation);
    }
    *spans = layout.into_spans();
    *buckets = kept;
    if let Some(compensations) = &mut compensations {
        **compensations = kept_compensations;
    }
}
