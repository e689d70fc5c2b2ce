//! The tests of an environment, with what happens in them without a change.

use nth_model::test::{Outcome as Expected, Subject, Test};
use nth_simulate::AlertTimeline;
use rayon::prelude::*;
use smol_str::SmolStr;

use super::mutant::{Mutant, Replacement, Target};
use super::route::teams_of;
use crate::backends::alertmanager::notify::Routing;
use crate::testing::check::Check;
use crate::testing::incident::Incident;
use crate::testing::run::{Key, Plans, Runner};

/// A test, and what happens in it without a change.
pub struct Baseline<'t> {
    /// The test.
    pub test: &'t Test,
    /// What its plan depends on.
    pub key: Key,
    /// The alerts that were pending or firing.
    pub alerts: Vec<AlertTimeline>,
    /// The reason why it does not pass.
    pub problem: Option<String>,
}

/// The tests of an environment.
pub struct Suite<'p> {
    /// Runs tests of the project without a change.
    pub runner: Runner<'p>,
    /// The routes as a text, to compare them with others.
    pub routes: String,
    /// The series of the tests.
    pub plans: Plans<'p>,
    /// The tests, in the order of the source.
    pub baselines: Vec<Baseline<'p>>,
}

impl<'p> Suite<'p> {
    /// Runs the tests of an environment.
    pub fn new(runner: Runner<'p>, tests: impl Iterator<Item = &'p Test>) -> Self {
        let mut suite = Self {
            routes: routes(runner.routing),
            runner,
            plans: Plans::default(),
            baselines: Vec::new(),
        };
        suite.baselines = suite.run(&tests.collect::<Vec<_>>());
        suite
    }

    /// Prepares the plans of tests, and runs them.
    pub fn run<'t>(&mut self, tests: &[&'t Test]) -> Vec<Baseline<'t>> {
        self.plans.add(&self.runner, tests.iter().copied());
        let suite = &*self;
        let tests = tests.par_iter();
        tests.map(|test| suite.baseline(test)).collect()
    }

    fn baseline<'t>(&self, test: &'t Test) -> Baseline<'t> {
        let found = self.runner.key(test).and_then(|key| {
            let incident = Incident::new(self.plans.get(&key)?, test, self.runner.routing)?;
            Ok((key, incident))
        });
        match found {
            Err(error) => Baseline {
                test,
                key: Key::default(),
                alerts: Vec::new(),
                problem: Some(error.to_string()),
            },
            Ok((key, incident)) => {
                let check = Check {
                    incident: &incident,
                    project: self.runner.project,
                    settings: self.runner.settings,
                };
                Baseline {
                    test,
                    key,
                    problem: problem(&check, test),
                    alerts: incident.simulation.alerts,
                }
            }
        }
    }

    /// The tests that simulate what a mutant changes, those that name it first, then the shortest.
    pub fn tests_of<'s>(&'s self, mutant: &Mutant) -> Vec<&'s Baseline<'p>> {
        let mut found: Vec<&Baseline<'p>> = self
            .baselines
            .iter()
            .filter(|baseline| self.simulates(baseline, mutant))
            .collect();
        found.sort_by_key(|baseline| (!names(baseline.test, mutant), baseline.test.length));
        found
    }

    fn simulates(&self, baseline: &Baseline<'_>, mutant: &Mutant) -> bool {
        let services = &baseline.key.0;
        match &mutant.replacement {
            Replacement::Service(service) => services.contains(&service.name),
            Replacement::Team(team) => services
                .iter()
                .filter_map(|name| self.runner.project.service(name))
                .any(|service| teams_of(service).any(|name| *name == team.name)),
        }
    }
}

/// Routes as a text.
pub fn routes(routing: Option<&Routing<'_>>) -> String {
    format!("{routing:?}")
}

/// The reason why a test does not pass; `None` if it passes.
pub fn problem(check: &Check<'_, '_>, test: &Test) -> Option<String> {
    match check.test(test, 0, &[]) {
        Err(unchecked) => Some(unchecked.message),
        Ok(failures) => failures
            .first()
            .map(|failure| format!("expected {}, but {}", failure.expected, failure.happened)),
    }
}

/// True if an expectation of a test is about what a mutant changes.
fn names(test: &Test, mutant: &Mutant) -> bool {
    let is_slo = |service: &SmolStr, slo: &SmolStr| {
        *service == mutant.of && mutant.target == Target::Slo(slo.clone())
    };
    test.expect
        .iter()
        .any(|expectation| match &expectation.outcome {
            Expected::Fires { subject, .. }
            | Expected::Resolved { subject, .. }
            | Expected::Silent { subject } => match subject {
                Subject::Slo(slo) => is_slo(&slo.service, &slo.slo),
                Subject::Alert { service, .. } => {
                    *service == mutant.of && matches!(mutant.target, Target::Alert(_))
                }
                Subject::Service(service) => *service == mutant.of,
            },
            Expected::Gate { service, gate, .. } => {
                *service == mutant.of && mutant.target == Target::Gate(gate.clone())
            }
            Expected::Budget { slo, .. } => is_slo(&slo.service, &slo.slo),
        })
}
