//! Aggregations of native histograms over time.

use std::sync::Arc;

use super::notices;
use crate::annotations::Annotations;
use crate::histogram::HistogramTotal;
use crate::value::{Point, Window};

/// `sum_over_time` or `avg_over_time` of a window with histograms alone.
pub(super) fn total<T: HistogramTotal>(
    window: &Window<'_>,
    annotations: &mut Annotations,
) -> Point {
    let Some((first, rest)) = window.histograms.split_first() else {
        return Point::Absent;
    };
    let mut total = T::new(&first.value);
    if rest
        .iter()
        .try_for_each(|sample| total.add(&sample.value))
        .is_err()
    {
        annotations.warn(notices::mixed_exponential_and_custom(window.metric));
        return Point::Absent;
    }
    notices::combined(total.combined(), "aggregation", annotations);
    Point::Histogram(Arc::new(total.finish()))
}
