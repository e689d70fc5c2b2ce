//! Runs the tests of a project in its environments.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use nth_engine::Labels;
use nth_model::test::{Outcome as Expected, Test};
use nth_model::{Project, Service, Settings};
use nth_simulate::{Plan, labels_by_hand, services_of};
use rayon::prelude::*;
use smol_str::SmolStr;

use super::check::Check;
use super::incident::Incident;
use super::result::{Outcome, TestResult};
use super::story::Story;
use crate::artifacts::settings_in;
use crate::backends::alertmanager::notify::Routing;
use crate::db::Span;
use crate::diagnostics::SourceMap;
use crate::diagnostics::position::Positions;
use crate::lower::LoweredTest;
use crate::session::Session;

/// The tests to run.
#[derive(Debug, Clone, Copy)]
pub struct Selection<'s> {
    /// The environments; one `None` if the project declares none.
    pub environments: &'s [Option<SmolStr>],
    /// Texts, one of which the name of a test must contain; empty for all tests.
    pub names: &'s [String],
}

impl Selection<'_> {
    /// True if a test of this name is selected.
    pub fn includes(&self, test: &str) -> bool {
        self.names.is_empty() || self.names.iter().any(|name| test.contains(name.as_str()))
    }
}

/// A test of a project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownTest {
    /// The name.
    pub name: SmolStr,
    /// The environment.
    pub environment: Option<SmolStr>,
}

/// Returns the tests of a project in these environments, in source order for each environment.
pub fn known_tests(session: &Session, environments: &[Option<SmolStr>]) -> Vec<KnownTest> {
    environments
        .iter()
        .flat_map(|environment| {
            let tests = session.tests(environment.as_deref());
            let known = tests.iter().filter_map(|lowered| {
                Some(KnownTest {
                    name: lowered.test.as_ref()?.name.clone(),
                    environment: environment.clone(),
                })
            });
            known.collect::<Vec<_>>()
        })
        .collect()
}

/// A test with the lines of its parts.
pub struct Placed<'t> {
    /// The test.
    pub test: &'t Test,
    /// The file, as it is shown.
    pub file: String,
    /// The line of its name, from 1.
    pub line: usize,
    /// The lines of its expectations.
    pub expect: Vec<usize>,
}

/// The series that a test's services need: tests with the same key share a plan.
type Key = (Vec<SmolStr>, Vec<Labels>);

/// Runs tests, in source order for each environment. `settings` are those of the project.
pub fn run(session: &Session, settings: &Settings, selection: Selection<'_>) -> Vec<TestResult> {
    let sources = session.sources();
    selection
        .environments
        .iter()
        .flat_map(|environment| in_environment(session, settings, environment, selection, &sources))
        .collect()
}

fn in_environment(
    session: &Session,
    settings: &Settings,
    environment: &Option<SmolStr>,
    selection: Selection<'_>,
    sources: &SourceMap,
) -> Vec<TestResult> {
    let lowered = session.tests(environment.as_deref());
    let positions = Positions::new(sources);
    let placed: Vec<Placed<'_>> = lowered
        .iter()
        .filter_map(|lowered| placed(session, &positions, lowered))
        .filter(|placed| selection.includes(&placed.test.name))
        .collect();
    let settings = settings_in(settings, environment);
    session.with_project(environment, |project, _| {
        let routing = Routing::new(project, &settings);
        let runner = Runner {
            project,
            settings: &settings,
            routing: routing.as_ref(),
        };
        runner.run(&placed)
    })
}

/// Returns a test with its lines; `None` if it has errors.
pub fn placed<'t>(
    session: &Session,
    positions: &Positions<'_>,
    lowered: &'t LoweredTest,
) -> Option<Placed<'t>> {
    let test = lowered.test.as_ref()?;
    let line = |span: &Span| positions.range(session.file_span(*span)).0.line;
    Some(Placed {
        test,
        file: positions
            .path(session.file_span(lowered.place).file)
            .to_owned(),
        line: line(&lowered.place),
        expect: lowered.expect.iter().map(line).collect(),
    })
}

/// Runs tests in one environment.
pub struct Runner<'p> {
    /// The services.
    pub project: &'p Project<'p>,
    /// The settings, with the environment.
    pub settings: &'p Settings,
    /// The routes; `None` if no team has a receiver.
    pub routing: Option<&'p Routing<'p>>,
}

impl Runner<'_> {
    /// Runs tests in parallel.
    pub fn run(&self, tests: &[Placed<'_>]) -> Vec<TestResult> {
        let keys: Vec<Result<Key, nth_simulate::Error>> =
            tests.iter().map(|placed| self.key(placed.test)).collect();
        let distinct: BTreeSet<&Key> = keys.iter().filter_map(|key| key.as_ref().ok()).collect();
        let plans: BTreeMap<&Key, Result<Plan<'_>, nth_simulate::Error>> = distinct
            .into_par_iter()
            .map(|key| (key, self.plan(key)))
            .collect();
        tests
            .par_iter()
            .zip(&keys)
            .map(|(placed, key)| {
                let start = Instant::now();
                let plan = key.as_ref().map_err(Clone::clone).and_then(|key| {
                    let plan = plans.get(key);
                    let unknown = || nth_simulate::Error::UnknownService(placed.test.name.clone());
                    plan.ok_or_else(unknown)?.as_ref().map_err(Clone::clone)
                });
                let outcome = plan
                    .map_err(|error| not_simulated(&error))
                    .map_or_else(|outcome| outcome, |plan| self.outcome(plan, placed));
                TestResult {
                    name: placed.test.name.clone(),
                    environment: self.settings.environment.clone(),
                    file: placed.file.clone(),
                    line: placed.line,
                    begin: placed.test.begin,
                    outcome,
                    took: start.elapsed(),
                }
            })
            .collect()
    }

    /// Returns what the test's plan depends on.
    ///
    /// # Errors
    ///
    /// If it names an unknown service, or a series is invalid.
    pub fn key(&self, test: &Test) -> Result<Key, nth_simulate::Error> {
        let services = services_of(test, self.project)?;
        let mut names: BTreeSet<SmolStr> = services
            .iter()
            .map(|service| service.name.clone())
            .collect();
        // A gate may depend on the budgets of what its service depends on.
        for expectation in &test.expect {
            if let Expected::Gate { service, .. } = &expectation.outcome {
                let of = self.project.service(service).into_iter();
                let needed = of.flat_map(|service| &service.dependencies);
                let needed = needed.filter_map(|dependency| dependency.service.as_ref());
                names.extend(
                    needed
                        .filter(|name| self.project.service(name).is_some())
                        .cloned(),
                );
            }
        }
        let mut by_hand = labels_by_hand(test)?;
        by_hand.sort();
        by_hand.dedup();
        Ok((names.into_iter().collect(), by_hand))
    }

    /// Plans the series of services.
    ///
    /// # Errors
    ///
    /// If no series are found that give a query the required values.
    pub fn plan(&self, (names, by_hand): &Key) -> Result<Plan<'_>, nth_simulate::Error> {
        let services: Vec<&Service> = names
            .iter()
            .filter_map(|name| self.project.service(name))
            .collect();
        Plan::new(&services, self.settings, by_hand)
    }

    fn outcome(&self, plan: &Plan<'_>, placed: &Placed<'_>) -> Outcome {
        let incident = match Incident::new(plan, placed.test, self.routing) {
            Ok(incident) => incident,
            Err(error) => return not_simulated(&error),
        };
        let check = Check {
            incident: &incident,
            project: self.project,
            settings: self.settings,
        };
        match check.test(placed.test, placed.line, &placed.expect) {
            Err(unchecked) => Outcome::Error {
                message: unchecked.message,
                help: unchecked.help,
            },
            Ok(failures) if failures.is_empty() => Outcome::Passed,
            Ok(failures) => Outcome::Failed {
                failures,
                story: Box::new(Story::new(&incident, self.project, self.settings)),
            },
        }
    }
}

fn not_simulated(error: &nth_simulate::Error) -> Outcome {
    Outcome::Error {
        message: error.to_string(),
        help: error.help(),
    }
}
