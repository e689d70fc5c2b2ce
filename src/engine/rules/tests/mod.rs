//! Tests of rules.
#![allow(clippy::unwrap_used)]

mod alerts;
mod equality;
mod errors;
mod order;
mod plans;
mod recordings;

use std::collections::BTreeMap;

use nth_promql::parse;
use smol_str::SmolStr;

use super::*;
use crate::stale::is_stale;
use crate::store::MemoryStore;
use crate::testing::Sequence;
use crate::value::Timestamp;

/// Returns a group that is evaluated every second.
fn group(rules: Vec<Rule>) -> Group {
    Group {
        name: "test".into(),
        interval: 1000,
        query_offset: 0,
        limit: 0,
        rules,
    }
}

fn recording(record: &str, expr: &str) -> Rule {
    recording_with(record, expr, &[])
}

fn recording_with(record: &str, expr: &str, labels: &[(&str, &str)]) -> Rule {
    Rule::Recording(Recording {
        record: record.into(),
        expr: parse(expr).unwrap(),
        labels: map(labels),
    })
}

fn alerting(alert: &str, expr: &str, hold: i64, labels: &[(&str, &str)]) -> Rule {
    Rule::Alerting(Alerting {
        alert: alert.into(),
        expr: parse(expr).unwrap(),
        hold: hold * 1000,
        keep_firing: 0,
        labels: map(labels),
        annotations: BTreeMap::new(),
    })
}

fn map(labels: &[(&str, &str)]) -> BTreeMap<SmolStr, SmolStr> {
    labels
        .iter()
        .map(|(name, value)| (SmolStr::from(*name), SmolStr::from(*value)))
        .collect()
}

/// Returns a store with series in the notation of tests, one sample per second.
fn store(series: &[&str]) -> MemoryStore {
    let mut store = MemoryStore::new();
    for series in series {
        Sequence::parse(series).unwrap().load(&mut store, 0, 1000);
    }
    store
}

/// Returns the samples of all series of metrics whose names start with a prefix, as `labels value@second …`, a line per series.
fn written(store: &MemoryStore, prefix: &str) -> Vec<String> {
    let mut lines: Vec<String> = store
        .iter()
        .filter(|series| series.labels.metric().starts_with(prefix))
        .map(|series| {
            let floats = series.floats.iter().map(|sample| {
                let value = if is_stale(sample.value) {
                    "stale".to_owned()
                } else {
                    sample.value.to_string()
                };
                (sample.at, value)
            });
            let histograms = series.histograms.iter().map(|sample| {
                let value = if sample.value.is_stale() {
                    "stale histogram".to_owned()
                } else {
                    sample.value.to_string()
                };
                (sample.at, value)
            });
            let mut samples: Vec<(Timestamp, String)> = floats.chain(histograms).collect();
            samples.sort();
            let samples = samples
                .iter()
                .map(|(at, value)| format!(" {value}@{}", *at as f64 / 1000.0));
            series.labels.to_string() + &samples.collect::<String>()
        })
        .collect();
    lines.sort();
    lines
}

/// Evaluates groups from 0 to a second.
fn evaluate(groups: &[Group], store: &mut MemoryStore, to: i64) -> Outcome {
    run(groups, store, 0..=to * 1000, Settings::default()).unwrap()
}

/// Returns the transitions of all alerts, as `labels state@second=value …`, a line per alert.
fn transitions(outcome: &Outcome) -> Vec<String> {
    let lines = outcome.alerts.iter().map(|alert| {
        let transitions = alert.transitions.iter().map(|transition| {
            let Transition { at, state, value } = transition;
            let value = value
                .float()
                .map_or("?".to_owned(), |value| value.to_string());
            format!(" {}@{}={value}", state.as_str(), *at as f64 / 1000.0)
        });
        alert.labels.to_string() + &transitions.collect::<String>()
    });
    lines.collect()
}
