//! The series that a rule writes, with staleness markers where one disappears.

use std::sync::Arc;

use nth_promql::Span;
use rustc_hash::FxHashSet;

use super::failure::Failed;
use crate::error::Error;
use crate::histogram::FloatHistogram;
use crate::labels::Labels;
use crate::stale::{STALE_NAN, is_stale};
use crate::store::MemoryStore;
use crate::value::{FloatSample, HistogramSample, Point, Steps, Timestamp};

/// Writes the results of one rule to the store.
pub(super) struct Writer {
    /// The query offset of the rule's group.
    query_offset: i64,
    /// The place of the rule's query, for errors.
    span: Span,
    /// The series that the last evaluation returned.
    previous: FxHashSet<Labels>,
}

/// The results of a rule's evaluations.
pub(super) struct Results<'w, 's> {
    writer: &'w mut Writer,
    store: &'s mut MemoryStore,
    steps: Steps,
    /// The series of `previous` that were not returned at all.
    missing: FxHashSet<Labels>,
    failed: Option<Failed>,
}

impl Writer {
    pub(super) fn new(query_offset: i64, span: Span) -> Self {
        Self {
            query_offset,
            span,
            previous: FxHashSet::default(),
        }
    }

    /// Starts to write the results of the evaluations at `steps`, which follow those of the call before.
    pub(super) fn begin<'w, 's>(
        &'w mut self,
        store: &'s mut MemoryStore,
        steps: Steps,
    ) -> Results<'w, 's> {
        let missing = std::mem::take(&mut self.previous);
        Results {
            writer: self,
            store,
            steps,
            missing,
            failed: None,
        }
    }
}

impl Results<'_, '_> {
    /// Writes one series: its points, with the indices of their steps in order. Each series is written once.
    pub(super) fn series<'p>(
        &mut self,
        labels: Labels,
        points: impl Iterator<Item = (usize, &'p Point)>,
    ) {
        const STALE: Point = Point::Float(STALE_NAN);
        let mut samples: Vec<(Timestamp, Point)> = Vec::new();
        // The step after the last one at which the series was returned.
        let mut expected = self.missing.remove(&labels).then_some(0);
        for (step, point) in points {
            if let Some(expected) = expected
                && expected < step
            {
                samples.push((self.steps.time(expected), STALE));
            }
            samples.push((self.steps.time(step), point.clone()));
            expected = Some(step + 1);
        }
        match expected {
            Some(step) if step < self.steps.count() => samples.push((self.steps.time(step), STALE)),
            Some(_) => {
                self.writer.previous.insert(labels.clone());
            }
            None => {}
        }
        self.add(&labels, &samples);
    }

    /// Marks series stale that were not returned any more. Returns the first error.
    pub(super) fn finish(mut self) -> Option<Failed> {
        for labels in std::mem::take(&mut self.missing) {
            self.add_one(&labels, self.steps.start, &Point::Float(STALE_NAN));
        }
        self.failed
    }

    /// Adds samples in order, given with the times of their evaluations.
    fn add(&mut self, labels: &Labels, samples: &[(Timestamp, Point)]) {
        let Some((first, _)) = samples.first() else {
            return;
        };
        let first = first - self.writer.query_offset;
        let floats: Option<Vec<FloatSample>> = samples
            .iter()
            .map(|(time, point)| {
                let at = time - self.writer.query_offset;
                point.float().map(|value| FloatSample { at, value })
            })
            .collect();
        match floats {
            Some(floats) if can_append(self.store, labels, first) => {
                self.store.add_floats(labels, floats);
            }
            _ => {
                for (time, point) in samples {
                    self.add_one(labels, *time, point);
                }
            }
        }
    }

    fn add_one(&mut self, labels: &Labels, time: Timestamp, point: &Point) {
        let at = time - self.writer.query_offset;
        let (before, conflict) = conflict(self.store, labels, at, time);
        match (point, conflict) {
            (Point::Absent, _) => {}
            (Point::Float(value), Conflict::None)
                if is_stale(*value) && before == Kind::Histogram =>
            {
                let stale = FloatHistogram {
                    sum: STALE_NAN,
                    ..FloatHistogram::default()
                };
                let value = Arc::new(stale);
                self.store
                    .add_histogram(labels, HistogramSample { at, value });
            }
            (Point::Float(value), Conflict::None) => {
                self.store
                    .add_float(labels, FloatSample { at, value: *value });
            }
            (Point::Histogram(value), Conflict::None) => {
                let value = value.clone();
                self.store
                    .add_histogram(labels, HistogramSample { at, value });
            }
            // Another rule returns the series.
            (Point::Float(value), _) if is_stale(*value) => {}
            (_, Conflict::Later) => self.fail(time, OUT_OF_ORDER),
            (Point::Float(value), Conflict::Same(Point::Float(known)))
                if value.to_bits() == known.to_bits() => {}
            (Point::Histogram(value), Conflict::Same(Point::Histogram(known)))
                if *value == known => {}
            (_, Conflict::Same(_)) => self.fail(time, DUPLICATE),
        }
    }

    fn fail(&mut self, at: Timestamp, message: &str) {
        let error = Error::new(message, self.writer.span);
        Failed::earliest(&mut self.failed, Failed { at, error });
    }
}

const OUT_OF_ORDER: &str = "out of order sample";
const DUPLICATE: &str = "duplicate sample for timestamp";

/// A sample that exists already.
enum Conflict {
    None,
    /// One after the new sample.
    Later,
    /// One at the same time.
    Same(Point),
}

/// The kind of a series' last sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Float,
    Histogram,
}

/// True if a series has only floats, or nothing, and all of it is before a time.
fn can_append(store: &MemoryStore, labels: &Labels, first: Timestamp) -> bool {
    store.series(labels).is_none_or(|series| {
        series.histograms.is_empty() && series.floats.last().is_none_or(|last| last.at < first)
    })
}

/// Returns the kind of the last sample of a series, and the conflict with a new sample, at a time of evaluation, when the store has
/// no input after it yet.
fn conflict(
    store: &MemoryStore,
    labels: &Labels,
    at: Timestamp,
    time: Timestamp,
) -> (Kind, Conflict) {
    let Some(series) = store.series(labels) else {
        return (Kind::Float, Conflict::None);
    };
    let floats = series.floats.partition_point(|sample| sample.at <= time);
    let histograms = series
        .histograms
        .partition_point(|sample| sample.at <= time);
    let float = series.floats[..floats].last();
    let histogram = series.histograms[..histograms].last();
    let float_at = float.map(|sample| sample.at);
    let histogram_at = histogram.map(|sample| sample.at);
    let kind = if histogram_at > float_at {
        Kind::Histogram
    } else {
        Kind::Float
    };
    let conflict = match (float, histogram) {
        _ if float_at.max(histogram_at).is_some_and(|last| last > at) => Conflict::Later,
        (Some(float), _) if float.at == at => Conflict::Same(Point::Float(float.value)),
        (_, Some(histogram)) if histogram.at == at => {
            Conflict::Same(Point::Histogram(histogram.value.clone()))
        }
        _ => Conflict::None,
    };
    (kind, conflict)
}
