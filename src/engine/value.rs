//! Times, samples and the series of an evaluation.

use std::sync::Arc;

use crate::histogram::FloatHistogram;
use crate::labels::Labels;

/// Milliseconds since the Unix epoch.
pub type Timestamp = i64;

/// A sample of a float series.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FloatSample {
    /// Its time.
    pub at: Timestamp,
    /// Its value.
    pub value: f64,
}

/// A sample of a native histogram.
#[derive(Debug, Clone, PartialEq)]
pub struct HistogramSample {
    /// Its time.
    pub at: Timestamp,
    /// Its value. A stale marker is a histogram whose sum is [`STALE_NAN`](crate::STALE_NAN).
    pub value: Arc<FloatHistogram>,
}

/// The value of a series at one step.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Point {
    /// The series has no sample here.
    #[default]
    Absent,
    /// A float.
    Float(f64),
    /// A native histogram.
    Histogram(Arc<FloatHistogram>),
}

impl Point {
    /// Returns the float, if it is one.
    pub fn float(&self) -> Option<f64> {
        match self {
            Self::Float(value) => Some(*value),
            _ => None,
        }
    }

    /// True if there is a sample.
    pub fn is_present(&self) -> bool {
        !matches!(self, Self::Absent)
    }
}

/// Adds points to those of another series at the same steps. Returns the first step that has both, where the old one stays.
pub(crate) fn merge_points(known: &mut [Point], points: Vec<Point>) -> Option<usize> {
    let mut both = None;
    for (step, (known, point)) in known.iter_mut().zip(points).enumerate() {
        match (&*known, point.is_present()) {
            (Point::Absent, _) => *known = point,
            (_, true) => both = both.or(Some(step)),
            (_, false) => {}
        }
    }
    both
}

/// A series of an instant vector over all steps of an evaluation.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// Its labels.
    pub labels: Labels,
    /// One point per step.
    pub points: Vec<Point>,
    /// True if the metric's name has to be removed from the labels at the end of the evaluation; see
    /// [`NameRemoval`](crate::NameRemoval). False in results.
    pub drops_name: bool,
}

impl Series {
    /// Creates a series with final labels.
    pub fn new(labels: Labels, points: Vec<Point>) -> Self {
        Self {
            labels,
            points,
            drops_name: false,
        }
    }
}

/// The times at which an expression is evaluated: `start`, `start + step`, … up to `end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Steps {
    /// The first time.
    pub start: Timestamp,
    /// The last time, at or after `start`.
    pub end: Timestamp,
    /// Milliseconds between two times; at least 1.
    pub step: i64,
}

impl Steps {
    /// A single time.
    pub fn instant(at: Timestamp) -> Self {
        Self {
            start: at,
            end: at,
            step: 1,
        }
    }

    /// The number of times.
    pub fn count(self) -> usize {
        usize::try_from((self.end - self.start) / self.step.max(1)).unwrap_or(0) + 1
    }

    /// The times in order.
    pub fn times(self) -> impl ExactSizeIterator<Item = Timestamp> + Clone {
        (0..self.count()).map(move |index| self.time(index))
    }

    /// The time at an index.
    pub fn time(self, index: usize) -> Timestamp {
        self.start + self.step * i64::try_from(index).unwrap_or(i64::MAX)
    }
}

/// The samples of one series in a range: after `start`, up to and including `end`, without staleness markers.
#[derive(Debug, Clone, Copy)]
pub struct Window<'s> {
    /// The float samples, in order.
    pub floats: &'s [FloatSample],
    /// The histogram samples, in order.
    pub histograms: &'s [HistogramSample],
    /// The open start of the range.
    pub start: Timestamp,
    /// The closed end of the range.
    pub end: Timestamp,
    /// The time of evaluation, which `offset` and `@` do not change.
    pub at: Timestamp,
    /// The metric's name, for annotations.
    pub metric: &'s str,
    /// What is known already about the samples.
    pub prepared: Prepared<'s>,
}

/// What is known about the float samples of a range without looking at each of them.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum Prepared<'s> {
    /// Nothing.
    #[default]
    Nothing,
    /// The values before each reset of a counter, in order: each float that is greater than the next one.
    Resets(&'s [f64]),
    /// The sum.
    Sum(f64),
}

/// The value of an expression at all steps.
#[derive(Debug, Clone, PartialEq)]
pub enum Evaluated {
    /// A number per step.
    Scalar(Vec<f64>),
    /// A string, the same at all steps.
    String(String),
    /// An instant vector per step, as series. Series without any point are left out, no two have equal labels at one step.
    Vector(Vec<Series>),
}
