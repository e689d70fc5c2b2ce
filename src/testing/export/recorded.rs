//! The series of a simulation, with the rules that recorded and read them.

use std::collections::HashSet;

use nth_engine::rules::{ALERT_NAME, ALERTS, ALERTS_FOR_STATE, Rule, RuleId};
use nth_engine::{Labels, Samples};
use nth_model::{Project, Settings};
use nth_simulate::{Selectors, Simulation};

use crate::backends::prometheus::{self, rule_groups};
use crate::testing::annotations;

/// A simulation that is exported.
pub struct Source<'s> {
    /// The simulation.
    pub simulation: &'s Simulation,
    /// The groups of the build, those of the simulation in the same order.
    pub documents: Vec<prometheus::Group>,
    /// All series.
    pub series: Vec<Series<'s>>,
    /// The rules in order, with the indices of the series that they read, also in annotations.
    pub reads: Vec<(RuleId, HashSet<usize>)>,
}

/// A series of a simulation.
pub struct Series<'s> {
    /// Its samples.
    pub samples: Samples<'s>,
    /// The rule that recorded it; `None` for raw series.
    pub writer: Option<RuleId>,
}

impl<'s> Source<'s> {
    /// Reads a simulation.
    ///
    /// # Errors
    ///
    /// If the rules are not those of the build, or an annotation cannot be read.
    pub fn new(
        simulation: &'s Simulation,
        project: &Project<'_>,
        settings: &Settings,
    ) -> Result<Self, String> {
        let mut services = simulation.rules.services.clone();
        services.dedup();
        let documents: Vec<prometheus::Group> = services
            .iter()
            .filter_map(|name| project.service(name))
            .flat_map(|service| rule_groups(service, settings))
            .collect();
        let groups = &simulation.rules.groups;
        let is_same = documents.len() == groups.len()
            && documents
                .iter()
                .zip(groups)
                .all(|(one, other)| one.name == other.name && one.rules.len() == other.rules.len());
        if !is_same {
            return Err("the simulated rules are not those of the build".to_owned());
        }
        let raw: HashSet<&Labels> = simulation.raw.iter().collect();
        let series: Vec<Series<'_>> = simulation
            .store
            .iter()
            .map(|samples| Series {
                writer: match raw.contains(&samples.labels) {
                    true => None,
                    false => writer(simulation, &samples.labels),
                },
                samples,
            })
            .collect();
        let mut reads = Vec::new();
        for (id, rule) in rules(simulation) {
            let mut selectors = Selectors::default();
            selectors.add(rule.expr());
            if let Rule::Alerting(rule) = rule {
                for query in annotations::queries(rule)? {
                    selectors.add(&query);
                }
            }
            let read = series.iter().enumerate();
            let read = read.filter(|(_, series)| selectors.select(&series.samples.labels));
            reads.push((id, read.map(|(index, _)| index).collect()));
        }
        Ok(Self {
            simulation,
            documents,
            series,
            reads,
        })
    }

    /// Returns a rule.
    pub fn rule(&self, id: RuleId) -> Option<&'s Rule> {
        let group = self.simulation.rules.groups.get(id.group)?;
        group.rules.get(id.rule)
    }
}

/// Iterates over the rules of a simulation, in the order of evaluation.
pub fn rules(simulation: &Simulation) -> impl Iterator<Item = (RuleId, &Rule)> {
    let groups = simulation.rules.groups.iter().enumerate();
    groups.flat_map(|(group, of)| {
        let rules = of.rules.iter().enumerate();
        rules.map(move |(rule, of)| (RuleId { group, rule }, of))
    })
}

/// Returns the rule that records a series.
pub fn writer(simulation: &Simulation, labels: &Labels) -> Option<RuleId> {
    let metric = labels.metric();
    let is_about_alerts = metric == ALERTS || metric == ALERTS_FOR_STATE;
    let found = rules(simulation).find(|(_, rule)| {
        let is_named = match rule {
            Rule::Recording(rule) => rule.record == metric,
            Rule::Alerting(rule) => is_about_alerts && rule.alert == labels.get(ALERT_NAME),
        };
        let mut own = rule.labels().iter();
        is_named && own.all(|(name, value)| value.contains("{{") || labels.get(name) == value)
    });
    found.map(|(id, _)| id)
}
