//! The samples that a store has before its rules are evaluated, and whether rules must see them one time after another.

use nth_promql::Selector;
use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use super::delay::Use;
use super::reads;
use crate::store::MemoryStore;
use crate::value::Timestamp;

/// The input of each metric.
#[derive(Debug, Clone, Default)]
pub(super) struct Input(FxHashMap<SmolStr, Samples>);

/// The times of a metric's samples, of all its series.
#[derive(Debug, Clone)]
struct Samples {
    /// The last sample.
    last: Timestamp,
    /// Samples that may be the newest of their series when they leave the lookback.
    ends: Vec<Timestamp>,
}

impl Input {
    /// Returns the input of a store for evaluations that see samples of this age.
    pub(super) fn new(store: &MemoryStore, lookback: i64) -> Self {
        let mut input = Self::default();
        for series in store.iter() {
            let last_float = series.floats.last().map(|sample| sample.at);
            let last_histogram = series.histograms.last().map(|sample| sample.at);
            let Some(last) = last_float.max(last_histogram) else {
                continue;
            };
            let of_metric = input
                .0
                .entry(series.labels.metric().into())
                .or_insert(Samples {
                    last,
                    ends: Vec::new(),
                });
            of_metric.last = of_metric.last.max(last);
            let floats = before_gaps(&series.floats, |sample| sample.at, lookback);
            let histograms = before_gaps(&series.histograms, |sample| sample.at, lookback);
            of_metric.ends.extend(floats.chain(histograms));
            of_metric
                .ends
                .extend(last_float.into_iter().chain(last_histogram));
        }
        input
    }

    /// True if a query would give another result without the samples of its time, and with those of one millisecond before its
    /// lookback, even if rules wrote nothing at these times. The rule is evaluated each `interval` after `start`, and
    /// queries `offset` before that.
    pub(super) fn interferes(
        &self,
        selector: &Selector,
        used: Use,
        (start, interval, offset): (Timestamp, i64, i64),
        lookback: i64,
    ) -> bool {
        let Some(metric) = reads::metric_of(selector) else {
            return true;
        };
        let Some(samples) = self.0.get(&metric) else {
            return false;
        };
        if samples.last >= start - offset {
            return true;
        }
        // A range has the same samples, as it is shortened by what it is delayed.
        let is_end = |at: &Timestamp| {
            let evaluation = at.saturating_add(lookback).saturating_add(offset);
            evaluation >= start && (evaluation - start) % interval == 0
        };
        used == Use::Instant && samples.ends.iter().any(is_end)
    }
}

/// Returns the times after which there is no sample for as long as the lookback.
fn before_gaps<T>(
    samples: &[T],
    at: impl Fn(&T) -> Timestamp,
    lookback: i64,
) -> impl Iterator<Item = Timestamp> {
    let pairs = samples.iter().zip(samples.iter().skip(1));
    let times = pairs.map(move |(one, next)| (at(one), at(next)));
    let gaps = times.filter(move |(one, next)| next - one >= lookback);
    gaps.map(|(one, _)| one)
}
