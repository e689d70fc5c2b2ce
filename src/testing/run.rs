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
use super::detail::Detail;
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
    /// True if a test of this name is to run.
    pub(super) fn includes(&self, test: &str) -> bool {
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
pub(super) struct Placed<'t> {
    /// The test.
    pub(super) test: &'t Test,
    /// The file, as it is shown.
    pub(super) file: String,
    /// The line of the test, from 1.
    pub(super) line: usize,
    /// The lines of its expectations.
    pub(super) expect: Vec<usize>,
}

/// The series that a test's services need: tests with the same key share a plan.
pub(super) type Key = (Vec<SmolStr>, Vec<Labels>);

/// Runs tests, in source order for each environment. `settings` are those of the project.
pub fn run(session: &Session, settings: &Settings, selection: Selection<'_>) -> Vec<TestResult> {
    run_with(session, settings, selection, false)
}

/// The same with [`TestResult::detail`], which takes longer.
pub fn run_in_detail(
    session: &Session,
    settings: &Settings,
    selection: Selection<'_>,
) -> Vec<TestResult> {
    run_with(session, settings, selection, true)
}

fn run_with(
    session: &Session,
    settings: &Settings,
    selection: Selection<'_>,
    is_detailed: bool,
) -> Vec<TestResult> {
    let sources = session.sources();
    let in_environment = |environment| {
        in_environment(
            session,
            settings,
            environment,
            selection,
            &sources,
            is_detailed,
        )
    };
    selection
        .environments
        .iter()
        .flat_map(in_environment)
        .collect()
}

fn in_environment(
    session: &Session,
    settings: &Settings,
    environment: &Option<SmolStr>,
    selection: Selection<'_>,
    sources: &SourceMap,
    is_detailed: bool,
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
            is_detailed,
        };
        runner.run(&placed)
    })
}

/// Returns a test with its lines; `None` if it is not in the environment.
pub(super) fn placed<'t>(
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

/// Runs the tests of an environment.
pub(super) struct Runner<'p> {
    /// The services and teams.
    pub(super) project: &'p Project<'p>,
    /// The settings, with the environment.
    pub(super) settings: &'p Settings,
    /// The routes; `None` if no team has a receiver.
    pub(super) routing: Option<&'p Routing<'p>>,
    /// True if all of each test is kept, also of those that pass.
    pub(super) is_detailed: bool,
}

impl<'p> Runner<'p> {
    /// Runs tests in parallel.
    pub(super) fn run(&self, tests: &[Placed<'_>]) -> Vec<TestResult> {
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
                let incident = plan.and_then(|plan| Incident::new(plan, placed.test, self.routing));
                let outcome = match &incident {
                    Ok(incident) => self.outcome(incident, placed),
                    Err(error) => not_simulated(error),
                };
                let took = start.elapsed();
                let incident = incident.as_ref().ok();
                let detail = self.is_detailed.then(|| {
                    let mut detail = Detail::new(placed.test, placed.line, &placed.expect);
                    if let Some(incident) = incident {
                        detail.add(incident, placed.test, self.project, self.settings);
                    }
                    Box::new(detail)
                });
                TestResult {
                    name: placed.test.name.clone(),
                    environment: self.settings.environment.clone(),
                    file: placed.file.clone(),
                    line: placed.line,
                    begin: placed.test.begin,
                    outcome,
                    detail,
                    took,
                }
            })
            .collect()
    }

    /// Returns what the plan of a test depends on.
    pub(super) fn key(&self, test: &Test) -> Result<Key, nth_simulate::Error> {
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

    /// Generates the series of services.
    pub(super) fn plan(&self, (names, by_hand): &Key) -> Result<Plan<'p>, nth_simulate::Error> {
        let services: Vec<&Service> = names
            .iter()
            .filter_map(|name| self.project.service(name))
            .collect();
        Plan::new(&services, self.settings, by_hand)
    }

    fn outcome(&self, incident: &Incident<'_>, placed: &Placed<'_>) -> Outcome {
        let check = Check {
            incident,
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
                story: Box::new(Story::new(incident, self.project, self.settings)),
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
