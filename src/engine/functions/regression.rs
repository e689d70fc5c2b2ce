//! Linear regression and smoothing.

use super::range::{only_floats, seconds};
use crate::annotations::Annotations;
use crate::error::Error;
use crate::histogram::kahan::Sum;
use crate::value::{FloatSample, Point, Timestamp, Window};

/// A line through samples.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Line {
    /// Its slope, per second.
    slope: f64,
    /// Its value at the time for which it was computed.
    intercept: f64,
}

/// Fits a line to samples by least squares; `None` if there are fewer than two.
fn fit(samples: &[FloatSample], intercept_at: Timestamp) -> Option<Line> {
    let [first, _, ..] = samples else {
        return None;
    };
    let count = samples.len() as f64;
    let mut constant = true;
    let mut sum_x = Sum::default();
    let mut sum_y = Sum::default();
    let mut sum_xy = Sum::default();
    let mut sum_xx = Sum::default();
    for (index, sample) in samples.iter().enumerate() {
        if index > 0 && sample.value != first.value {
            constant = false;
        }
        let x = seconds(sample.at - intercept_at);
        sum_x.add(x);
        sum_y.add(sample.value);
        sum_xy.add(x * sample.value);
        sum_xx.add(x * x);
    }
    if constant {
        let (slope, intercept) = if first.value.is_infinite() {
            (f64::NAN, f64::NAN)
        } else {
            (0.0, first.value)
        };
        return Some(Line { slope, intercept });
    }
    let [sum_x, sum_y, sum_xy, sum_xx] = [sum_x, sum_y, sum_xy, sum_xx].map(Sum::value);
    let covariance = sum_xy - sum_x * sum_y / count;
    let variance = sum_xx - sum_x * sum_x / count;
    let slope = covariance / variance;
    Some(Line {
        slope,
        intercept: sum_y / count - slope * sum_x / count,
    })
}

/// `deriv`
pub(super) fn deriv(
    window: &Window<'_>,
    _: &[f64],
    annotations: &mut Annotations,
) -> Result<Point, Error> {
    let floats = only_floats(window, annotations);
    // Any time near the samples keeps the sums small.
    let near = floats.first().map_or(0, |sample| sample.at);
    Ok(fit(floats, near).map_or(Point::Absent, |line| Point::Float(line.slope)))
}

/// `predict_linear`
pub(super) fn predict_linear(
    window: &Window<'_>,
    parameters: &[f64],
    annotations: &mut Annotations,
) -> Result<Point, Error> {
    let &[duration, ..] = parameters else {
        return Ok(Point::Absent);
    };
    let floats = only_floats(window, annotations);
    Ok(fit(floats, window.at).map_or(Point::Absent, |line| {
        Point::Float(line.slope * duration + line.intercept)
    }))
}

/// `double_exponential_smoothing`
pub(super) fn double_exponential_smoothing(
    window: &Window<'_>,
    parameters: &[f64],
    annotations: &mut Annotations,
) -> Result<Point, Error> {
    let &[smoothing, trend_factor, ..] = parameters else {
        return Ok(Point::Absent);
    };
    for (name, short, factor) in [
        ("smoothing", "sf", smoothing),
        ("trend", "tf", trend_factor),
    ] {
        if factor <= 0.0 || factor >= 1.0 {
            let message =
                format!("invalid {name} factor. Expected: 0 < {short} < 1, got: {factor:.6}");
            return Err(Error::new(message, nth_promql::Span::default()));
        }
    }
    let floats = only_floats(window, annotations);
    let [first, second, ..] = floats else {
        return Ok(Point::Absent);
    };
    let mut previous = 0.0;
    let mut smoothed = first.value;
    let mut trend = second.value - first.value;
    for (index, sample) in floats.iter().enumerate().skip(1) {
        if index > 1 {
            trend = trend_factor * (smoothed - previous) + (1.0 - trend_factor) * trend;
        }
        let next = smoothing * sample.value + (1.0 - smoothing) * (smoothed + trend);
        (previous, smoothed) = (smoothed, next);
    }
    Ok(Point::Float(smoothed))
}
