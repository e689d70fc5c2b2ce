//! Series for the selectors of rules.

use std::collections::{BTreeMap, BTreeSet};

use nth_engine::rules::{ALERTS, ALERTS_FOR_STATE, Group, Rule};
use nth_engine::{FloatSample, Labels, METRIC_NAME, MemoryStore};
use nth_promql::{MatchOp, Matcher, Selector, classify, matches_any};

use crate::{HOUR, INTERVAL};

/// A generated series.
pub(crate) struct Generated {
    pub(crate) labels: Labels,
    /// A number that differs between series.
    number: u32,
}

/// The number of instances of each series.
const INSTANCES: u32 = 2;

/// Returns series for all metrics that the rules read and do not record.
pub(crate) fn metrics(groups: &[Group]) -> Vec<Generated> {
    let rules = || groups.iter().flat_map(|group| &group.rules);
    let recorded: BTreeSet<&str> = rules()
        .filter_map(|rule| match rule {
            Rule::Recording(rule) => Some(rule.record.as_str()),
            Rule::Alerting(_) => None,
        })
        .chain([ALERTS, ALERTS_FOR_STATE])
        .collect();
    let mut all: BTreeSet<BTreeMap<String, String>> = BTreeSet::new();
    for selector in rules().flat_map(|rule| classify::metrics(rule.expr())) {
        match &selector.metric {
            Some(metric) if !recorded.contains(metric.text.as_str()) => {
                all.extend(label_sets(metric.text.as_str(), selector))
            }
            _ => {}
        }
    }
    let is_part = |small: &BTreeMap<String, String>, large: &BTreeMap<String, String>| {
        small.len() < large.len()
            && small
                .iter()
                .all(|(name, value)| large.get(name) == Some(value))
    };
    let mut generated = Vec::new();
    for labels in all
        .iter()
        .filter(|labels| !all.iter().any(|other| is_part(labels, other)))
    {
        for instance in 0..INSTANCES {
            let instance = ("instance".to_owned(), format!("i{instance}"));
            generated.push(Generated {
                labels: [instance].into_iter().chain(labels.clone()).collect(),
                number: u32::try_from(generated.len()).unwrap_or(u32::MAX),
            });
        }
    }
    generated
}

/// Returns labels that a selector selects and, if it has regexes, some that it does not.
fn label_sets(metric: &str, selector: &Selector) -> Vec<BTreeMap<String, String>> {
    let mut selected = BTreeMap::from([(METRIC_NAME.to_owned(), metric.to_owned())]);
    let mut other = selected.clone();
    for matcher in &selector.matchers {
        let Some(value) = example(matcher) else {
            continue;
        };
        let is_regex = matcher.op == MatchOp::Matches;
        let differs = if is_regex {
            "200".to_owned()
        } else {
            value.clone()
        };
        other.insert(matcher.label.to_string(), differs);
        selected.insert(matcher.label.to_string(), value);
    }
    let mut total = other.clone();
    if let Some(bound) = total.get_mut("le") {
        *bound = "+Inf".to_owned();
    }
    vec![selected, other, total]
}

/// Returns a value that a matcher matches; `None` if it matches series without the label, or if none is found.
fn example(matcher: &Matcher) -> Option<String> {
    let text = matcher.value.text()?;
    match matcher.op {
        MatchOp::Equal => Some(text.to_owned()),
        MatchOp::Matches => {
            let first = text.split('|').next().unwrap_or_default();
            let plain = first
                .replace("\\.", "0")
                .replace(".*", "")
                .replace(".+", "0")
                .replace('.', "0");
            let plain = plain.replace(['(', ')', '^', '$'], "");
            (matches_any(text, [plain.as_str()]) == Some(true)).then_some(plain)
        }
        MatchOp::NotEqual | MatchOp::NotMatches => None,
    }
}

impl Generated {
    /// Adds the samples up to and including a time.
    pub(crate) fn load(&self, store: &mut MemoryStore, to: i64) {
        let samples: Vec<FloatSample> = self
            .values()
            .zip(0..=to / INTERVAL)
            .map(|(value, index)| FloatSample {
                at: index * INTERVAL,
                value,
            })
            .collect();
        store.add_floats(&self.labels, samples);
    }

    /// Returns the values, one per interval.
    pub(crate) fn values(&self) -> impl Iterator<Item = f64> {
        let metric = self.labels.metric();
        let is_counter = ["_total", "_count", "_sum", "_bucket"]
            .iter()
            .any(|suffix| metric.ends_with(suffix));
        let is_time = metric.ends_with("_timestamp_seconds");
        let is_up = metric == "up";
        let is_bad = self
            .labels
            .iter()
            .any(|(_, value)| value.starts_with('5') || ["failed", "error"].contains(&value));
        let bound = self
            .labels
            .get("le")
            .parse::<f64>()
            .unwrap_or(f64::INFINITY);
        let share = bound / (bound + 0.1);
        let scale = if share.is_nan() {
            30.0
        } else {
            (30.0 * share).floor()
        };
        let mut random = u64::from(self.number) * 7919 + 1;
        let mut counter = 0.0;
        let number = i64::from(self.number);
        (0_i64..).map(move |index| {
            random = random
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let noise = (random >> 33) as f64 / f64::from(1_u32 << 31);
            let time = index * INTERVAL;
            // Two hours in three days are bad.
            let is_burst = (time / HOUR + number / 10) % 72 < 2;
            if is_up {
                return 1.0;
            }
            if is_time {
                return (time / 1000) as f64 - (noise * 120.0).floor();
            }
            if !is_counter {
                return 100.0 + (noise * 16.0).floor();
            }
            // A restart each three days.
            if index % 8640 == 8000 {
                counter = 0.0;
            }
            let rate = match (is_bad, is_burst) {
                (true, true) => 6.0,
                (true, false) => 0.01,
                (false, _) => scale,
            };
            counter += (rate + noise * rate.max(1.0) * 0.9).floor();
            counter
        })
    }
}
