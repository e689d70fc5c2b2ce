//! Runs the tests of a project on its mutants.

use std::collections::BTreeMap;

use nth_model::{Service, Settings};
use nth_simulate::RuleSet;
use rayon::prelude::*;
use smol_str::SmolStr;

use super::mutant::{Fate, Mutant, MutantResult, MutationKind};
use super::search;
use super::suite::Suite;
use super::variant::Variant;
use super::view::{Identity, View, in_environment};
use crate::session::Session;
use crate::testing::run::Selection;

/// The mutants of a project with their fates, or the tests that do not pass without any.
#[derive(Debug, Clone, PartialEq)]
pub struct MutationReport {
    /// The mutants, in the order of the source.
    pub mutants: Vec<MutantResult>,
    /// The tests that fail without a change, or cannot run. Then there is no mutant: tests must pass first.
    pub failing: Vec<FailingTest>,
}

/// A test that does not pass without a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailingTest {
    /// The name of the test.
    pub name: SmolStr,
    /// The environment; `None` if the project declares none.
    pub environment: Option<SmolStr>,
    /// The file, as it is shown.
    pub file: String,
    /// The line of the test's name, from 1.
    pub line: usize,
    /// The reason, without a full stop.
    pub problem: String,
}

/// How many mutants of a kind the tests notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KindScore {
    /// The kind.
    pub kind: MutationKind,
    /// The mutants that a test notices.
    pub killed: usize,
    /// All mutants.
    pub all: usize,
}

impl MutationReport {
    /// How many mutants are noticed.
    pub fn killed(&self) -> usize {
        self.mutants
            .iter()
            .filter(|mutant| mutant.is_killed())
            .count()
    }

    /// The share of the mutants that are noticed, in percent; 100 if there are none.
    #[allow(clippy::cast_precision_loss)]
    pub fn score(&self) -> f64 {
        match self.mutants.len() {
            0 => 100.0,
            all => self.killed() as f64 / all as f64 * 100.0,
        }
    }

    /// The numbers of each kind of which there are mutants.
    pub fn kinds(&self) -> Vec<KindScore> {
        let of = |kind| {
            let all = self
                .mutants
                .iter()
                .filter(move |mutant| mutant.kind == kind);
            KindScore {
                kind,
                killed: all.clone().filter(|mutant| mutant.is_killed()).count(),
                all: all.count(),
            }
        };
        let scores = MutationKind::ALL.into_iter().map(of);
        scores.filter(|score| score.all > 0).collect()
    }
}

/// Runs tests on each mutant of a project. For those that survive, searches for tests that would notice them: the session then
/// has another file with the last of them.
pub fn mutate(
    session: &mut Session,
    settings: &Settings,
    selection: Selection<'_>,
) -> MutationReport {
    let mut report = MutationReport {
        mutants: Vec::new(),
        failing: Vec::new(),
    };
    let mut known: BTreeMap<Identity, usize> = BTreeMap::new();
    for environment in selection.environments {
        in_environment(session, settings, environment, Some(selection), |view| {
            report.failing.extend(view.failing());
            if report.failing.is_empty() {
                view.judge(&mut known, &mut report.mutants);
            }
        });
    }
    if !report.failing.is_empty() {
        report.mutants.clear();
        return report;
    }
    search::killers(session, settings, selection, &known, &mut report.mutants);
    report
        .mutants
        .sort_by(|one, other| (&one.file, one.line).cmp(&(&other.file, other.line)));
    report
}

impl View<'_> {
    fn failing(&self) -> Vec<FailingTest> {
        let tests = self.placed.iter().zip(&self.suite.baselines);
        tests
            .filter_map(|(placed, baseline)| {
                Some(FailingTest {
                    name: placed.test.name.clone(),
                    environment: self.environment.clone(),
                    file: placed.file.clone(),
                    line: placed.line,
                    problem: baseline.problem.clone()?,
                })
            })
            .collect()
    }

    /// The rules of each service; without a service whose rules cannot be read.
    fn rules(&self) -> BTreeMap<&SmolStr, RuleSet> {
        let runner = &self.suite.runner;
        let services: Vec<&Service> = runner.project.services().collect();
        services
            .into_par_iter()
            .filter_map(|service| {
                let rules = RuleSet::of_services(&[service], runner.settings).ok()?;
                Some((&service.name, rules))
            })
            .collect()
    }

    /// Runs the tests on all mutants that are not killed in another environment.
    fn judge(&self, known: &mut BTreeMap<Identity, usize>, results: &mut Vec<MutantResult>) {
        let identities: Vec<Identity> = self
            .mutants
            .iter()
            .map(|mutant| self.identity(mutant))
            .collect();
        let is_open = |identity: &Identity| {
            let index = known.get(identity);
            let result = index.and_then(|index| results.get(*index));
            !result.is_some_and(MutantResult::is_killed)
        };
        let open: Vec<bool> = identities.iter().map(is_open).collect();
        let suite = &self.suite;
        let originals = self.rules();
        let fates: Vec<Option<Fate>> = self
            .mutants
            .par_iter()
            .zip(&open)
            .map(|(mutant, open)| open.then(|| fate(suite, &originals, mutant)).flatten())
            .collect();
        for ((mutant, identity), fate) in self.mutants.iter().zip(identities).zip(fates) {
            let environment = self.environment.iter().cloned();
            if let Some(result) = known
                .get(&identity)
                .and_then(|index| results.get_mut(*index))
            {
                result.environments.extend(environment);
                result.environments.dedup();
                if let Some(fate) = fate {
                    result.fate = worse(result.fate.clone(), fate);
                }
                continue;
            }
            let Some(fate) = fate else { continue };
            let (file, line, ..) = identity.clone();
            known.insert(identity, results.len());
            results.push(MutantResult {
                kind: mutant.kind,
                of: mutant.of.clone(),
                subject: mutant.subject.clone(),
                change: mutant.change.clone(),
                environments: environment.collect(),
                file,
                line,
                fate,
                killer: None,
            });
        }
    }
}

/// Runs the tests on a mutant until one fails. `None` if it is none: all that is generated is the same.
fn fate(
    suite: &Suite<'_>,
    originals: &BTreeMap<&SmolStr, RuleSet>,
    mutant: &Mutant,
) -> Option<Fate> {
    let variant = Variant::new(mutant, suite);
    if let Ok(variant) = &variant
        && variant.changes_nothing(originals)
    {
        return None;
    }
    let tests = suite.tests_of(mutant);
    let Some(first) = tests.first() else {
        return Some(Fate::NoTest);
    };
    let failing = match variant {
        Ok(mut variant) => tests.iter().find(|test| variant.fails(suite, test)),
        // Rules that cannot be read fail every test.
        Err(_) => Some(first),
    };
    Some(match failing {
        Some(test) => Fate::Killed {
            test: test.test.name.clone(),
        },
        None => Fate::Survived,
    })
}

/// The fate of a mutant that is in two environments: one test that fails is enough.
fn worse(one: Fate, other: Fate) -> Fate {
    match (&one, &other) {
        (Fate::Killed { .. }, _) => one,
        (_, Fate::Killed { .. }) => other,
        (Fate::Survived, _) => one,
        _ => other,
    }
}
