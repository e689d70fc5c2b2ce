//! Runs the tests of a project in its environments.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Instant;

use nth_engine::Labels;
use nth_model::test::{Outcome as Expected, SloRef, Test};
use nth_model::{Project, Service, Settings};
use nth_simulate::{Plan, RuleSet, groups_of, labels_by_hand, services_of};
use rayon::prelude::*;
use smol_str::SmolStr;

use super::check::Check;
use super::detail::Detail;
use super::incident::Incident;
use super::result::{Outcome, TestResult};
use super::story::Story;
use crate::backends::alertmanager::notify::Routing;
use crate::db::{ItemKey, Span};
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
pub(super) type Key = (Vec<SmolStr>, Vec<Labels>, Vec<SloRef>);

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
    let environments = selection.environments.iter();
    environments
        .flat_map(|environment| {
            in_environment(session, settings, environment, |mut view| {
                view.select(selection);
                let plans = view
                    .runner
                    .plans(view.tests.iter().map(|placed| placed.test));
                view.runner.run(&view.tests, &plans, is_detailed)
            })
        })
        .collect()
}

/// An environment with its tests.
pub(super) struct EnvironmentTests<'v> {
    /// Runs the tests.
    pub(super) runner: Runner<'v>,
    /// The tests, in source order.
    pub(super) tests: Vec<Placed<'v>>,
    /// The models of the services, by item.
    pub(super) services: &'v HashMap<ItemKey, &'v Service>,
    /// The lines of the sources.
    pub(super) positions: &'v Positions<'v>,
}

impl EnvironmentTests<'_> {
    /// Keeps only the selected tests.
    pub(super) fn select(&mut self, selection: Selection<'_>) {
        self.tests
            .retain(|placed| selection.includes(&placed.test.name));
    }
}

/// Calls `act` with the tests of an environment. `settings` are those of the project.
pub(super) fn in_environment<T>(
    session: &Session,
    settings: &Settings,
    environment: &Option<SmolStr>,
    act: impl FnOnce(EnvironmentTests<'_>) -> T,
) -> T {
    let sources = session.sources();
    let positions = Positions::new(&sources);
    let lowered = session.tests(environment.as_deref());
    let settings = session.settings_in(settings, environment);
    session.with_project(environment, |project, services| {
        let routing = Routing::new(project, &settings);
        act(EnvironmentTests {
            runner: Runner {
                project,
                settings: &settings,
                routing: routing.as_ref(),
            },
            tests: lowered
                .iter()
                .filter_map(|lowered| placed(session, &positions, lowered))
                .collect(),
            services,
            positions: &positions,
        })
    })
}

/// Returns a test with its lines; `None` if it is not in the environment.
fn placed<'t>(
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
}

impl<'p> Runner<'p> {
    /// Runs tests in parallel. `plans` are theirs; `is_detailed` if all of each test is kept, also of those that pass.
    pub(super) fn run(
        &self,
        tests: &[Placed<'_>],
        plans: &Plans<'_>,
        is_detailed: bool,
    ) -> Vec<TestResult> {
        tests
            .par_iter()
            .map(|placed| {
                let start = Instant::now();
                let plan = self.key(placed.test).and_then(|key| plans.get(&key));
                let incident = plan.and_then(|plan| Incident::new(plan, placed.test, self.routing));
                let outcome = match &incident {
                    Ok(incident) => self.outcome(incident, placed),
                    Err(error) => not_simulated(error),
                };
                let took = start.elapsed();
                let incident = incident.as_ref().ok();
                let detail = is_detailed.then(|| {
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
        Ok((names.into_iter().collect(), by_hand, groups_of(test)))
    }

    /// Generates the series of tests.
    pub(super) fn plans<'t>(&self, tests: impl IntoIterator<Item = &'t Test>) -> Plans<'p> {
        let mut plans = Plans::default();
        plans.add(self, tests);
        plans
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

/// The series of tests, by what they depend on.
#[derive(Default)]
pub(super) struct Plans<'p> {
    plans: BTreeMap<Key, Result<Plan<'p>, nth_simulate::Error>>,
    /// The rules of services, by their names.
    rules: BTreeMap<Vec<SmolStr>, Result<Arc<RuleSet>, nth_simulate::Error>>,
}

impl<'p> Plans<'p> {
    /// Generates the series of more tests in parallel, each only once.
    pub(super) fn add<'t>(
        &mut self,
        runner: &Runner<'p>,
        tests: impl IntoIterator<Item = &'t Test>,
    ) {
        let keys = tests.into_iter().filter_map(|test| runner.key(test).ok());
        let missing: BTreeSet<Key> = keys.filter(|key| !self.plans.contains_key(key)).collect();
        let names = missing.iter().map(|(names, ..)| names);
        let unread: BTreeSet<&Vec<SmolStr>> = names
            .filter(|names| !self.rules.contains_key(*names))
            .collect();
        let read: Vec<_> = unread
            .into_par_iter()
            .map(|names| {
                let rules = RuleSet::of_services(&services(runner, names), runner.settings);
                (names.clone(), rules.map(Arc::new))
            })
            .collect();
        self.rules.extend(read);
        let rules = &self.rules;
        let found: Vec<_> = missing
            .into_par_iter()
            .filter_map(|key| {
                let (names, by_hand, groups) = &key;
                let plan = rules.get(names)?.clone().and_then(|rules| {
                    let services = services(runner, names);
                    Plan::with_groups(&services, runner.settings, by_hand, rules, groups)
                });
                Some((key, plan))
            })
            .collect();
        self.plans.extend(found);
    }

    /// The series of a test.
    ///
    /// # Errors
    ///
    /// If no series are found that give a query the required values.
    pub(super) fn get(&self, key: &Key) -> Result<&Plan<'p>, nth_simulate::Error> {
        let name = || key.0.first().cloned().unwrap_or_default();
        let plan = self.plans.get(key);
        let plan = plan.ok_or_else(|| nth_simulate::Error::UnknownService(name()))?;
        plan.as_ref().map_err(Clone::clone)
    }
}

fn services<'p>(runner: &Runner<'p>, names: &[SmolStr]) -> Vec<&'p Service> {
    let names = names.iter();
    names
        .filter_map(|name| runner.project.service(name))
        .collect()
}

fn not_simulated(error: &nth_simulate::Error) -> Outcome {
    Outcome::Error {
        message: error.to_string(),
        help: error.help(),
    }
}
