//! `sum` and `avg`.

use std::sync::Arc;

use crate::annotations::Annotations;
use crate::functions::mean::Mean;
use crate::functions::notices;
use crate::histogram::kahan::Sum;
use crate::histogram::{HistogramMean, HistogramSum, HistogramTotal};
use crate::value::{Point, Steps};

/// Returns the sums of a group.
pub(super) fn sum<'m>(
    members: &[&[Point]],
    steps: Steps,
    metric: impl Fn(usize) -> &'m str,
    annotations: &mut Annotations,
) -> Vec<Point> {
    totals::<Sum, HistogramSum>(members, steps, metric, annotations)
}

/// Returns the averages of a group.
pub(super) fn average<'m>(
    members: &[&[Point]],
    steps: Steps,
    metric: impl Fn(usize) -> &'m str,
    annotations: &mut Annotations,
) -> Vec<Point> {
    totals::<Mean, HistogramMean>(members, steps, metric, annotations)
}

/// A sum or average of floats.
trait Floats: Copy {
    fn start(value: f64) -> Self;
    fn append(&mut self, value: f64);
    fn result(self) -> f64;
}

impl Floats for Sum {
    fn start(value: f64) -> Self {
        Self {
            total: value,
            compensation: 0.0,
        }
    }

    fn append(&mut self, value: f64) {
        self.add(value);
    }

    fn result(self) -> f64 {
        self.value()
    }
}

impl Floats for Mean {
    fn start(value: f64) -> Self {
        Self::new(value)
    }

    fn append(&mut self, value: f64) {
        self.add(value);
    }

    fn result(self) -> f64 {
        self.value()
    }
}

/// The total of a group at one step.
enum Total<F, H> {
    Nothing,
    Floats(F),
    Histograms(Box<H>),
    /// There are floats and histograms.
    Mixed,
    /// There are histograms with exponential and with custom buckets.
    Incompatible,
}

fn totals<'m, F: Floats, H: HistogramTotal>(
    members: &[&[Point]],
    steps: Steps,
    metric: impl Fn(usize) -> &'m str,
    annotations: &mut Annotations,
) -> Vec<Point> {
    let mut totals: Vec<Total<F, H>> = Vec::new();
    totals.resize_with(steps.count(), || Total::Nothing);
    for (member, points) in members.iter().enumerate() {
        for (total, point) in totals.iter_mut().zip(*points) {
            match (&mut *total, point) {
                (_, Point::Absent) | (Total::Mixed | Total::Incompatible, _) => {}
                (Total::Nothing, Point::Float(value)) => *total = Total::Floats(F::start(*value)),
                (Total::Floats(floats), Point::Float(value)) => floats.append(*value),
                (Total::Nothing, Point::Histogram(histogram)) => {
                    *total = Total::Histograms(Box::new(H::new(histogram)));
                }
                (Total::Histograms(histograms), Point::Histogram(histogram)) => {
                    if histograms.add(histogram).is_err() {
                        let metric = metric(member);
                        annotations.warn(notices::mixed_exponential_and_custom(metric));
                        *total = Total::Incompatible;
                    }
                }
                (Total::Floats(_), Point::Histogram(_))
                | (Total::Histograms(_), Point::Float(_)) => {
                    annotations.warn("encountered a mix of histograms and floats for aggregation");
                    *total = Total::Mixed;
                }
            }
        }
    }
    let totals = totals.into_iter();
    totals.map(|total| point(total, annotations)).collect()
}

fn point<F: Floats, H: HistogramTotal>(total: Total<F, H>, annotations: &mut Annotations) -> Point {
    match total {
        Total::Nothing | Total::Mixed | Total::Incompatible => Point::Absent,
        Total::Floats(floats) => Point::Float(floats.result()),
        Total::Histograms(histograms) => {
            notices::combined(histograms.combined(), "aggregation", annotations);
            Point::Histogram(Arc::new(histograms.finish().compacted()))
        }
    }
}
