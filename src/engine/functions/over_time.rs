//! Aggregations over time.

use super::mean::Mean;
use super::range::{is_mixed, only_floats, seconds};
use super::{histograms_over_time, notices};
use crate::annotations::Annotations;
use crate::error::Error;
use crate::histogram::kahan::Sum;
use crate::histogram::{HistogramMean, HistogramSum};
use crate::value::{FloatSample, Point, Prepared, Window};

/// `sum_over_time`
pub(super) fn sum(
    window: &Window<'_>,
    _: &[f64],
    annotations: &mut Annotations,
) -> Result<Point, Error> {
    if is_mixed(window, annotations) {
        return Ok(Point::Absent);
    }
    if !window.histograms.is_empty() {
        return Ok(histograms_over_time::total::<HistogramSum>(
            window,
            annotations,
        ));
    }
    if let Prepared::Sum(sum) = window.prepared {
        return Ok(Point::Float(sum));
    }
    let mut sum = Sum::default();
    for sample in window.floats {
        sum.add(sample.value);
    }
    Ok(float_unless_empty(window, sum.value()))
}

/// `avg_over_time`
pub(super) fn avg(
    window: &Window<'_>,
    _: &[f64],
    annotations: &mut Annotations,
) -> Result<Point, Error> {
    if is_mixed(window, annotations) {
        return Ok(Point::Absent);
    }
    if !window.histograms.is_empty() {
        return Ok(histograms_over_time::total::<HistogramMean>(
            window,
            annotations,
        ));
    }
    let Some((first, rest)) = window.floats.split_first() else {
        return Ok(Point::Absent);
    };
    let mut mean = Mean::new(first.value);
    for sample in rest {
        mean.add(sample.value);
    }
    Ok(Point::Float(mean.value()))
}

/// Returns the best of the float samples; `replaces(value, best)` says if a value is better. NaN is replaced by everything.
fn best(
    window: &Window<'_>,
    annotations: &mut Annotations,
    replaces: impl Fn(f64, f64) -> bool,
) -> Option<FloatSample> {
    let mut samples = only_floats(window, annotations).iter().copied();
    let first = samples.next()?;
    Some(samples.fold(first, |best, sample| {
        if best.value.is_nan() || replaces(sample.value, best.value) {
            sample
        } else {
            best
        }
    }))
}

/// `max_over_time`
pub(super) fn max(
    window: &Window<'_>,
    _: &[f64],
    annotations: &mut Annotations,
) -> Result<Point, Error> {
    let best = best(window, annotations, |value, best| value > best);
    Ok(best.map_or(Point::Absent, |sample| Point::Float(sample.value)))
}

/// `min_over_time`
pub(super) fn min(
    window: &Window<'_>,
    _: &[f64],
    annotations: &mut Annotations,
) -> Result<Point, Error> {
    let best = best(window, annotations, |value, best| value < best);
    Ok(best.map_or(Point::Absent, |sample| Point::Float(sample.value)))
}

/// `ts_of_max_over_time`
pub(super) fn time_of_max(
    window: &Window<'_>,
    _: &[f64],
    annotations: &mut Annotations,
) -> Result<Point, Error> {
    let best = best(window, annotations, |value, best| value >= best);
    Ok(best.map_or(Point::Absent, |sample| Point::Float(seconds(sample.at))))
}

/// `ts_of_min_over_time`
pub(super) fn time_of_min(
    window: &Window<'_>,
    _: &[f64],
    annotations: &mut Annotations,
) -> Result<Point, Error> {
    let best = best(window, annotations, |value, best| value <= best);
    Ok(best.map_or(Point::Absent, |sample| Point::Float(seconds(sample.at))))
}

/// Returns the variance of the float samples, computed incrementally (Welford); `None` if there are none.
fn variance(window: &Window<'_>, annotations: &mut Annotations) -> Option<f64> {
    let floats = only_floats(window, annotations);
    if floats.is_empty() {
        return None;
    }
    let mut count = 0.0;
    let mut mean = Sum::default();
    let mut squares = Sum::default();
    for sample in floats {
        count += 1.0;
        let delta = sample.value - mean.value();
        mean.add(delta / count);
        squares.add(delta * (sample.value - mean.value()));
    }
    Some(squares.value() / count)
}

/// `stdvar_over_time`
pub(super) fn stdvar(
    window: &Window<'_>,
    _: &[f64],
    annotations: &mut Annotations,
) -> Result<Point, Error> {
    Ok(variance(window, annotations).map_or(Point::Absent, Point::Float))
}

/// `stddev_over_time`
pub(super) fn stddev(
    window: &Window<'_>,
    _: &[f64],
    annotations: &mut Annotations,
) -> Result<Point, Error> {
    Ok(variance(window, annotations)
        .map_or(Point::Absent, |variance| Point::Float(variance.sqrt())))
}

/// `quantile_over_time`
pub(super) fn quantile(
    window: &Window<'_>,
    parameters: &[f64],
    annotations: &mut Annotations,
) -> Result<Point, Error> {
    let &[wanted, ..] = parameters else {
        return Ok(Point::Absent);
    };
    if window.floats.is_empty() {
        return Ok(Point::Absent);
    }
    if !(0.0..=1.0).contains(&wanted) {
        annotations.warn(notices::invalid_quantile(wanted));
    }
    let floats = only_floats(window, annotations);
    let mut values: Vec<f64> = floats.iter().map(|sample| sample.value).collect();
    Ok(Point::Float(quantile_of(wanted, &mut values)))
}

/// `mad_over_time`: the median of the absolute deviations from the median.
pub(super) fn mad(
    window: &Window<'_>,
    _: &[f64],
    annotations: &mut Annotations,
) -> Result<Point, Error> {
    let floats = only_floats(window, annotations);
    if floats.is_empty() {
        return Ok(Point::Absent);
    }
    if floats.iter().any(|sample| sample.value.is_nan()) {
        return Ok(Point::Float(f64::NAN));
    }
    let mut values: Vec<f64> = floats.iter().map(|sample| sample.value).collect();
    let median = quantile_of(0.5, &mut values);
    for value in &mut values {
        *value = (*value - median).abs();
    }
    Ok(Point::Float(quantile_of(0.5, &mut values)))
}

/// Returns a quantile of values, which are sorted with NaN as the smallest. Between two values, it is interpolated. NaN
/// without values.
pub(crate) fn quantile_of(quantile: f64, values: &mut [f64]) -> f64 {
    if values.is_empty() || quantile.is_nan() {
        return f64::NAN;
    }
    if quantile < 0.0 {
        return f64::NEG_INFINITY;
    }
    if quantile > 1.0 {
        return f64::INFINITY;
    }
    values.sort_unstable_by(|left, right| {
        let nan_first = right.is_nan().cmp(&left.is_nan());
        nan_first.then(left.partial_cmp(right).unwrap_or(std::cmp::Ordering::Equal))
    });
    let last = values.len() - 1;
    let rank = quantile * last as f64;
    // Both are between 0 and the number of values.
    let lower = (rank.floor() as usize).min(last);
    let upper = (lower + 1).min(last);
    let weight = rank - rank.floor();
    let at = |index: usize| values.get(index).copied().unwrap_or(f64::NAN);
    if weight == 0.0 {
        // Without a product of 0 and infinity.
        return at(lower);
    }
    at(lower) * (1.0 - weight) + at(upper) * weight
}

fn float_unless_empty(window: &Window<'_>, value: f64) -> Point {
    if window.floats.is_empty() {
        Point::Absent
    } else {
        Point::Float(value)
    }
}
