//! Runs the rules of services over real history.
//!
//! A server evaluates the queries that read only series which no rule of the services records. Everything else is evaluated
//! here, on top of the server's results: recording rules that read each other, thresholds, `for` and `keep_firing_for`.
//! [`Replay::queries`] says what to ask the server, and how long before the time in question: rules over long windows read
//! what other rules recorded before.

mod coverage;
mod needs;
mod split;

use std::ops::RangeInclusive;

use nth_engine::rules::{self, Group, Outcome};
use nth_engine::{FloatSample, Labels, METRIC_NAME, MemoryStore, STALE_NAN, Timestamp};
use nth_model::{Service, Settings};
use smol_str::SmolStr;

use crate::alerts::{AlertTimeline, timelines};
use crate::error::Error;
use crate::rule_groups::{Literal, RuleSet};
use crate::run::least_common_multiple;
use needs::Needs;
use split::Split;

pub use coverage::Reach;

/// The rules of services, and what they ask a server.
#[derive(Debug)]
pub struct Replay<'p> {
    services: Vec<&'p Service>,
    settings: &'p Settings,
    rules: RuleSet,
    /// The groups of the rules, with the results of the server's queries instead of these.
    groups: Vec<Group>,
    needs: Needs,
    queries: Vec<HistoryQuery>,
    reaches: Vec<Reach>,
}

/// A query that a server evaluates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryQuery {
    /// The query in PromQL. Its result is a vector.
    pub text: String,
    /// The time between two evaluations, in milliseconds.
    pub interval: i64,
    /// How long before the beginning its result is read, in milliseconds.
    pub before: i64,
    /// The first rule that reads it.
    pub rule: SmolStr,
    /// The service of that rule.
    pub service: SmolStr,
}

/// A series of a query's result.
#[derive(Debug, Clone, PartialEq)]
pub struct HistorySeries {
    /// The labels.
    pub labels: Labels,
    /// The values at multiples of the query's interval, in order of time. The series does not exist at times that are missing.
    pub samples: Vec<FloatSample>,
}

impl<'p> Replay<'p> {
    /// Divides the rules of services between the server and the engine.
    ///
    /// # Errors
    ///
    /// If a query can be evaluated by neither of them alone.
    pub fn new(services: &[&'p Service], settings: &'p Settings) -> Result<Self, Error> {
        let rules = RuleSet::new(services, settings, &|_| true)?;
        let mut split = Split::new(&rules);
        let groups = split.groups()?;
        let needs = Needs::new(&groups);
        let offset = rules.longest_offset();
        let asked = split.asked.into_iter();
        let queries = asked
            .map(|asked| HistoryQuery {
                before: needs.start_of_any(&asked.rules).saturating_add(offset),
                text: asked.text,
                interval: asked.interval,
                rule: asked.first,
                service: asked.service,
            })
            .collect();
        Ok(Self {
            reaches: coverage::reaches(&rules, services),
            services: services.to_vec(),
            settings,
            rules,
            groups,
            needs,
            queries,
        })
    }

    /// The queries that the server evaluates.
    pub fn queries(&self) -> &[HistoryQuery] {
        &self.queries
    }

    /// The beginning must be a multiple of this many milliseconds since 1970, which the evaluations of all groups have in common.
    pub fn step(&self) -> i64 {
        self.needs.step
    }

    /// The step that some sets of rules have in common.
    pub fn common_step(replays: &[Self]) -> i64 {
        let steps = replays.iter().map(Self::step);
        steps.fold(1, least_common_multiple)
    }

    /// How far back the alerts read series of the server, in the order of the rules.
    pub fn reaches(&self) -> &[Reach] {
        &self.reaches
    }

    /// Evaluates the rules in a range of time. `history` has the result of each query, from
    /// [`before`](HistoryQuery::before) the range on. Times of the alerts are milliseconds since the beginning.
    ///
    /// # Errors
    ///
    /// If the server's results have a series twice, or a rule fails.
    pub fn run(
        &self,
        range: RangeInclusive<Timestamp>,
        history: Vec<Vec<HistorySeries>>,
    ) -> Result<Replayed, Error> {
        let (from, to) = (*range.start(), *range.end());
        let mut store = MemoryStore::new();
        for (index, (series, query)) in history.into_iter().zip(&self.queries).enumerate() {
            load(&split::name(index), series, query, to, &mut store)?;
        }
        let settings = rules::Settings {
            expand: &Literal,
            ..rules::Settings::default()
        };
        let mut histories = Vec::new();
        for (number, before) in self.needs.phases.iter().enumerate() {
            let next = self.needs.phases.get(number + 1);
            // Without its last step, as the next phase begins with it.
            let end = next.map_or(to, |next| from.saturating_sub(*next) - 1);
            let start = from.saturating_sub(*before);
            let groups = match next {
                Some(_) => self.needs.of_phase(&self.groups, number),
                None => self.groups.clone(),
            };
            let Outcome { alerts, .. } = rules::run(&groups, &mut store, start..=end, settings)
                .map_err(|failure| Error::Evaluation(Box::new(failure)))?;
            histories = alerts;
        }
        Ok(Replayed {
            alerts: timelines(&self.services, self.settings, &self.rules, histories, from),
            store,
        })
    }
}

/// What the rules did.
#[derive(Debug, Clone)]
pub struct Replayed {
    /// The alerts that were pending or firing at any time.
    pub alerts: Vec<AlertTimeline>,
    /// The series that the rules recorded.
    pub store: MemoryStore,
}

/// Stores the result of a query as series of a metric. A series ends with the first evaluation without it.
fn load(
    metric: &str,
    series: Vec<HistorySeries>,
    query: &HistoryQuery,
    to: Timestamp,
    store: &mut MemoryStore,
) -> Result<(), Error> {
    for one in series {
        let labels = one.labels.with(METRIC_NAME, metric);
        if store.series(&labels).is_some() {
            return Err(Error::Rule {
                name: query.rule.to_string(),
                reason: format!("the series of `{}` differ in their metric only", query.text),
            });
        }
        let mut samples = Vec::with_capacity(one.samples.len() + 1);
        for (index, sample) in one.samples.iter().enumerate() {
            samples.push(*sample);
            let missing = sample.at.saturating_add(query.interval);
            let next = one.samples.get(index + 1).map_or(to, |next| next.at - 1);
            if missing <= next {
                samples.push(FloatSample {
                    at: missing,
                    value: STALE_NAN,
                });
            }
        }
        store.add_floats(&labels, samples);
    }
    Ok(())
}

#[cfg(test)]
mod tests;
