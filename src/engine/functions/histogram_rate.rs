//! Changes of native histograms.

use super::notices;
use crate::annotations::Annotations;
use crate::histogram::{Combined, CounterResetHint, FloatHistogram, HistogramError};
use crate::value::Window;

/// Returns the change between the first and the last histogram of a window; for a counter, with what it had reached before
/// each reset. `None` if the window has fewer than two, or if they cannot be combined.
pub(super) fn change(
    window: &Window<'_>,
    annotations: &mut Annotations,
    is_counter: bool,
) -> Option<FloatHistogram> {
    let [first, others @ ..] = window.histograms else {
        return None;
    };
    let [between @ .., last] = others else {
        return None;
    };
    let second = &others.first()?.value;
    let last = &last.value;
    let is_gauge =
        |histogram: &FloatHistogram| histogram.counter_reset_hint == CounterResetHint::Gauge;
    // Warnings of a window without a result are all but this one dropped.
    let incompatible = |annotations: &mut Annotations| {
        annotations.warn(notices::mixed_exponential_and_custom(window.metric));
    };
    let mut noted = Annotations::default();
    if is_counter && (is_gauge(&first.value) || is_gauge(last)) {
        noted.warn(notices::histogram_not_counter(window.metric));
    }

    // After a reset, the first histogram does not matter, and neither do its buckets.
    let reset = is_counter && second.detect_reset(&first.value);
    let empty;
    let mut previous: &FloatHistogram = &first.value;
    if reset {
        empty = FloatHistogram {
            schema: second.schema,
            custom_values: second.custom_values.clone(),
            ..FloatHistogram::default()
        };
        previous = &empty;
    }
    let custom = previous.is_custom();
    if last.is_custom() != custom {
        annotations.merge(noted);
        incompatible(annotations);
        return None;
    }
    let mut schema = last.schema.min(previous.schema);
    if is_counter {
        for sample in between {
            if is_gauge(&sample.value) {
                noted.warn(notices::histogram_not_counter(window.metric));
            }
            schema = schema.min(sample.value.schema);
            if sample.value.is_custom() != custom {
                incompatible(annotations);
                return None;
            }
        }
    }

    let mut change = match last.at_resolution(schema) {
        Ok(change) => change.into_owned(),
        Err(_) => {
            incompatible(annotations);
            return None;
        }
    };
    // Resets are handled here, so conflicting hints do not matter.
    match change.subtract(previous) {
        Ok(combined) => note_reconciled(combined, "subtraction", &mut noted),
        Err(_) => {
            incompatible(annotations);
            return None;
        }
    }
    if is_counter {
        for sample in others {
            if sample.value.detect_reset(previous) {
                match change.add(previous) {
                    Ok(combined) => note_reconciled(combined, "addition", &mut noted),
                    Err(_) => {
                        incompatible(annotations);
                        return None;
                    }
                }
            }
            previous = &sample.value;
        }
    } else if !is_gauge(&first.value) || !is_gauge(last) {
        noted.warn(notices::histogram_not_gauge(window.metric));
    }
    annotations.merge(noted);
    change.counter_reset_hint = CounterResetHint::Gauge;
    change.compact(0);
    Some(change)
}

/// Returns the change between the last two histograms of a window; `None` if they cannot be combined.
pub(super) fn instant_change(
    before: &FloatHistogram,
    last: &FloatHistogram,
    window: &Window<'_>,
    annotations: &mut Annotations,
    is_rate: bool,
) -> Option<FloatHistogram> {
    let gauges = [before, last]
        .into_iter()
        .filter(|histogram| histogram.counter_reset_hint == CounterResetHint::Gauge)
        .count();
    if is_rate && gauges > 0 {
        annotations.warn(notices::histogram_not_counter(window.metric));
    }
    if !is_rate && gauges < 2 {
        annotations.warn(notices::histogram_not_gauge(window.metric));
    }
    let mut change = last.clone();
    if !is_rate || !last.detect_reset(before) {
        match change.subtract(before) {
            Ok(combined) => note_reconciled(combined, "subtraction", annotations),
            Err(HistogramError::IncompatibleSchemas) => {
                annotations.warn(notices::mixed_exponential_and_custom(window.metric));
                return None;
            }
            Err(_) => {}
        }
    }
    change.counter_reset_hint = CounterResetHint::Gauge;
    change.compact(0);
    Some(change)
}

fn note_reconciled(combined: Combined, operation: &str, annotations: &mut Annotations) {
    if combined.bounds_reconciled {
        annotations.info(notices::custom_buckets_reconciled(operation));
    }
}
