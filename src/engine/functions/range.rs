//! Functions of a range vector.

use std::sync::Arc;

use super::notices;
use crate::annotations::Annotations;
use crate::error::Error;
use crate::histogram::FloatHistogram;
use crate::value::{FloatSample, Point, Timestamp, Window};

/// Returns the floats of a window for a function that ignores histograms, with the annotation if it has both.
pub(super) fn only_floats<'s>(
    window: &Window<'s>,
    annotations: &mut Annotations,
) -> &'s [FloatSample] {
    if !window.floats.is_empty() && !window.histograms.is_empty() {
        annotations.info(notices::histograms_ignored_in_range(window.metric));
    }
    window.floats
}

/// True if a window has samples of both kinds, which is noted.
pub(super) fn is_mixed(window: &Window<'_>, annotations: &mut Annotations) -> bool {
    let mixed = !window.floats.is_empty() && !window.histograms.is_empty();
    if mixed {
        annotations.warn(notices::mixed_floats_and_histograms(window.metric));
    }
    mixed
}

/// Milliseconds as seconds.
pub(super) fn seconds(milliseconds: Timestamp) -> f64 {
    milliseconds as f64 / 1000.0
}

/// A sample of either kind.
#[derive(Debug, Clone, Copy)]
pub(super) enum Sample<'s> {
    /// A float.
    Float(f64),
    /// A native histogram.
    Histogram(&'s FloatHistogram),
}

/// Iterates over the samples of both kinds in order of time.
pub(super) fn samples<'s>(window: &Window<'s>) -> impl Iterator<Item = Sample<'s>> + use<'s> {
    let mut floats = window.floats.iter().peekable();
    let mut histograms = window.histograms.iter().peekable();
    std::iter::from_fn(move || {
        let float_is_next = match (floats.peek(), histograms.peek()) {
            (Some(float), Some(histogram)) => float.at <= histogram.at,
            (float, _) => float.is_some(),
        };
        if float_is_next {
            floats.next().map(|sample| Sample::Float(sample.value))
        } else {
            histograms
                .next()
                .map(|sample| Sample::Histogram(&sample.value))
        }
    })
}

/// Counts the pairs of successive samples that satisfy a condition.
fn count_pairs(window: &Window<'_>, counts: impl Fn(Sample<'_>, Sample<'_>) -> bool) -> Point {
    let mut samples = samples(window);
    let Some(mut previous) = samples.next() else {
        return Point::Absent;
    };
    let mut count = 0_u32;
    for sample in samples {
        count += u32::from(counts(previous, sample));
        previous = sample;
    }
    Point::Float(f64::from(count))
}

pub(super) fn changes(window: &Window<'_>, _: &[f64], _: &mut Annotations) -> Result<Point, Error> {
    Ok(count_pairs(window, |previous, sample| {
        match (previous, sample) {
            (Sample::Float(previous), Sample::Float(value)) => {
                previous != value && !(previous.is_nan() && value.is_nan())
            }
            (Sample::Histogram(previous), Sample::Histogram(value)) => previous != value,
            _ => true,
        }
    }))
}

pub(super) fn resets(window: &Window<'_>, _: &[f64], _: &mut Annotations) -> Result<Point, Error> {
    Ok(count_pairs(window, |previous, sample| {
        match (previous, sample) {
            (Sample::Float(previous), Sample::Float(value)) => value < previous,
            (Sample::Histogram(previous), Sample::Histogram(value)) => value.detect_reset(previous),
            _ => true,
        }
    }))
}

pub(super) fn count(window: &Window<'_>, _: &[f64], _: &mut Annotations) -> Result<Point, Error> {
    let count = window.floats.len() + window.histograms.len();
    Ok(if count == 0 {
        Point::Absent
    } else {
        Point::Float(count as f64)
    })
}

pub(super) fn present(window: &Window<'_>, _: &[f64], _: &mut Annotations) -> Result<Point, Error> {
    let empty = window.floats.is_empty() && window.histograms.is_empty();
    Ok(if empty {
        Point::Absent
    } else {
        Point::Float(1.0)
    })
}

pub(super) fn first(window: &Window<'_>, _: &[f64], _: &mut Annotations) -> Result<Point, Error> {
    Ok(match (window.floats.first(), window.histograms.first()) {
        (Some(float), Some(histogram)) if histogram.at <= float.at => {
            Point::Histogram(Arc::clone(&histogram.value))
        }
        (Some(float), _) => Point::Float(float.value),
        (None, Some(histogram)) => Point::Histogram(Arc::clone(&histogram.value)),
        (None, None) => Point::Absent,
    })
}

pub(super) fn last(window: &Window<'_>, _: &[f64], _: &mut Annotations) -> Result<Point, Error> {
    Ok(match (window.floats.last(), window.histograms.last()) {
        (Some(float), Some(histogram)) if float.at <= histogram.at => {
            Point::Histogram(Arc::clone(&histogram.value))
        }
        (Some(float), _) => Point::Float(float.value),
        (None, Some(histogram)) => Point::Histogram(Arc::clone(&histogram.value)),
        (None, None) => Point::Absent,
    })
}

pub(super) fn time_of_first(
    window: &Window<'_>,
    _: &[f64],
    _: &mut Annotations,
) -> Result<Point, Error> {
    let float = window.floats.first().map(|sample| sample.at);
    let histogram = window.histograms.first().map(|sample| sample.at);
    let time = float.into_iter().chain(histogram).min();
    Ok(time.map_or(Point::Absent, |time| Point::Float(seconds(time))))
}

pub(super) fn time_of_last(
    window: &Window<'_>,
    _: &[f64],
    _: &mut Annotations,
) -> Result<Point, Error> {
    let float = window.floats.last().map(|sample| sample.at);
    let histogram = window.histograms.last().map(|sample| sample.at);
    let time = float.into_iter().chain(histogram).max();
    Ok(time.map_or(Point::Absent, |time| Point::Float(seconds(time))))
}
