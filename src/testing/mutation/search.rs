//! Searches for tests that notice mutants: runs incidents with and without a mutant, and expects what differs.
//!
//! Everything is written in the language first, and then read as any other test. So a test that is found is one that can be
//! copied, and was run as such, with and without the change.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Write as _;
use std::sync::OnceLock;

use nth_model::test::Test;
use nth_model::{Project, Settings};
use rayon::prelude::*;
use smol_str::SmolStr;

use super::incidents::incidents;
use super::killer::Killer;
use super::mutant::{Mutant, MutantResult};
use super::observed::{Observed, expectations, is_same, observe};
use super::suite::{Baseline, Suite};
use super::texts::{Imports, body, team_of, title, tried, with_file, with_search};
use super::variant::Variant;
use super::view::{Identity, View, in_environment};
use crate::catalogue::environment_labels;
use crate::session::Session;
use crate::syntax::format as formatted;
use crate::testing::incident::Incident;
use crate::testing::incidents::{Incident as Given, Scope};
use crate::testing::run::Selection;

/// The number of tests that are written for one mutant.
const MOST_TESTS: usize = 4;

/// What is tried for a mutant.
struct Tried {
    /// The index of its result.
    result: usize,
    /// The indices of incidents.
    incidents: Vec<usize>,
    /// How many more incidents are known, which are not tried.
    untried: usize,
}

impl Tried {
    /// The reason why no test was found.
    fn reason(&self) -> String {
        let tried = match self.incidents.len() {
            0 => return "no incident is known in which it could make a difference".to_owned(),
            1 => "1 incident was tried, in which it makes no difference".to_owned(),
            more => format!(
                "{more} incidents were tried, in which it makes no difference that a test can expect"
            ),
        };
        match self.untried {
            0 => tried,
            more => format!("{tried}; {more} more were not tried"),
        }
    }
}

/// A test that may notice a mutant.
struct Written {
    result: usize,
    /// The events and expectations.
    body: String,
    services: BTreeSet<SmolStr>,
    teams: BTreeSet<SmolStr>,
    /// The name by which it is found.
    name: String,
}

/// Sets the killers of the mutants that no test notices.
pub fn killers(
    session: &mut Session,
    settings: &Settings,
    selection: Selection<'_>,
    known: &BTreeMap<Identity, usize>,
    results: &mut [MutantResult],
) {
    let mut killers: BTreeMap<usize, Killer> = BTreeMap::new();
    for environment in selection.environments {
        let open: BTreeSet<usize> = (0..results.len())
            .filter(|index| {
                results
                    .get(*index)
                    .is_some_and(|result| !result.is_killed())
            })
            .filter(|index| !matches!(killers.get(index), Some(Killer::Found { .. })))
            .collect();
        if !open.is_empty() {
            let search = Search {
                settings,
                environment,
                known,
                open: &open,
            };
            killers.extend(search.run(session));
        }
    }
    for (index, found) in killers {
        if let Some(result) = results.get_mut(index) {
            result.killer = Some(found);
        }
    }
}

/// The alerts of teams outside of any service, by the names of the models with them.
struct Teams(BTreeMap<SmolStr, Vec<SmolStr>>);

impl Teams {
    fn new(project: &Project<'_>) -> Self {
        let rules = project.services().filter(|one| !one.has_service_label());
        let names = rules.map(|rules| {
            let alerts = rules.alerts.iter().map(|alert| alert.name.clone());
            (rules.name.clone(), alerts.collect())
        });
        Self(names.collect())
    }

    /// The alerts of the model of a team; `None` for a service.
    fn alerts(&self, service: &SmolStr) -> Option<&[SmolStr]> {
        self.0.get(service).map(Vec::as_slice)
    }

    /// What a test imports of services: themselves, or the alerts of a team.
    fn imported(&self, services: &BTreeSet<SmolStr>) -> BTreeSet<SmolStr> {
        let names = services.iter().flat_map(|service| {
            let itself = std::slice::from_ref(service);
            self.alerts(service).unwrap_or(itself).iter().cloned()
        });
        names.collect()
    }
}

/// A search in one environment.
struct Search<'s> {
    settings: &'s Settings,
    environment: &'s Option<SmolStr>,
    known: &'s BTreeMap<Identity, usize>,
    open: &'s BTreeSet<usize>,
}

impl Search<'_> {
    fn run(&self, session: &mut Session) -> BTreeMap<usize, Killer> {
        let scope = Scope {
            scrape_interval: self.settings.prometheus.scrape_interval,
            environment_labels: environment_labels(
                &session.db,
                session.workspace,
                self.environment.as_deref(),
            ),
        };
        let imports = Imports::new(session);
        let teams = in_environment(session, self.settings, self.environment, None, |view| {
            Teams::new(view.suite.runner.project)
        });
        // Which incidents are tried.
        let mut all: Vec<Given> = Vec::new();
        let mut places: HashMap<Given, usize> = HashMap::new();
        let tried: Vec<Tried> =
            in_environment(session, self.settings, self.environment, None, |view| {
                let open = self.open_mutants(&view);
                let project = view.suite.runner.project;
                open.into_iter()
                    .map(|(result, mutant)| {
                        let chosen = incidents(mutant, project, &scope);
                        let tried = chosen.tried.into_iter();
                        Tried {
                            result,
                            untried: chosen.untried,
                            incidents: tried
                                .map(|given| {
                                    *places.entry(given.clone()).or_insert_with(|| {
                                        all.push(given);
                                        all.len() - 1
                                    })
                                })
                                .collect(),
                        }
                    })
                    .collect()
            });
        let named: Vec<SmolStr> = { all.iter() }
            .flat_map(|given| teams.imported(&given.services))
            .collect();
        let mut text = imports.of(&named, []);
        for (index, given) in all.iter().enumerate() {
            let service = given.services.first().cloned().unwrap_or_default();
            let expect = [match teams.alerts(&service) {
                Some([alert, ..]) => format!("silent {{ alert = {alert} }}"),
                _ => format!("silent {{ service = {service} }}"),
            }];
            let _ = writeln!(
                text,
                "test \"{}\" {{\n{}}}\n",
                incident(index),
                body(self.environment, given, &expect)
            );
        }
        let original_files = with_file(session, &text);
        let written = in_environment(session, self.settings, self.environment, None, |view| {
            self.written(session, view, &tried, (&all, &teams))
        });
        let mut text = imports.of(
            written.iter().flat_map(|test| &test.services),
            written.iter().flat_map(|test| &test.teams),
        );
        for test in &written {
            let _ = writeln!(text, "test \"{}\" {{\n{}}}\n", test.name, test.body);
        }
        session.set_files(&with_search(&original_files, &text));
        let mut killers = in_environment(session, self.settings, self.environment, None, |view| {
            self.verified(session, view, &written, &imports)
        });
        session.set_files(&original_files);
        for one in &tried {
            killers
                .entry(one.result)
                .or_insert_with(|| Killer::NotFound {
                    reason: one.reason(),
                });
        }
        killers
    }

    /// The mutants of the environment that no test notices, with the indices of their results.
    fn open_mutants<'v>(&self, view: &'v View<'_>) -> Vec<(usize, &'v Mutant)> {
        let all = view.mutants.iter();
        all.filter_map(|mutant| {
            let index = *self.known.get(&view.identity(mutant))?;
            self.open.contains(&index).then_some((index, mutant))
        })
        .collect()
    }

    /// Runs all incidents on their mutants, and writes tests that expect what differs.
    fn written(
        &self,
        session: &Session,
        mut view: View<'_>,
        tried: &[Tried],
        (all, teams): (&[Given], &Teams),
    ) -> Vec<Written> {
        let tests = session.tests(self.environment.as_deref());
        let named: BTreeMap<&str, &Test> = tests
            .iter()
            .filter_map(|lowered| lowered.test.as_ref())
            .map(|test| (test.name.as_str(), test))
            .collect();
        let lowered: Vec<Option<&Test>> = (0..all.len())
            .map(|index| named.get(incident(index).as_str()).copied())
            .collect();
        let possible: Vec<&Test> = lowered.iter().flatten().copied().collect();
        let baselines: BTreeMap<SmolStr, Baseline<'_>> = view
            .suite
            .run(&possible)
            .into_iter()
            .map(|baseline| (baseline.test.name.clone(), baseline))
            .collect();
        let open = self.open_mutants(&view);
        let seen: Vec<OnceLock<Option<Observed>>> = all.iter().map(|_| OnceLock::new()).collect();
        let suite = &view.suite;
        let attempts: Vec<(&Tried, &Mutant)> = tried
            .iter()
            .filter_map(|one| {
                let (_, mutant) = open.iter().find(|(index, _)| *index == one.result)?;
                Some((one, *mutant))
            })
            .collect();
        attempts
            .par_iter()
            .flat_map_iter(|(one, mutant)| {
                let mut found: Vec<Written> = Vec::new();
                let Ok(mut variant) = Variant::new(mutant, suite) else {
                    return found;
                };
                for index in &one.incidents {
                    let Some(given) = all.get(*index) else {
                        continue;
                    };
                    let Some(baseline) = baselines.get(incident(*index).as_str()) else {
                        continue;
                    };
                    if !variant.may_differ(suite, baseline) {
                        continue;
                    }
                    let original = seen.get(*index);
                    let original =
                        original.map(|seen| seen.get_or_init(|| observed(suite, baseline)));
                    let Some(Some(original)) = original else {
                        continue;
                    };
                    let Some(changed) = variant.observed(suite, baseline) else {
                        continue;
                    };
                    if is_same(original, &changed) {
                        continue;
                    }
                    for expect in expectations(given, original, &changed, mutant) {
                        let number = found.len();
                        found.push(Written {
                            result: one.result,
                            body: body(self.environment, given, &expect),
                            services: teams.imported(&given.services),
                            teams: expect.iter().filter_map(|text| team_of(text)).collect(),
                            name: self::tried(&format!("mutant {} {number}", one.result)),
                        });
                    }
                    if found.len() >= MOST_TESTS {
                        found.truncate(MOST_TESTS);
                        break;
                    }
                }
                found
            })
            .collect()
    }

    /// Keeps for each mutant the first test that passes without it and fails with it.
    fn verified(
        &self,
        session: &Session,
        mut view: View<'_>,
        written: &[Written],
        imports: &Imports,
    ) -> BTreeMap<usize, Killer> {
        let tests = session.tests(self.environment.as_deref());
        let is_written: BTreeMap<&str, &Written> = written
            .iter()
            .map(|test| (test.name.as_str(), test))
            .collect();
        let lowered: Vec<&Test> = tests
            .iter()
            .filter_map(|lowered| lowered.test.as_ref())
            .filter(|test| is_written.contains_key(test.name.as_str()))
            .collect();
        let baselines = view.suite.run(&lowered);
        let passing: Vec<&Baseline<'_>> = baselines
            .iter()
            .filter(|baseline| baseline.problem.is_none())
            .collect();
        let open = self.open_mutants(&view);
        let suite = &view.suite;
        open.par_iter()
            .filter_map(|(result, mutant)| {
                let mut variant = Variant::new(mutant, suite).ok()?;
                let (test, _) = passing
                    .iter()
                    .filter_map(|baseline| {
                        let test = is_written.get(baseline.test.name.as_str())?;
                        (test.result == *result).then_some((*test, *baseline))
                    })
                    .find(|(_, baseline)| variant.fails(suite, baseline))?;
                let name = title(mutant);
                let text = format!(
                    "{}test \"{name}\" {{\n{}}}\n",
                    imports.of(&test.services, &test.teams),
                    test.body
                );
                let text = formatted(&text).unwrap_or(text);
                Some((*result, Killer::Found { text }))
            })
            .collect()
    }
}

/// The name of the test with an incident.
fn incident(index: usize) -> String {
    tried(&format!("incident {index}"))
}

fn observed(suite: &Suite<'_>, baseline: &Baseline<'_>) -> Option<Observed> {
    let plan = suite.plans.get(&baseline.key).ok()?;
    let runner = &suite.runner;
    let incident = Incident::new(plan, baseline.test, runner.routing).ok()?;
    let services = &baseline.key.0;
    Some(observe(
        &incident,
        runner.project,
        runner.settings,
        services,
    ))
}
