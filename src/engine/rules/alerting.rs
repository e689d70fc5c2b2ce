//! Alerting rules.

use rustc_hash::FxHashMap;

use super::columns::Relabeled;
use super::expand::{Expand, is_template};
use super::failure::Failed;
use super::outcome::{AlertHistory, AlertState, Observation, Transition};
use super::rule::{Alerting, RuleId};
use super::states::{self, Active, Durations};
use super::write::Writer;
use super::{ALERT_NAME, ALERT_STATE, ALERTS, ALERTS_FOR_STATE};
use crate::error::Error;
use crate::labels::{Labels, METRIC_NAME};
use crate::store::MemoryStore;
use crate::value::{Point, Series, Steps};

/// The alerts of an alerting rule.
pub(super) struct Alerts<'g> {
    rule: &'g Alerting,
    id: RuleId,
    limit: usize,
    active: FxHashMap<Labels, Active>,
    histories: FxHashMap<Labels, AlertHistory>,
}

/// The samples of one alert, with the indices of their steps in order.
type Column = Vec<(usize, Observation)>;

/// The points of a series about alerts, with the indices of their steps.
type Points = Vec<(usize, Point)>;

impl<'g> Alerts<'g> {
    pub(super) fn new(rule: &'g Alerting, id: RuleId, limit: usize) -> Self {
        Self {
            rule,
            id,
            limit,
            active: FxHashMap::default(),
            histories: FxHashMap::default(),
        }
    }

    /// Returns the histories of all alerts, in the order of their labels.
    pub(super) fn into_histories(self) -> Vec<AlertHistory> {
        let mut histories: Vec<AlertHistory> = self.histories.into_values().collect();
        histories.sort_by(|left, right| left.labels.cmp(&right.labels));
        histories
    }

    /// Changes the states by the result of the rule's query, and writes the series about the active alerts.
    pub(super) fn advance(
        &mut self,
        result: Vec<Series>,
        steps: Steps,
        expand: &dyn Expand,
        writer: &mut Writer,
        store: &mut MemoryStore,
    ) -> Result<(), Failed> {
        let mut failed = None;
        let mut columns = self.columns(result, steps, expand);
        for (_, column) in &mut columns.columns {
            // Columns of several series were appended to each other.
            column.sort_by_key(|(step, _)| *step);
            let repeated = column.windows(2).find_map(|pair| match pair {
                [(left, _), (right, _)] if left == right => Some(left),
                _ => None,
            });
            if let Some(step) = repeated {
                let error = Error::new(
                    "vector contains metrics with the same labelset after applying alert labels",
                    self.rule.expr.span,
                );
                let at = steps.time(*step);
                Failed::earliest(&mut failed, Failed { at, error });
            }
        }
        for labels in self.active.keys() {
            columns.add(labels.clone(), Vec::new(), |_, _| {});
        }
        let mut counts = if self.limit > 0 {
            vec![0_usize; steps.count()]
        } else {
            Vec::new()
        };
        let mut series: Relabeled<Points> = Relabeled::default();
        for (labels, column) in columns.columns {
            self.alert(&labels, column, steps, &mut counts, &mut series);
        }
        if let Some((step, count)) = counts
            .iter()
            .enumerate()
            .find(|(_, count)| **count > self.limit)
        {
            let message = format!("exceeded limit of {} with {count} alerts", self.limit);
            let error = Error::new(message, self.rule.expr.span);
            let at = steps.time(step);
            Failed::earliest(&mut failed, Failed { at, error });
        }
        let mut results = writer.begin(store, steps);
        for (labels, mut points) in series.columns {
            points.sort_by_key(|(step, _)| *step);
            points.dedup_by_key(|(step, _)| *step);
            results.series(labels, points.iter().map(|(step, point)| (*step, point)));
        }
        if let Some(conflict) = results.finish() {
            Failed::earliest(&mut failed, conflict);
        }
        failed.map_or(Ok(()), Err)
    }

    /// Returns the samples of the rule's query by the labels of their alerts.
    fn columns(&self, result: Vec<Series>, steps: Steps, expand: &dyn Expand) -> Relabeled<Column> {
        let depends_on_value = self
            .rule
            .labels
            .values()
            .any(|value| is_template(value) && !expand.depends_on_labels_only(value));
        let mut columns: Relabeled<Column> = Relabeled::default();
        for series in result {
            let source = series.labels;
            let mut column = Column::new();
            for (step, value) in series.points.into_iter().enumerate() {
                if !value.is_present() {
                    continue;
                }
                let observation = Observation {
                    at: steps.time(step),
                    labels: source.clone(),
                    value,
                };
                if depends_on_value {
                    let labels = self.labels(&observation, expand);
                    columns.add(labels, vec![(step, observation)], |known, more| {
                        known.extend(more)
                    });
                } else {
                    column.push((step, observation));
                }
            }
            if let Some((_, first)) = column.first() {
                let labels = self.labels(first, expand);
                columns.add(labels, column, |known, more| known.extend(more));
            }
        }
        columns
    }

    /// Returns the labels of the alert of a sample.
    fn labels(&self, sample: &Observation, expand: &dyn Expand) -> Labels {
        let own = self.rule.labels.iter().map(|(name, value)| {
            let value = if is_template(value) {
                expand.expand(value, sample)
            } else {
                value.to_string()
            };
            (name.as_str(), value)
        });
        sample
            .labels
            .iter()
            .map(|(name, value)| (name, value.to_owned()))
            .chain(own)
            .chain([
                (METRIC_NAME, String::new()),
                (ALERT_NAME, self.rule.alert.to_string()),
            ])
            .collect()
    }

    /// Changes the state of one alert over all steps.
    fn alert(
        &mut self,
        labels: &Labels,
        column: Column,
        steps: Steps,
        counts: &mut [usize],
        series: &mut Relabeled<Points>,
    ) {
        let durations = Durations {
            hold: self.rule.hold,
            keep_firing: self.rule.keep_firing,
        };
        let mut active = self.active.remove(labels);
        let history = self
            .histories
            .entry(labels.clone())
            .or_insert_with(|| AlertHistory {
                rule: self.id,
                labels: labels.clone(),
                transitions: Vec::new(),
                observations: Vec::new(),
            });
        let mut written = Written::default();
        let mut samples = column.into_iter().peekable();
        let mut step = 0;
        while step < steps.count() {
            if active.is_none() {
                // Nothing changes until there is a sample.
                match samples.peek() {
                    Some((next, _)) => step = *next,
                    None => break,
                }
            }
            let at = steps.time(step);
            let mut exists = false;
            while let Some((_, observation)) = samples.next_if(|(next, _)| *next <= step) {
                exists = true;
                history.observe(observation);
            }
            let before = active.map_or(AlertState::Inactive, |active: Active| active.state);
            active = states::next(active, exists, at, durations);
            let after = active.map_or(AlertState::Inactive, |active| active.state);
            if before != after {
                let value = history.observations.last();
                history.transitions.push(Transition {
                    at,
                    state: after,
                    value: value.map_or(Point::Absent, |observation| observation.value.clone()),
                });
            }
            if let Some(active) = active {
                if let Some(count) = counts.get_mut(step) {
                    *count += 1;
                }
                written.push(step, active);
            }
            step += 1;
        }
        if let Some(active) = active {
            self.active.insert(labels.clone(), active);
        }
        for (points, state) in [
            (written.pending, AlertState::Pending),
            (written.firing, AlertState::Firing),
        ] {
            if !points.is_empty() {
                let labels = self
                    .series(labels, ALERTS)
                    .with(ALERT_STATE, state.as_str());
                series.add(labels, points, |known, more| known.extend(more));
            }
        }
        if !written.since.is_empty() {
            let labels = self.series(labels, ALERTS_FOR_STATE);
            series.add(labels, written.since, |known, more| known.extend(more));
        }
    }

    /// Returns the labels of a series about an alert. Templates of labels that expand to nothing remain unexpanded in it, as in
    /// Prometheus.
    fn series(&self, labels: &Labels, metric: &str) -> Labels {
        let own = self
            .rule
            .labels
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()));
        own.chain(labels.iter())
            .chain([(METRIC_NAME, metric)])
            .collect()
    }
}

/// The points of the series about an alert.
#[derive(Debug, Default)]
struct Written {
    pending: Points,
    firing: Points,
    since: Points,
}

impl Written {
    fn push(&mut self, step: usize, active: Active) {
        let points = match active.state {
            AlertState::Firing => &mut self.firing,
            _ => &mut self.pending,
        };
        points.push((step, Point::Float(1.0)));
        // Whole seconds.
        let since = active.since.div_euclid(1000) as f64;
        self.since.push((step, Point::Float(since)));
    }
}

impl AlertHistory {
    /// Adds a sample if it differs from the last one.
    fn observe(&mut self, observation: Observation) {
        let is_known = self
            .observations
            .last()
            .is_some_and(|last| last.is_same(&observation.labels, &observation.value));
        if !is_known {
            self.observations.push(observation);
        }
    }
}
