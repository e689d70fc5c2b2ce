//! More buckets of simulated histograms, so that they have quantiles: an SLI needs only the one at its limit.

use std::collections::BTreeMap;

use nth_engine::{FloatSample, Labels, METRIC_NAME, MemoryStore};

use crate::matching::matches;
use crate::plan::Plan;

/// The bounds of the usual buckets, in seconds.
pub(super) const BOUNDS: [f64; 14] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0,
];

const LE: &str = "le";
const INFINITE: &str = "+Inf";
const BUCKET: &str = "_bucket";
const COUNT: &str = "_count";

/// How much wider the logarithms of durations are than one.
const WIDTH: f64 = 0.55;

/// Returns the share of durations up to a bound, if half of them are up to `median`.
pub(super) fn up_to(bound: f64, median: f64) -> f64 {
    // The logistic function is close to the normal distribution.
    1.0 / (1.0 + (-1.702 * (bound / median).ln() / WIDTH).exp())
}

/// Adds the buckets that the histograms of a plan lack.
pub(super) fn add(plan: &Plan<'_>, store: &mut MemoryStore) {
    let mut histograms: BTreeMap<Labels, Vec<(f64, Vec<FloatSample>)>> = BTreeMap::new();
    for series in store.iter() {
        let bound = bound(series.labels.get(LE));
        if let (true, Some(bound)) = (series.labels.metric().ends_with(BUCKET), bound) {
            let family = series.labels.with(LE, "");
            let known = histograms.entry(family).or_default();
            known.push((bound, series.floats.into_owned()));
        }
    }
    let readings = plan.slos.iter().flat_map(|slo| &slo.readings);
    let selectors: Vec<_> = readings.map(|one| &one.reading.selector).collect();
    for (family, mut known) in histograms {
        known.sort_by(|one, other| one.0.total_cmp(&other.0));
        let Some(all) = all(&family, &known, store) else {
            continue;
        };
        known.retain(|(bound, _)| bound.is_finite());
        let limits: Vec<f64> = known.iter().map(|(bound, _)| *bound).collect();
        let (Some(first), Some(last)) = (limits.first().copied(), limits.last().copied()) else {
            continue;
        };
        let more = scale(first).into_iter().chain([f64::INFINITY]);
        for bound in more.filter(|bound| !limits.contains(bound)) {
            let labels = family.with(LE, &text(bound));
            // An SLI that reads several buckets would read this one too.
            if selectors.iter().any(|selector| matches(selector, &labels)) && bound.is_finite() {
                continue;
            }
            if store.series(&labels).is_some() {
                continue;
            }
            let samples = if bound.is_infinite() {
                all.clone()
            } else if bound < first {
                known
                    .first()
                    .map(|(_, good)| scaled(good, up_to(bound, first / 3.2)))
                    .unwrap_or_default()
            } else if bound > last {
                // Of what is too slow, less and less is slower.
                let slower = (last / bound).powi(2);
                let most = known.last().map(|(_, most)| most.as_slice());
                between(most.unwrap_or_default(), &all, 1.0 - slower)
            } else {
                let place = limits.partition_point(|limit| *limit < bound);
                let below = place.checked_sub(1).and_then(|below| known.get(below));
                match (below, known.get(place)) {
                    (Some((low, below)), Some((high, above))) => {
                        let part = (bound / low).ln() / (high / low).ln();
                        between(below, above, part)
                    }
                    _ => continue,
                }
            };
            store.add_floats(&labels, samples);
        }
    }
}

/// Returns the samples of all events of a histogram.
fn all(
    family: &Labels,
    known: &[(f64, Vec<FloatSample>)],
    store: &MemoryStore,
) -> Option<Vec<FloatSample>> {
    if let Some((_, samples)) = known.iter().find(|(bound, _)| bound.is_infinite()) {
        return Some(samples.clone());
    }
    let metric = family.metric().strip_suffix(BUCKET)?;
    let count = family.with(METRIC_NAME, &format!("{metric}{COUNT}"));
    Some(store.series(&count)?.floats.into_owned())
}

/// The bounds of buckets for a histogram of this order.
fn scale(limit: f64) -> Vec<f64> {
    // Milliseconds, not seconds.
    let factor = if limit >= 60.0 { 1000.0 } else { 1.0 };
    let near = |bound: &f64| (limit / 60.0..=limit * 20.0).contains(bound);
    BOUNDS
        .iter()
        .map(|bound| bound * factor)
        .filter(near)
        .collect()
}

/// Returns a counter of a part of the events of another one.
fn scaled(samples: &[FloatSample], share: f64) -> Vec<FloatSample> {
    let part = |sample: &FloatSample| FloatSample {
        value: sample.value * share,
        ..*sample
    };
    samples.iter().map(part).collect()
}

/// Returns a counter between two others, of which one counts no more than the other.
fn between(low: &[FloatSample], high: &[FloatSample], part: f64) -> Vec<FloatSample> {
    let both = low.iter().zip(high);
    let sample = |(low, high): (&FloatSample, &FloatSample)| FloatSample {
        at: low.at,
        value: low.value + (high.value - low.value) * part,
    };
    both.map(sample).collect()
}

fn bound(text: &str) -> Option<f64> {
    match text {
        INFINITE => Some(f64::INFINITY),
        text => text.parse().ok(),
    }
}

/// Formats a bound as a label.
pub(super) fn text(bound: f64) -> String {
    match bound.is_infinite() {
        true => INFINITE.to_owned(),
        false => bound.to_string(),
    }
}
