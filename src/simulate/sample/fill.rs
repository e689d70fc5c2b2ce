//! Series of metrics that no SLO and no alert reads, for the panels that show them.

use std::collections::{BTreeMap, BTreeSet};
use std::f64::consts::TAU;

use nth_engine::{FloatSample, Labels, MemoryStore, Steps, eval};
use nth_promql::{Expr, Node, Selector};
use smol_str::SmolStr;

use super::buckets::{BOUNDS, text, up_to};
use super::guess::{self, Guess};
use super::seed::Seed;
use super::{DAY, END};
use crate::matching::{Condition, matches, witness};
use crate::plan::Plan;
use crate::queries::{Form, children, readings};

/// The time between two samples.
const INTERVAL: i64 = 60_000;

/// The time before the last day for which there are samples.
const LEAD: i64 = 2 * 3_600_000;

/// The most series that a selector gets.
const MOST_SERIES: usize = 6;

const LE: &str = "le";

/// What queries read, by metric.
pub(super) struct Wanted {
    metrics: BTreeMap<SmolStr, Metric>,
}

#[derive(Default)]
struct Metric {
    selectors: Vec<Selector>,
    /// The labels by which queries group its series, or tell them apart.
    labels: BTreeSet<SmolStr>,
    is_counter: bool,
}

impl Wanted {
    /// Finds what queries read, of the selectors that `counts` accepts.
    pub(super) fn new<'e>(
        queries: impl Iterator<Item = &'e Expr>,
        counts: &dyn Fn(&Selector) -> bool,
    ) -> Self {
        let mut wanted = Self {
            metrics: BTreeMap::new(),
        };
        for query in queries {
            for reading in readings(query)
                .into_iter()
                .filter(|one| counts(&one.selector))
            {
                let Some(metric) = &reading.selector.metric else {
                    continue;
                };
                let known = wanted.metrics.entry(metric.text.clone()).or_default();
                known.is_counter |= reading.form != Form::Gauge;
                for matcher in &reading.selector.matchers {
                    known.labels.insert(matcher.label.clone());
                }
                if !known.selectors.contains(&reading.selector) {
                    known.selectors.push(reading.selector);
                }
            }
            wanted.group(query, &BTreeSet::new());
        }
        wanted
    }

    /// Notes the labels by which a query groups series.
    fn group(&mut self, query: &Expr, around: &BTreeSet<SmolStr>) {
        let mut inner = around.clone();
        match &query.node {
            Node::Selector(selector) => {
                let metric = selector.metric.as_ref();
                if let Some(known) = metric.and_then(|metric| self.metrics.get_mut(&metric.text)) {
                    known.labels.extend(around.iter().cloned());
                }
            }
            Node::Call(call) if call.function == "deriv" => {
                for reading in readings(query) {
                    let metric = reading.selector.metric;
                    let known = metric.and_then(|metric| self.metrics.get_mut(&metric.text));
                    known.into_iter().for_each(|known| known.is_counter = true);
                }
            }
            Node::Aggregate(aggregate) => {
                let by = aggregate.grouping.as_ref().filter(|by| !by.without);
                let labels = by.into_iter().flat_map(|by| &by.labels);
                inner.extend(labels.map(|label| label.name.clone()));
            }
            _ => {}
        }
        for child in children(query) {
            self.group(child, &inner);
        }
    }

    /// Returns the labels of a simulated series with those that panels group it by, as far as no query reads it in another way
    /// then.
    pub(super) fn completed(&self, labels: &Labels, plan: &Plan<'_>) -> Labels {
        let Some(metric) = self.metrics.get(labels.metric()) else {
            return labels.clone();
        };
        let conditions = plan.series.iter().flat_map(|series| &series.conditions);
        let selectors = conditions.map(|condition| &condition.selector);
        let selectors: Vec<&Selector> = selectors.chain(&metric.selectors).collect();
        let mut all = labels.clone();
        for label in metric.labels.iter().filter(|label| *label != LE) {
            let value = guess::values(label).first().copied();
            let more = all.with(label, value.unwrap_or("main"));
            let is_same =
                |selector: &&Selector| matches(selector, &all) == matches(selector, &more);
            if all.get(label).is_empty() && selectors.iter().all(is_same) {
                all = more;
            }
        }
        all
    }
}

/// Adds series for all that is read and that a store lacks. Returns the metrics.
pub(super) fn fill(
    wanted: &Wanted,
    plan: &Plan<'_>,
    simulated: &BTreeSet<SmolStr>,
    store: &mut MemoryStore,
) -> BTreeSet<SmolStr> {
    let mut added: Vec<(Labels, Guess, f64)> = Vec::new();
    for (name, metric) in &wanted.metrics {
        let is_missing =
            |selector: &&Selector| !store.iter().any(|series| matches(selector, &series.labels));
        let missing: Vec<&Selector> = metric.selectors.iter().filter(is_missing).collect();
        if missing.is_empty() {
            continue;
        }
        // Where an SLO or an alert reads the metric, its series are what they are.
        let is_free = |labels: &Labels| {
            let mut given = metric
                .selectors
                .iter()
                .filter(|selector| !is_missing(selector));
            !simulated.contains(name) || !given.any(|selector| matches(selector, labels))
        };
        let guess = guess::guess(name, metric.is_counter);
        let mut known: Vec<Labels> = Vec::new();
        for selector in missing {
            for (labels, share) in series(selector, metric) {
                if !known.contains(&labels) && is_free(&labels) {
                    known.push(labels.clone());
                    added.push((labels, guess, share));
                }
            }
        }
    }
    quiet(plan, &mut added, store);
    let mut names = BTreeSet::new();
    for (labels, guess, share) in added {
        names.insert(labels.metric().into());
        let counts = wanted.metrics.get(labels.metric());
        let is_counter = counts.is_some_and(|metric| metric.is_counter);
        store.add_floats(&labels, samples(&labels, guess, share, is_counter));
    }
    names
}

/// Returns series that a selector reads, each with its share of the whole.
fn series(selector: &Selector, metric: &Metric) -> Vec<(Labels, f64)> {
    let condition = Condition {
        selector: selector.clone(),
        matches: true,
    };
    let Some(first) = witness(&[condition]) else {
        return Vec::new();
    };
    let mut all = vec![(first, 1.0)];
    let is_bucket = selector
        .metric
        .as_ref()
        .is_some_and(|metric| metric.text.ends_with("_bucket"));
    let mut names: Vec<&SmolStr> = metric.labels.iter().filter(|name| *name != LE).collect();
    // The labels that tell most come first.
    names.sort_by_key(|name| guess::values(name).len());
    for name in names {
        let known = guess::values(name);
        let values: Vec<&str> = match known.is_empty() {
            true => vec!["main"],
            false => known.to_vec(),
        };
        let expanded: Vec<(Labels, f64)> = all
            .iter()
            .flat_map(|(labels, share)| {
                let is_set = !labels.get(name).is_empty();
                let values: &[&str] = if is_set { &[] } else { &values };
                let more = values.iter().enumerate().map(|(number, value)| {
                    (
                        labels.with(name, value),
                        share * guess::weight(number, value),
                    )
                });
                let kept = is_set.then(|| (labels.clone(), *share));
                more.chain(kept).collect::<Vec<_>>()
            })
            .filter(|(labels, _)| matches(selector, labels))
            .collect();
        if !expanded.is_empty() && expanded.len() <= MOST_SERIES {
            all = expanded;
        }
    }
    if !is_bucket {
        return all;
    }
    let bounds = BOUNDS.into_iter().chain([f64::INFINITY]);
    let with_bounds = |(labels, share): (Labels, f64)| {
        let bounds = bounds.clone();
        bounds.map(move |bound| (labels.with(LE, &text(bound)), share))
    };
    let with_bounds = all.into_iter().flat_map(with_bounds);
    with_bounds
        .filter(|(labels, _)| matches(selector, labels))
        .collect()
}

/// Changes the sizes of series so that conditions of alerts do not hold by chance.
fn quiet(plan: &Plan<'_>, added: &mut [(Labels, Guess, f64)], store: &MemoryStore) {
    let alerts = plan.services.iter().flat_map(|service| &service.alerts);
    for alert in alerts {
        let read = readings(&alert.when);
        let is_read = |labels: &Labels| read.iter().any(|one| matches(&one.selector, labels));
        let place: Vec<usize> = { added.iter().enumerate() }
            .filter(|(_, (labels, ..))| is_read(labels))
            .map(|(place, _)| place)
            .collect();
        if place.is_empty() {
            continue;
        }
        let original: Vec<(Labels, Guess, f64)> = place
            .iter()
            .filter_map(|at| added.get(*at).cloned())
            .collect();
        let holds = |factor: f64| {
            let mut trial = MemoryStore::new();
            for series in store.iter().filter(|series| is_read(&series.labels)) {
                trial.add_floats(&series.labels, series.floats.into_owned());
            }
            for (labels, guess, share) in &original {
                let is_counter = read
                    .iter()
                    .any(|one| one.form != Form::Gauge && matches(&one.selector, labels));
                let guess = Guess {
                    level: guess.level * factor,
                    ..*guess
                };
                trial.add_floats(labels, samples(labels, guess, *share, is_counter));
            }
            let steps = Steps {
                start: END - DAY,
                end: END,
                step: 2 * 3_600_000,
            };
            let found = eval::evaluate(&alert.when, &trial, steps, &eval::Options::default());
            !matches!(found, Ok((nth_engine::Evaluated::Vector(series), _)) if series.is_empty())
        };
        let factors = [1.0, 0.5, 0.1, 2.0, 10.0, 0.01, 100.0, 0.0];
        let Some(factor) = factors.into_iter().find(|factor| !holds(*factor)) else {
            continue;
        };
        for at in place {
            if let Some((_, guess, _)) = added.get_mut(at) {
                guess.level *= factor;
            }
        }
    }
}

/// Returns the samples of a series.
#[allow(clippy::cast_precision_loss)]
fn samples(labels: &Labels, guess: Guess, share: f64, is_counter: bool) -> Vec<FloatSample> {
    let first = END - DAY - LEAD;
    let count = (END - first) / INTERVAL;
    let mut seed = Seed::new(&labels.with(LE, "").to_string());
    let phase = seed.between(13.0, 16.0);
    let bucket = match labels.get(LE) {
        "+Inf" => Some(f64::INFINITY),
        bound => bound.parse::<f64>().ok(),
    };
    let mut counted = 1000.0;
    let mut noise = 0.0;
    (0..=count)
        .map(|number| {
            let at = first + number * INTERVAL;
            let hour = at.rem_euclid(DAY) as f64 / 3_600_000.0;
            let wave = ((hour - phase + 6.0) / 24.0 * TAU).sin();
            // Noise that goes on for some time.
            noise = 0.9 * noise + seed.between(-0.02, 0.02);
            let level = guess.level * share * (1.0 + guess.swing * wave + noise).max(0.0);
            let value = match (is_counter, bucket) {
                _ if guess.is_time && !is_counter => at as f64 / 1000.0 - guess.level,
                _ if guess.is_constant && !is_counter => guess.level * share,
                (true, bucket) => {
                    let median = 0.08 * (1.0 + 0.15 * wave + noise);
                    let part = bucket.map_or(1.0, |bound| match bound.is_infinite() {
                        true => 1.0,
                        false => up_to(bound, median),
                    });
                    counted += level * part * INTERVAL as f64 / 1000.0;
                    counted
                }
                _ if guess.is_whole => level.round(),
                _ => level,
            };
            FloatSample { at, value }
        })
        .collect()
}
