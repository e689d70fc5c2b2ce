//! Native histograms in shared points.

use std::sync::Arc;

use crate::histogram::{CounterResetHint, FloatHistogram};

/// Returns the histogram multiplied by a factor.
pub(super) fn scaled(histogram: &FloatHistogram, factor: f64) -> FloatHistogram {
    let mut result = histogram.clone();
    result.scale(factor);
    result
}

/// Returns the histogram with an unknown reset, unless it is a gauge: a subquery may skip samples or repeat them.
pub(super) fn without_reset_hint(mut histogram: Arc<FloatHistogram>) -> Arc<FloatHistogram> {
    use CounterResetHint::{CounterReset, NotCounterReset, Unknown};
    if matches!(histogram.counter_reset_hint, CounterReset | NotCounterReset) {
        Arc::make_mut(&mut histogram).counter_reset_hint = Unknown;
    }
    histogram
}
