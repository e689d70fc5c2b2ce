//! Rates and differences.

use std::sync::Arc;

use super::histogram_rate;
use super::notices;
use super::range::{is_mixed, seconds};
use crate::annotations::Annotations;
use crate::error::Error;
use crate::histogram::FloatHistogram;
use crate::value::{Point, Prepared, Window};

/// `rate`
pub(super) fn rate(
    window: &Window<'_>,
    _: &[f64],
    annotations: &mut Annotations,
) -> Result<Point, Error> {
    Ok(extrapolated(window, annotations, true, true).unwrap_or_default())
}

/// `increase`
pub(super) fn increase(
    window: &Window<'_>,
    _: &[f64],
    annotations: &mut Annotations,
) -> Result<Point, Error> {
    Ok(extrapolated(window, annotations, true, false).unwrap_or_default())
}

/// `delta`
pub(super) fn delta(
    window: &Window<'_>,
    _: &[f64],
    annotations: &mut Annotations,
) -> Result<Point, Error> {
    Ok(extrapolated(window, annotations, false, false).unwrap_or_default())
}

/// The change between the first and the last sample of a window.
enum Change {
    Float(f64),
    Histogram(FloatHistogram),
}

/// Returns the change over a window, extrapolated to its edges; `None` with fewer than two samples.
fn extrapolated(
    window: &Window<'_>,
    annotations: &mut Annotations,
    is_counter: bool,
    per_second: bool,
) -> Option<Point> {
    if is_mixed(window, annotations) {
        return None;
    }
    let (change, first_at, last_at, count) = if let [first, .., last] = window.histograms {
        let change = histogram_rate::change(window, annotations, is_counter)?;
        (
            Change::Histogram(change),
            first.at,
            last.at,
            window.histograms.len(),
        )
    } else if let [first, .., last] = window.floats {
        let mut change = last.value - first.value;
        if is_counter {
            change = without_resets(change, window);
        }
        (
            Change::Float(change),
            first.at,
            last.at,
            window.floats.len(),
        )
    } else {
        return None;
    };

    let mut to_start = seconds(first_at - window.start);
    let mut to_end = seconds(window.end - last_at);
    let sampled = seconds(last_at - first_at);
    let between_samples = sampled / (count - 1) as f64;
    // The series is taken to end within the range if its next sample is overdue by more than 10%; then half of the usual
    // time between two samples is added.
    let threshold = between_samples * 1.1;
    if to_start >= threshold {
        to_start = between_samples / 2.0;
    }
    if is_counter {
        // A counter starts at zero, so nothing is added before it was zero.
        let to_zero = match &change {
            Change::Float(change) => window
                .floats
                .first()
                .filter(|first| *change > 0.0 && first.value >= 0.0)
                .map(|first| sampled * (first.value / change)),
            Change::Histogram(change) => window
                .histograms
                .first()
                .filter(|first| change.count > 0.0 && first.value.count >= 0.0)
                .map(|first| sampled * (first.value.count / change.count)),
        };
        if let Some(to_zero) = to_zero
            && to_zero < to_start
        {
            to_start = to_zero;
        }
    }
    if to_end >= threshold {
        to_end = between_samples / 2.0;
    }
    let mut factor = 1.0;
    if sampled != 0.0 {
        factor = (sampled + to_start + to_end) / sampled;
    }
    if per_second {
        factor /= seconds(window.end - window.start);
    }
    Some(match change {
        Change::Float(change) => Point::Float(change * factor),
        Change::Histogram(mut change) => {
            change.scale(factor);
            Point::Histogram(Arc::new(change))
        }
    })
}

/// Adds what a counter had reached before each of its resets.
fn without_resets(mut change: f64, window: &Window<'_>) -> f64 {
    if let Prepared::Resets(resets) = window.prepared {
        return resets.iter().fold(change, |change, before| change + before);
    }
    for pair in window.floats.windows(2) {
        if let [previous, sample] = pair
            && sample.value < previous.value
        {
            change += previous.value;
        }
    }
    change
}

/// `irate`
pub(super) fn irate(
    window: &Window<'_>,
    _: &[f64],
    annotations: &mut Annotations,
) -> Result<Point, Error> {
    Ok(instant(window, annotations, true).unwrap_or_default())
}

/// `idelta`
pub(super) fn idelta(
    window: &Window<'_>,
    _: &[f64],
    annotations: &mut Annotations,
) -> Result<Point, Error> {
    Ok(instant(window, annotations, false).unwrap_or_default())
}

/// Returns the change between the last two samples; `None` if there are fewer, or both are at one time.
fn instant(window: &Window<'_>, annotations: &mut Annotations, is_rate: bool) -> Option<Point> {
    let floats = last_two(window.floats);
    let histograms = last_two(window.histograms);
    // Samples of one kind only, unless the last two are of different kinds.
    let [float_before, float] = floats;
    let [histogram_before, histogram] = histograms;
    let float_at = float.map(|sample| sample.at);
    let histogram_at = histogram.map(|sample| sample.at);
    if float_at > histogram_at {
        let (sample, before) = (float?, float_before);
        if before.map(|before| before.at) < histogram_at {
            return mixed(window, annotations, sample.at, histogram_at);
        }
        let before = before?;
        let elapsed = positive(sample.at - before.at)?;
        // After a reset, the counter has started from zero.
        let reset = is_rate && sample.value < before.value;
        let mut value = sample.value;
        if !reset {
            value -= before.value;
        }
        if is_rate {
            value /= seconds(elapsed);
        }
        return Some(Point::Float(value));
    }
    let (sample, before) = (histogram?, histogram_before);
    if before.map(|before| before.at) < float_at {
        return mixed(window, annotations, sample.at, float_at);
    }
    let before = before?;
    let elapsed = positive(sample.at - before.at)?;
    let mut change =
        histogram_rate::instant_change(&before.value, &sample.value, window, annotations, is_rate)?;
    if is_rate {
        change.divide(seconds(elapsed));
    }
    Some(Point::Histogram(Arc::new(change)))
}

/// Notes that the last two samples of a window are of different kinds, unless both are at one time.
fn mixed(
    window: &Window<'_>,
    annotations: &mut Annotations,
    at: i64,
    before: Option<i64>,
) -> Option<Point> {
    positive(at - before?)?;
    annotations.warn(notices::mixed_floats_and_histograms(window.metric));
    None
}

fn positive(elapsed: i64) -> Option<i64> {
    (elapsed > 0).then_some(elapsed)
}

fn last_two<T>(samples: &[T]) -> [Option<&T>; 2] {
    match samples {
        [.., before, last] => [Some(before), Some(last)],
        [last] => [None, Some(last)],
        [] => [None, None],
    }
}
