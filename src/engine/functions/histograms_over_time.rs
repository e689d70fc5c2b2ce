//! Aggregations of native histograms over time.

use crate::annotations::Annotations;
use crate::value::{Point, Window};

/// `sum_over_time` of a window with histograms alone.
pub(super) fn sum(_: &Window<'_>, _: &mut Annotations) -> Point {
    Point::Absent
}

/// `avg_over_time` of a window with histograms alone.
pub(super) fn avg(_: &Window<'_>, _: &mut Annotations) -> Point {
    Point::Absent
}
