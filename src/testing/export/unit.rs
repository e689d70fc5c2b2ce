//! Groups that promtool evaluates together: it has one interval for all groups of a file.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use nth_engine::histogram::FloatHistogram;
use nth_engine::rules::{AlertHistory, AlertState, Group, Outcome, RuleId};
use nth_engine::testing::Sequence;
use nth_engine::{Labels, METRIC_NAME, MemoryStore, Samples, Timestamp, is_stale};
use nth_simulate::rerun;

use super::limits;
use super::recorded::{Source, writer};
use super::values::{self, Slots};
use crate::testing::wording::time;

/// The most values of a series in a file.
const MOST_VALUES: i64 = 200_000;

/// Groups with the same interval.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unit {
    /// The milliseconds between two evaluations.
    pub interval: i64,
    /// The groups' indices, in order.
    pub groups: Vec<usize>,
}

/// Divides groups into units. In a unit, what a group of another interval records is read either only by groups before it, or
/// only by groups after it: a sample that promtool is given is visible to all groups at its time.
pub fn units(source: &Source<'_>) -> Vec<Unit> {
    let groups = &source.simulation.rules.groups;
    let mut reads: Vec<HashSet<usize>> = vec![HashSet::new(); groups.len()];
    for (id, read) in &source.reads {
        if let Some(of_group) = reads.get_mut(id.group) {
            of_group.extend(read);
        }
    }
    let mut units: Vec<Unit> = Vec::new();
    for (index, group) in groups.iter().enumerate() {
        let has_conflict = |unit: &Unit| {
            unit.groups.iter().any(|earlier| {
                let both = match (reads.get(*earlier), reads.get(index)) {
                    (Some(left), Some(right)) => left.intersection(right),
                    _ => return false,
                };
                both.filter_map(|series| source.series.get(*series)?.writer)
                    .any(|writer| {
                        let is_other = groups
                            .get(writer.group)
                            .is_some_and(|of| of.interval != group.interval);
                        is_other && *earlier < writer.group && writer.group < index
                    })
            })
        };
        let known = units
            .iter_mut()
            .find(|unit| unit.interval == group.interval && !has_conflict(unit));
        match known {
            Some(unit) => unit.groups.push(index),
            None => units.push(Unit {
                interval: group.interval,
                groups: vec![index],
            }),
        }
    }
    units
}

/// A series that promtool is given.
pub struct Input {
    /// The metric with its labels.
    pub series: String,
    /// The values.
    pub values: String,
    /// The rule that recorded it; `None` for raw series.
    pub writer: Option<RuleId>,
}

/// What promtool evaluates, and what our engine finds in it.
pub struct World {
    /// The first evaluation, and the time of the first value of each series.
    pub start: Timestamp,
    /// The milliseconds between two values.
    pub grid: i64,
    /// The series.
    pub input: Vec<Input>,
    /// The rules that run, by group.
    pub running: BTreeMap<usize, Vec<usize>>,
    /// All series after the evaluation.
    pub store: MemoryStore,
    /// The alerts; the rules of their histories are those of the simulation.
    pub alerts: Vec<AlertHistory>,
}

/// A unit whose rules give in promtool what they give in the simulation.
pub struct Settled {
    /// The unit.
    pub unit: Unit,
    /// What promtool evaluates.
    pub world: World,
    /// The alerting rules that do not run, with the reason.
    pub omitted: BTreeMap<RuleId, String>,
}

/// Finds the rules of a unit that run in promtool with the same result.
///
/// # Errors
///
/// If a series cannot be written.
pub fn settle(source: &Source<'_>, unit: Unit) -> Result<Settled, String> {
    let mut given = BTreeSet::new();
    let mut omitted: BTreeMap<RuleId, String> = BTreeMap::new();
    loop {
        let mut prepared = Prepared::new(source, &unit, &|id| {
            !given.contains(&id) && !omitted.contains_key(&id)
        })?;
        let mut differing: Vec<(RuleId, String)> = prepared.beyond_limits(source, &unit);
        if differing.is_empty() {
            match prepared.run(source, &unit) {
                Err((id, problem)) => differing.push((id, problem)),
                Ok(alerts) => {
                    differing = different_recordings(source, &unit, &prepared);
                    if differing.is_empty() {
                        differing = different_alerts(source, &unit, &prepared, &alerts);
                    }
                    if differing.is_empty() {
                        return Ok(Settled {
                            world: World {
                                start: prepared.start,
                                grid: prepared.grid,
                                input: prepared.input,
                                running: prepared.running,
                                store: prepared.store,
                                alerts,
                            },
                            unit,
                            omitted,
                        });
                    }
                }
            }
        }
        for (id, problem) in differing {
            match source.rule(id) {
                Some(nth_engine::rules::Rule::Recording(_)) => {
                    given.insert(id);
                }
                _ => {
                    omitted.insert(id, problem);
                }
            }
        }
    }
}

/// What promtool is given, before the evaluation.
struct Prepared {
    start: Timestamp,
    grid: i64,
    input: Vec<Input>,
    running: BTreeMap<usize, Vec<usize>>,
    store: MemoryStore,
}

impl Prepared {
    fn new(
        source: &Source<'_>,
        unit: &Unit,
        runs: &dyn Fn(RuleId) -> bool,
    ) -> Result<Self, String> {
        let runs = |id: RuleId| unit.groups.contains(&id.group) && runs(id);
        let mut running: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        // The rules that read each series.
        let mut readers: BTreeMap<usize, Vec<RuleId>> = BTreeMap::new();
        for (id, read) in source.reads.iter().filter(|(id, _)| runs(*id)) {
            running.entry(id.group).or_default().push(id.rule);
            for series in read {
                readers.entry(*series).or_default().push(*id);
            }
        }
        let needed: Vec<_> = readers
            .iter()
            .filter_map(|(index, readers)| Some((source.series.get(*index)?, readers)))
            .filter(|(series, _)| series.writer.is_none_or(|writer| !runs(writer)))
            .collect();
        let from = source.simulation.from;
        let raw = needed.iter().filter(|(series, _)| series.writer.is_none());
        let first = raw.filter_map(|(series, _)| first_sample(&series.samples));
        let first = first.min().unwrap_or(from).min(from);
        let start = from - (from - first + unit.interval - 1) / unit.interval * unit.interval;
        let end = source.simulation.end;
        let mut all: Vec<(&Labels, Option<RuleId>, Slots)> = Vec::new();
        let mut grid = 0;
        for (series, readers) in needed {
            // What a later rule records is visible at the next evaluation.
            let is_late = series
                .writer
                .is_some_and(|writer| readers.iter().all(|reader| *reader < writer));
            let shift = if is_late { unit.interval } else { 0 };
            let mut slots = values::slots(
                &series.samples.floats,
                &series.samples.histograms,
                start,
                shift,
            );
            slots.retain(|(at, _)| *at <= end);
            for (at, _) in &slots {
                grid = greatest_common_divisor(grid, at - start);
            }
            if !slots.is_empty() {
                all.push((&series.samples.labels, series.writer, slots));
            }
        }
        let grid = if grid == 0 { unit.interval } else { grid };
        if (end - start) / grid > MOST_VALUES {
            return Err(format!(
                "its samples are at multiples of {grid}ms only, so a series has more than {MOST_VALUES} values; let series and scrapes begin at the same multiple of a longer time"
            ));
        }
        let mut store = MemoryStore::new();
        let mut input = Vec::new();
        for (labels, writer, slots) in all {
            let one = Input {
                series: values::series(labels),
                values: values::text(&slots, start, grid),
                writer,
            };
            let read = Sequence::parse(&format!("{} {}", one.series, one.values))
                .and_then(|read| read.validate().map(|()| read));
            let read =
                read.map_err(|problem| format!("cannot write the series {labels}: {problem}"))?;
            if read.labels != *labels {
                return Err(format!("cannot write the series {labels}"));
            }
            read.load(&mut store, start, grid);
            input.push(one);
        }
        input.sort_by(|left, right| left.series.cmp(&right.series));
        Ok(Self {
            start,
            grid,
            input,
            running,
            store,
        })
    }

    /// Returns the rules that read more samples than promtool loads.
    fn beyond_limits(&self, source: &Source<'_>, unit: &Unit) -> Vec<(RuleId, String)> {
        let times = limits::Times {
            span: source.simulation.end - self.start,
            grid: self.grid,
            interval: unit.interval,
        };
        let all = self.running.iter().flat_map(|(group, rules)| {
            rules.iter().map(|rule| RuleId {
                group: *group,
                rule: *rule,
            })
        });
        all.filter_map(|id| {
            let rule = source.rule(id)?;
            let is_beyond = limits::is_beyond(rule, times, &self.store);
            is_beyond.then(|| (id, limits::PROBLEM.to_owned()))
        })
        .collect()
    }

    /// Evaluates the rules. The error is the first rule that fails.
    fn run(
        &mut self,
        source: &Source<'_>,
        unit: &Unit,
    ) -> Result<Vec<AlertHistory>, (RuleId, String)> {
        let mut groups: Vec<Group> = Vec::new();
        let mut ids: Vec<Vec<RuleId>> = Vec::new();
        for (index, rules) in &self.running {
            let Some(group) = source.simulation.rules.groups.get(*index) else {
                continue;
            };
            let of_group = rules.iter().map(|rule| RuleId {
                group: *index,
                rule: *rule,
            });
            let of_group: Vec<RuleId> = of_group.collect();
            groups.push(Group {
                rules: of_group
                    .iter()
                    .filter_map(|id| source.rule(*id).cloned())
                    .collect(),
                ..group.clone()
            });
            ids.push(of_group);
        }
        let original = |id: RuleId| {
            let of_group = ids.get(id.group);
            of_group
                .and_then(|rules| rules.get(id.rule))
                .copied()
                .unwrap_or(id)
        };
        let range = self.start..=source.simulation.end;
        let outcome = rerun(&groups, &mut self.store, range, unit.interval)
            .map_err(|failure| (original(failure.id), failure.error.message.clone()))?;
        let Outcome { alerts, .. } = outcome;
        Ok(alerts
            .into_iter()
            .map(|alert| AlertHistory {
                rule: original(alert.rule),
                ..alert
            })
            .collect())
    }

    fn runs(&self, id: RuleId) -> bool {
        let of_group = self.running.get(&id.group);
        of_group.is_some_and(|rules| rules.contains(&id.rule))
    }
}

fn first_sample(samples: &Samples<'_>) -> Option<Timestamp> {
    let float = samples.floats.first().map(|sample| sample.at);
    let histogram = samples.histograms.first().map(|sample| sample.at);
    float.into_iter().chain(histogram).min()
}

fn greatest_common_divisor(one: i64, other: i64) -> i64 {
    let (mut one, mut other) = (one.abs(), other.abs());
    while other != 0 {
        (one, other) = (other, one % other);
    }
    one
}

/// Returns the recording rules whose series differ from those of the simulation.
fn different_recordings(
    source: &Source<'_>,
    unit: &Unit,
    prepared: &Prepared,
) -> Vec<(RuleId, String)> {
    let (from, end) = (source.simulation.from, source.simulation.end);
    let mut found = BTreeSet::new();
    let mut known: HashSet<&Labels> = HashSet::new();
    for series in &source.series {
        let Some(id) = series.writer.filter(|id| is_recording(source, *id)) else {
            continue;
        };
        if !prepared.runs(id) {
            continue;
        }
        known.insert(&series.samples.labels);
        let ours = prepared.store.series(&series.samples.labels);
        let is_same = match &ours {
            Some(ours) => is_same(&series.samples, ours, from, end, unit.interval),
            None => !has_samples(&series.samples, from, end),
        };
        if !is_same {
            found.insert(id);
        }
    }
    for samples in prepared.store.iter() {
        if known.contains(&samples.labels) || !has_samples(&samples, from, end) {
            continue;
        }
        let id = writer(source.simulation, &samples.labels);
        let Some(id) = id.filter(|id| is_recording(source, *id) && prepared.runs(*id)) else {
            continue;
        };
        let mut all = source.series.iter();
        if !all.any(|series| series.samples.labels == samples.labels) {
            found.insert(id);
        }
    }
    let differs = |id| (id, "it differs".to_owned());
    found.into_iter().map(differs).collect()
}

fn is_recording(source: &Source<'_>, id: RuleId) -> bool {
    matches!(source.rule(id), Some(nth_engine::rules::Rule::Recording(_)))
}

fn has_samples(samples: &Samples<'_>, from: Timestamp, end: Timestamp) -> bool {
    let is_within = |at: Timestamp| (from..=end).contains(&at);
    samples.floats.iter().any(|sample| is_within(sample.at))
        || samples.histograms.iter().any(|sample| is_within(sample.at))
}

/// True if two series have the same samples in a range of time, up to the rounding of sums.
fn is_same(
    one: &Samples<'_>,
    other: &Samples<'_>,
    from: Timestamp,
    end: Timestamp,
    interval: i64,
) -> bool {
    let is_within =
        |at: Timestamp| (from..=end).contains(&at) && (at - from).rem_euclid(interval) == 0;
    let floats = |samples: &Samples<'_>| -> Vec<(Timestamp, f64)> {
        let all = samples.floats.iter().filter(|sample| is_within(sample.at));
        all.map(|sample| (sample.at, sample.value)).collect()
    };
    let histograms = |samples: &Samples<'_>| -> Vec<(Timestamp, String)> {
        let all = samples.histograms.iter();
        let all = all.filter(|sample| is_within(sample.at));
        let text = |value: &FloatHistogram| match is_stale(value.sum) {
            true => "stale".to_owned(),
            false => value.to_string(),
        };
        all.map(|sample| (sample.at, text(&sample.value))).collect()
    };
    let (left, right) = (floats(one), floats(other));
    left.len() == right.len()
        && left
            .iter()
            .zip(&right)
            .all(|(left, right)| left.0 == right.0 && is_same_float(left.1, right.1))
        && histograms(one) == histograms(other)
}

fn is_same_float(one: f64, other: f64) -> bool {
    if is_stale(one) || is_stale(other) {
        return is_stale(one) && is_stale(other);
    }
    one == other
        || (one.is_nan() && other.is_nan())
        || (one - other).abs() <= 1e-12 * one.abs().max(other.abs())
}

/// Returns the alerting rules whose alerts do not fire as in the simulation, during the test.
fn different_alerts(
    source: &Source<'_>,
    unit: &Unit,
    prepared: &Prepared,
    alerts: &[AlertHistory],
) -> Vec<(RuleId, String)> {
    let simulation = source.simulation;
    let times: Vec<Timestamp> = times(simulation.from, simulation.end, unit.interval)
        .filter(|at| *at >= simulation.begin)
        .collect();
    let firing = |history: &AlertHistory| -> Vec<Timestamp> {
        let all = times.iter().copied();
        all.filter(|at| history.state_at(*at) == AlertState::Firing)
            .collect()
    };
    let mut found: BTreeMap<RuleId, String> = BTreeMap::new();
    let ours: BTreeMap<(RuleId, &Labels), Vec<Timestamp>> = alerts
        .iter()
        .map(|alert| ((alert.rule, &alert.labels), firing(alert)))
        .collect();
    let theirs: BTreeMap<(RuleId, &Labels), Vec<Timestamp>> = simulation
        .alerts
        .iter()
        .map(|alert| &alert.history)
        .filter(|alert| prepared.runs(alert.rule))
        .map(|alert| ((alert.rule, &alert.labels), firing(alert)))
        .collect();
    let nothing = Vec::new();
    for key in ours.keys().chain(theirs.keys()) {
        let (one, other) = (
            ours.get(key).unwrap_or(&nothing),
            theirs.get(key).unwrap_or(&nothing),
        );
        if one != other {
            let first = one
                .iter()
                .filter(|at| !other.contains(at))
                .chain(other.iter().filter(|at| !one.contains(at)))
                .min();
            let at = first.map_or(0, |at| at - simulation.begin);
            found.insert(
                key.0,
                format!(
                    "it does not fire as in the simulation at {}, because {}",
                    time(at),
                    limits::difference(source.rule(key.0), unit.interval)
                ),
            );
        }
    }
    found.into_iter().collect()
}

/// Iterates over the evaluations of a range.
pub fn times(from: Timestamp, end: Timestamp, interval: i64) -> impl Iterator<Item = Timestamp> {
    let step = usize::try_from(interval.max(1)).unwrap_or(1);
    (from..=end).step_by(step)
}

/// Returns the labels of a query's result for a series: all but the metric's name.
pub fn result_labels(labels: &Labels) -> Labels {
    labels.filter(|name| name != METRIC_NAME)
}
