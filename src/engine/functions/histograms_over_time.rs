//! Aggregations of native histograms over time.

use std::sync::Arc;

use super::notices;
use crate::annotations::Annotations;
use crate::histogram::{Combined, FloatHistogram, HistogramError, HistogramMean, HistogramSum};
use crate::value::{Point, Window};

/// `sum_over_time` of a window with histograms alone.
pub(super) fn sum(window: &Window<'_>, annotations: &mut Annotations) -> Point {
    let total = || {
        let (first, rest) = window.histograms.split_first()?;
        let mut sum = HistogramSum::new(&first.value);
        let added = rest.iter().try_for_each(|sample| sum.add(&sample.value));
        Some(added.map(|()| (sum.combined(), sum.finish())))
    };
    point(total(), window, annotations)
}

/// `avg_over_time` of a window with histograms alone.
pub(super) fn avg(window: &Window<'_>, annotations: &mut Annotations) -> Point {
    let total = || {
        let (first, rest) = window.histograms.split_first()?;
        let mut mean = HistogramMean::new(&first.value);
        let added = rest.iter().try_for_each(|sample| mean.add(&sample.value));
        Some(added.map(|()| (mean.combined(), mean.finish())))
    };
    point(total(), window, annotations)
}

fn point(
    total: Option<Result<(Combined, FloatHistogram), HistogramError>>,
    window: &Window<'_>,
    annotations: &mut Annotations,
) -> Point {
    match total {
        Some(Ok((combined, histogram))) => {
            if combined.counter_reset_collision {
                annotations.warn(notices::counter_reset_collision("aggregation"));
            }
            if combined.bounds_reconciled {
                annotations.info(notices::custom_buckets_reconciled("aggregation"));
            }
            Point::Histogram(Arc::new(histogram))
        }
        Some(Err(_)) => {
            annotations.warn(notices::mixed_exponential_and_custom(window.metric));
            Point::Absent
        }
        None => Point::Absent,
    }
}
