//! The counter reset hints that histograms get in storage.
//!
//! Prometheus stores runs of histograms without resets. In a run, all but the first have no reset since the one before; of the
//! first, nothing is known. Gauges keep their hint.

use std::sync::Arc;

use crate::histogram::{CounterResetHint, FloatHistogram};

/// Sets the hint of a histogram that is appended after another one of its series. `None` if the sample before is not a
/// histogram.
pub(crate) fn set_stored_hint(sample: &mut Arc<FloatHistogram>, previous: Option<&FloatHistogram>) {
    let hint = match sample.counter_reset_hint {
        CounterResetHint::Gauge => CounterResetHint::Gauge,
        _ if previous.is_some_and(|previous| continues(sample, previous)) => {
            CounterResetHint::NotCounterReset
        }
        _ => CounterResetHint::Unknown,
    };
    if sample.counter_reset_hint != hint {
        Arc::make_mut(sample).counter_reset_hint = hint;
    }
}

/// True if a counter continues the run of the previous histogram.
fn continues(sample: &FloatHistogram, previous: &FloatHistogram) -> bool {
    if sample.counter_reset_hint == CounterResetHint::CounterReset
        || previous.counter_reset_hint == CounterResetHint::Gauge
        || previous.is_stale()
    {
        return false;
    }
    if sample.is_stale() {
        return true;
    }
    let same_layout = sample.schema == previous.schema
        && sample.zero_threshold == previous.zero_threshold
        && (!sample.is_custom() || sample.custom_values == previous.custom_values);
    // The counts decide, not the hint.
    let unknown = FloatHistogram {
        counter_reset_hint: CounterResetHint::Unknown,
        ..sample.clone()
    };
    same_layout && !unknown.detect_reset(previous)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::*;
    use crate::testing::{Sequence, Value};

    fn hints(text: &str) -> Vec<CounterResetHint> {
        let sequence = Sequence::parse(&format!("x {text}")).expect("the series is valid");
        let mut previous: Option<Arc<FloatHistogram>> = None;
        let mut hints = Vec::new();
        for value in sequence.values {
            let Value::Histogram { mut histogram, .. } = value else {
                previous = None;
                continue;
            };
            set_stored_hint(&mut histogram, previous.as_deref());
            hints.push(histogram.counter_reset_hint);
            previous = Some(histogram);
        }
        hints
    }

    #[test]
    fn hints_tell_runs_without_resets() {
        use CounterResetHint::{Gauge, NotCounterReset, Unknown};
        let counter = "{{schema:0 count:1 sum:1 buckets:[1]}}";
        let more = "{{schema:0 count:3 sum:1 buckets:[1 2]}}";
        let finer = "{{schema:1 count:3 sum:1 buckets:[1 2]}}";
        let gauge = "{{schema:0 count:3 sum:1 buckets:[3] counter_reset_hint:gauge}}";
        let reset = "{{schema:0 count:9 sum:1 buckets:[3 6] counter_reset_hint:reset}}";
        for (values, expected) in [
            (
                format!("{counter} {more} {counter}"),
                vec![Unknown, NotCounterReset, Unknown],
            ),
            (
                format!("{counter} {finer} {finer}"),
                vec![Unknown, Unknown, NotCounterReset],
            ),
            (
                format!("{counter} {gauge} {gauge}"),
                vec![Unknown, Gauge, Gauge],
            ),
            (format!("{gauge} {counter}"), vec![Gauge, Unknown]),
            (
                format!("{counter} {reset} {reset}"),
                vec![Unknown, Unknown, Unknown],
            ),
            (format!("{counter} 1 {more}"), vec![Unknown, Unknown]),
        ] {
            assert_eq!(hints(&values), expected, "{values}");
        }
    }
}
