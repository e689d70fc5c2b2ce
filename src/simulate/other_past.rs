//! What rules would have recorded of an SLO that they measure in another way than the series of a plan are made for.

use std::collections::BTreeMap;

use nth_engine::rules::{self, Group, Recording, Rule};
use nth_engine::{Labels, MemoryStore, Timestamp, is_stale};
use nth_model::burn_rate::SLICE;
use nth_targets::series_names::{BAD_EVENTS, KNOWN_TIME, TOTAL_EVENTS};

use crate::error::Error;
use crate::plan::{BAD_SLICE, Plan};
use crate::queries::{reach, readings};
use crate::rule_groups::{Literal, RuleSet};
use crate::series::Scrapes;
use crate::timeline::{Scenario, millis};
use crate::world::{SloIndex, World};

/// What the changed recording rules of an SLO record while nothing changes, by the labels of their series.
#[derive(Debug)]
pub(crate) struct OtherPast {
    /// The names of the changed rules' metrics.
    changed: Vec<String>,
    good: Recorded,
    bad: Recorded,
    bad_slice: Recorded,
}

/// The last values of recorded series.
type Recorded = BTreeMap<String, (Labels, f64)>;

/// The values of a series: in good times, in bad ones, and in time slices that are bad as a whole. `None` if there is none.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Values {
    /// While nothing is bad.
    pub(crate) good: Option<f64>,
    /// While the given share is bad.
    pub(crate) bad: Option<f64>,
    /// While everything is bad.
    pub(crate) bad_slice: Option<f64>,
}

impl OtherPast {
    /// Evaluates the rules of an SLO over steady series; `None` if they are those of the plan. `share` is bad in bad times.
    pub(crate) fn new(
        plan: &Plan<'_>,
        scenario: &Scenario,
        (rules, original): (&RuleSet, &RuleSet),
        (index, share): (SloIndex, f64),
        from: Timestamp,
    ) -> Result<Option<Self>, Error> {
        let Some(planned) = plan.slos.get(index).filter(|slo| slo.is_generated()) else {
            return Ok(None);
        };
        let Some(service) = plan.services.get(planned.service) else {
            return Ok(None);
        };
        let known: Vec<&Recording> = original.of_slo(&service.name, &planned.slo.name).collect();
        let own: Vec<&Recording> = rules.of_slo(&service.name, &planned.slo.name).collect();
        let changed = changed(&own, &known);
        if changed.is_empty() {
            return Ok(None);
        }
        let recorded = |share| steady(plan, scenario, rules, (index, share), from);
        let is_sliced = changed.iter().any(|name| name == BAD_SLICE);
        let good = recorded(0.0)?;
        let bad_slice = match is_sliced && share > 0.0 {
            true => recorded(1.0)?,
            false => good.clone(),
        };
        Ok(Some(Self {
            bad: match (share > 0.0, is_sliced) {
                (false, _) => good.clone(),
                // A time slice is good or bad as a whole, so what is bad of one is a part of what is bad of many.
                (true, true) => mixed(&good, &bad_slice, share),
                (true, false) => recorded(share)?,
            },
            bad_slice,
            good,
            changed,
        }))
    }

    /// Returns the series that a rule records with their values; `None` if the rule is the plan's.
    pub(crate) fn series(&self, rule: &Recording) -> Option<Vec<(Labels, Values)>> {
        if !self.changed.iter().any(|name| *name == rule.record) {
            return None;
        }
        let is_of_rule = |labels: &Labels| {
            let mut all = rule.labels.iter();
            labels.metric() == rule.record && all.all(|(name, value)| labels.get(name) == *value)
        };
        let mut found: BTreeMap<&String, (Labels, Values)> = BTreeMap::new();
        type Set = fn(&mut Values, f64);
        let all: [(&Recorded, Set); 3] = [
            (&self.good, |values, value| values.good = Some(value)),
            (&self.bad, |values, value| values.bad = Some(value)),
            (&self.bad_slice, |values, value| {
                values.bad_slice = Some(value)
            }),
        ];
        for (recorded, set) in all {
            for (name, (labels, value)) in recorded {
                if is_of_rule(labels) {
                    let entry = found.entry(name);
                    let (_, values) = entry.or_insert_with(|| (labels.clone(), Values::default()));
                    set(values, *value);
                }
            }
        }
        Some(found.into_values().collect())
    }
}

/// Returns the metrics of those of an SLO's rules that measure in another way than the known ones, or read what such a rule records.
fn changed(own: &[&Recording], known: &[&Recording]) -> Vec<String> {
    let is_known = |rule: &Recording| {
        let mut all = known.iter();
        all.any(|known| known.record == rule.record && known.expr == rule.expr)
    };
    let mut names: Vec<String> = own
        .iter()
        .filter(|rule| !is_known(rule))
        .map(|rule| rule.record.to_string())
        .collect();
    loop {
        let is_reader = |rule: &Recording| {
            readings(&rule.expr).into_iter().any(|reading| {
                let metric = reading.selector.metric;
                metric.is_none_or(|metric| names.iter().any(|name| *name == metric.text))
            })
        };
        let more = own
            .iter()
            .find(|rule| !names.iter().any(|name| *name == rule.record) && is_reader(rule));
        let Some(more) = more else { break };
        names.push(more.record.to_string());
    }
    names.retain(|name| is_measured(name));
    names
}

/// What is recorded in the mean if a share of the time is bad. What is not recorded at all counts as 0.
fn mixed(good: &Recorded, bad: &Recorded, share: f64) -> Recorded {
    let value = |of: &Recorded, name: &String| of.get(name).map_or(0.0, |(_, value)| *value);
    let all = good.iter().chain(bad);
    all.map(|(name, (labels, _))| {
        let mean = value(good, name) * (1.0 - share) + value(bad, name) * share;
        (name.clone(), (labels.clone(), mean))
    })
    .collect()
}

/// True if a metric is what was measured in a time slice.
fn is_measured(metric: &str) -> bool {
    [KNOWN_TIME, TOTAL_EVENTS, BAD_EVENTS, BAD_SLICE].contains(&metric)
}

/// How many time slices are evaluated until what is recorded does not change any more.
const SLICES: i64 = 6;

/// Evaluates the recording rules of an SLO's service, while a share of its events or of its time is bad.
fn steady(
    plan: &Plan<'_>,
    scenario: &Scenario,
    rules: &RuleSet,
    (index, share): (SloIndex, f64),
    from: Timestamp,
) -> Result<Recorded, Error> {
    let service = plan.slos.get(index).map(|planned| planned.service);
    let name = service.and_then(|service| Some(&plan.services.get(service)?.name));
    let recordings: Vec<Group> = rules
        .groups
        .iter()
        .zip(&rules.services)
        .filter(|(_, of)| Some(*of) == name)
        .map(|(group, _)| {
            let mut group = group.clone();
            group
                .rules
                .retain(|rule| matches!(rule, Rule::Recording(_)));
            group
        })
        .collect();
    let services = &scenario.world.services;
    let rates: Vec<f64> = services.iter().map(|state| state.rate.at(from)).collect();
    let bad: Vec<f64> = (0..plan.slos.len())
        .map(|slo| if slo == index { share } else { 0.0 })
        .collect();
    let world = World::steady(&rates, &bad, &scenario.world.ticks);
    let interval = millis(plan.settings.prometheus.scrape_interval).max(1);
    let is_raw = |selector: &nth_promql::Selector| !rules.records(selector);
    let reaches = recordings.iter().flat_map(|group| &group.rules);
    let lead = reaches
        .map(|rule| reach(rule.expr(), &is_raw))
        .max()
        .unwrap_or(0)
        .saturating_add(2 * interval);
    let last = from.saturating_add(SLICES * millis(SLICE));
    let scrapes = Scrapes {
        first: from - (lead / interval + 1) * interval,
        last,
        interval,
        counted_before: 1000.0,
    };
    let mut store = MemoryStore::new();
    for series in plan
        .series
        .iter()
        .filter(|series| rules.reads(&series.labels))
    {
        series.load(&world, scrapes, &mut store);
    }
    let settings = rules::Settings {
        expand: &Literal,
        ..rules::Settings::default()
    };
    rules::run(&recordings, &mut store, from..=last, settings)
        .map_err(|failure| Error::Evaluation(Box::new(failure)))?;
    let recorded = store.iter().filter_map(|series| {
        let last = series.floats.last().filter(|last| !is_stale(last.value))?;
        let metric = series.labels.metric();
        rules
            .of_slo(name?, &plan.slos.get(index)?.slo.name)
            .any(|rule| rule.record == metric)
            .then(|| {
                (
                    series.labels.to_string(),
                    (series.labels.clone(), last.value),
                )
            })
    });
    Ok(recorded.collect())
}
