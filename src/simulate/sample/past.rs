//! The past of SLOs in a sample: what their rules recorded in each slice before the last day, and from that, seldom, the rest.

use std::collections::BTreeMap;

use nth_engine::rules::Recording;
use nth_engine::{
    Evaluated, FloatSample, Labels, METRIC_NAME, MemoryStore, Point, Steps, Timestamp, eval,
};
use nth_model::Sli;
use nth_model::burn_rate::SLICE;
use nth_targets::series_names::{BAD_EVENTS, GROUPS, KNOWN_TIME, TOTAL_EVENTS};

use super::{COARSE, DAY, END, longest_window};
use crate::history::recorded_labels;
use crate::piecewise::{Count, Piecewise};
use crate::plan::{BAD_SLICE, Plan, PlannedSlo};
use crate::queries::readings;
use crate::rule_groups::RuleSet;
use crate::timeline::millis;
use crate::world::{World, is_chosen};

/// How long before its evaluation a slice ends: its rules wait for late samples.
const DELAY: i64 = 60_000;

/// Adds what rules recorded before a time.
pub(super) fn plant(plan: &Plan<'_>, world: &World, from: Timestamp, store: &mut MemoryStore) {
    let rules = &plan.rules;
    for (index, planned) in plan.slos.iter().enumerate() {
        let Some(service) = plan.services.get(planned.service) else {
            continue;
        };
        let counts = Counts::new(planned, world, index);
        let now = from - planned.query_offset(plan.settings);
        let kept = longest_window(planned.slo);
        let first = END - kept - kept.max(31 * DAY);
        for rule in rules.of_slo(&service.name, &planned.slo.name) {
            let samples = match rule.record.as_str() {
                #[allow(clippy::cast_precision_loss)]
                KNOWN_TIME => slices(first, now, |_| millis(SLICE) as f64 / 1000.0),
                TOTAL_EVENTS => slices(first, now, |at| Counts::in_slice(&counts.total, at)),
                BAD_EVENTS => slices(first, now, |at| Counts::in_slice(&counts.bad, at)),
                // Longer windows read the slices.
                BAD_SLICE => {
                    let tick = world.tick(index);
                    let value = |at: Timestamp| {
                        let share = world.bad.get(index).map_or(0.0, |bad| bad.at(at));
                        f64::from(u8::from(is_chosen(at.div_euclid(tick), share)))
                    };
                    let count = (3 * DAY) / tick;
                    let times = (1..=count).rev().map(|number| now - number * tick);
                    let sample = |at| FloatSample {
                        at,
                        value: value(at),
                    };
                    times.map(sample).collect()
                }
                GROUPS => {
                    let at = now - millis(SLICE);
                    let labels = recorded_labels(rule, &BTreeMap::new());
                    store.add_floats(&labels, vec![FloatSample { at, value: 1.0 }]);
                    continue;
                }
                _ => continue,
            };
            store.add_floats(&recorded_labels(rule, &planned.group), samples);
        }
    }
    for service in &plan.services {
        for slo in &service.slos {
            for rule in rules.of_slo(&service.name, &slo.name) {
                coarse(rule, rules, longest_window(slo), from, store);
            }
        }
    }
}

/// The events of an SLO, or its seconds.
struct Counts {
    total: Count,
    bad: Count,
}

impl Counts {
    fn new(planned: &PlannedSlo<'_>, world: &World, index: usize) -> Self {
        let is_timed = matches!(
            planned.slo.sli,
            Sli::TimeSlices { .. } | Sli::ErrorRatio { total: None, .. }
        );
        let rate = match world.services.get(planned.service) {
            Some(service) if !is_timed => service.rate.clone(),
            _ => Piecewise::constant(1.0),
        };
        let nothing = Piecewise::constant(0.0);
        let bad = world.bad.get(index).unwrap_or(&nothing);
        let start = END - 3 * longest_window(planned.slo).max(31 * DAY);
        Self {
            bad: rate.times(bad).count_from(start),
            total: rate.count_from(start),
        }
    }

    fn in_slice(count: &Count, at: Timestamp) -> f64 {
        count.at(at - DELAY) - count.at(at - DELAY - millis(SLICE))
    }
}

/// Returns a sample of each slice between two times.
fn slices(first: Timestamp, now: Timestamp, value: impl Fn(Timestamp) -> f64) -> Vec<FloatSample> {
    let step = millis(SLICE).max(1);
    let count = (now - first) / step;
    let times = (1..=count).rev().map(|number| now - number * step);
    let sample = |at| FloatSample {
        at,
        value: value(at),
    };
    times.map(sample).collect()
}

/// Evaluates a rule now and then before a time, if it reads nothing but what other rules record.
fn coarse(
    rule: &Recording,
    rules: &RuleSet,
    window: i64,
    from: Timestamp,
    store: &mut MemoryStore,
) {
    let planted = [KNOWN_TIME, TOTAL_EVENTS, BAD_EVENTS, BAD_SLICE, GROUPS];
    let read = readings(&rule.expr);
    let is_recorded = read.iter().all(|one| rules.records(&one.selector));
    let reads_slices = read.iter().any(|one| {
        let metric = one.selector.metric.as_ref();
        metric.is_some_and(|metric| metric.text == BAD_SLICE)
    });
    if !is_recorded || reads_slices || planted.contains(&rule.record.as_str()) {
        return;
    }
    let start = END - window.max(31 * DAY).div_euclid(COARSE) * COARSE;
    let steps = Steps {
        start,
        end: END - ((END - from) / COARSE + 1) * COARSE,
        step: COARSE,
    };
    if steps.end <= steps.start {
        return;
    }
    let options = eval::Options::default();
    let Ok((Evaluated::Vector(found), _)) = eval::evaluate(&rule.expr, store, steps, &options)
    else {
        return;
    };
    for series in found {
        let own = series.labels.iter();
        let own = own.filter(|(name, _)| *name != METRIC_NAME);
        let set = rule.labels.iter();
        let set = set.map(|(name, value)| (name.as_str(), value.as_str()));
        let labels: Labels = own
            .chain(set)
            .chain([(METRIC_NAME, rule.record.as_str())])
            .collect();
        let points = steps.times().zip(series.points);
        let samples = points.filter_map(|(at, point)| match point {
            Point::Float(value) => Some(FloatSample { at, value }),
            _ => None,
        });
        store.add_floats(&labels, samples.collect());
    }
}
