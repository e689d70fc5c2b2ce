//! Coverage: which alerts, gates and receivers tests exercise.
//!
//! An alert is exercised in both directions: it fires in one test and stays silent in another. Whether a test expects anything of
//! it is what [mutants](super::mutation) find out.

use std::collections::{BTreeMap, BTreeSet};

use nth_engine::rules::{Alerting, Rule};
use nth_model::test::{Outcome as Expected, Test};
use nth_model::{Project, RuleLabel, Settings};
use nth_simulate::RuleSet;
use rayon::prelude::*;
use serde::Serialize;
use smol_str::SmolStr;

use super::decisions;
use super::incident::Incident;
use super::run::{EnvironmentTests, Placed, Plans, Runner, Selection, in_environment};
use crate::backends::alertmanager::notify::Routing;
use crate::db::name_span;
use crate::policy::Verdict;
use crate::session::Session;

/// What tests exercise in an environment.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct EnvironmentCoverage {
    /// The environment; `None` if the project declares none.
    pub environment: Option<SmolStr>,
    /// The services, by name.
    pub services: Vec<ServiceCoverage>,
    /// The receivers, in the order of the configuration; empty if none is generated.
    pub receivers: Vec<ReceiverCoverage>,
    /// The tests that could not be simulated, so that they exercise nothing.
    pub errors: Vec<TestError>,
}

/// A test that could not be simulated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TestError {
    /// The name of the test.
    pub test: SmolStr,
    /// The file, as it is shown.
    pub file: String,
    /// The line of the test's name, from 1.
    pub line: usize,
    /// The reason, without a full stop.
    pub problem: String,
}

/// What tests exercise of a service.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ServiceCoverage {
    /// The service.
    pub service: SmolStr,
    /// Its file, as it is shown.
    pub file: String,
    /// The line of its name, from 1.
    pub line: usize,
    /// The number of tests that simulate it; if 0, nothing of it is exercised.
    pub tests: usize,
    /// Its alerts, in the order of the rules.
    pub alerts: Vec<AlertCoverage>,
    /// Its gates, in the order of the source.
    pub gates: Vec<GateCoverage>,
}

/// In how many tests an alert did what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AlertCoverage {
    /// The name, as in the rules.
    pub alert: SmolStr,
    /// The SLO; `None` for custom alerts.
    pub slo: Option<SmolStr>,
    /// What tells it from others of the same name: `1h/5m` for a burn rate, `50%` for a budget; `None` if nothing does.
    pub detail: Option<String>,
    /// The severity, as its label.
    pub severity: SmolStr,
    /// The number of tests in which it fired.
    pub fired: usize,
    /// The number of tests in which it was resolved after it had fired.
    pub resolved: usize,
    /// The number of tests in which it did not fire.
    pub silent: usize,
}

/// How many expectations a gate met with each verdict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct GateCoverage {
    /// The gate.
    pub gate: SmolStr,
    /// The number of expected verdicts for which it allowed the deployment.
    pub allowed: usize,
    /// The number of expected verdicts for which it warned.
    pub warned: usize,
    /// The number of expected verdicts for which it denied the deployment.
    pub denied: usize,
}

/// How many notifications a receiver got.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReceiverCoverage {
    /// The receiver.
    pub receiver: String,
    /// The number of tests in which it was notified.
    pub tests: usize,
}

impl ServiceCoverage {
    /// The share of its alerts that fired in a test, in percent; `None` without alerts.
    #[allow(clippy::cast_precision_loss)]
    pub fn share(&self) -> Option<f64> {
        let fired = self.alerts.iter().filter(|alert| alert.fired > 0).count();
        let all = self.alerts.len();
        (all > 0).then(|| fired as f64 / all as f64 * 100.0)
    }
}

impl AlertCoverage {
    /// What it never did in a test: `fired`, `resolved`, `silent`. An alert that never fired could not be resolved.
    pub fn missing(&self) -> Vec<&'static str> {
        let mut missing = Vec::new();
        if self.fired == 0 {
            missing.push("fired");
        } else if self.resolved == 0 {
            missing.push("resolved");
        }
        if self.silent == 0 {
            missing.push("silent");
        }
        missing
    }
}

impl GateCoverage {
    /// The verdicts that it never gave in a test: `allowed`, `denied`.
    pub fn missing(&self) -> Vec<&'static str> {
        let all = [
            ("allowed", self.allowed + self.warned),
            ("denied", self.denied),
        ];
        let never = all.into_iter().filter(|(_, count)| *count == 0);
        never.map(|(word, _)| word).collect()
    }
}

/// Runs tests, and counts what they exercise. `settings` are those of the project.
pub fn coverage(
    session: &Session,
    settings: &Settings,
    selection: Selection<'_>,
) -> Vec<EnvironmentCoverage> {
    let environments = selection.environments.iter();
    environments
        .map(|environment| {
            in_environment(session, settings, environment, |mut view| {
                view.select(selection);
                let places = places(session, &view);
                of_environment(&view.runner, environment, &view.tests, &places)
            })
        })
        .collect()
}

/// Returns the file and the line of each service.
fn places(session: &Session, view: &EnvironmentTests<'_>) -> BTreeMap<SmolStr, (String, usize)> {
    let services = view.services.iter();
    services
        .map(|(key, service)| {
            let span = session.file_span(name_span(&session.db, *key));
            let file = view.positions.path(span.file).to_owned();
            let line = view.positions.range(span).0.line;
            (service.name.clone(), (file, line))
        })
        .collect()
}

/// What one test exercised.
#[derive(Default)]
struct Exercised {
    services: BTreeSet<SmolStr>,
    /// The alerts that fired, and whether they were resolved.
    fired: BTreeMap<RuleKey, bool>,
    gates: Vec<(SmolStr, SmolStr, Verdict)>,
    receivers: BTreeSet<String>,
}

/// What identifies an alerting rule in an environment: its service, name and labels.
type RuleKey = (SmolStr, SmolStr, BTreeMap<SmolStr, SmolStr>);

fn key_of(service: &SmolStr, rule: &Alerting) -> RuleKey {
    (service.clone(), rule.alert.clone(), rule.labels.clone())
}

fn of_environment(
    runner: &Runner<'_>,
    environment: &Option<SmolStr>,
    tests: &[Placed<'_>],
    places: &BTreeMap<SmolStr, (String, usize)>,
) -> EnvironmentCoverage {
    let plans = runner.plans(tests.iter().map(|placed| placed.test));
    let results: Vec<Result<Exercised, String>> = tests
        .par_iter()
        .map(|placed| exercised(runner, &plans, placed.test))
        .collect();
    let mut errors = Vec::new();
    let mut all = Vec::new();
    for (placed, result) in tests.iter().zip(results) {
        match result {
            Ok(exercised) => all.push(exercised),
            Err(problem) => errors.push(TestError {
                test: placed.test.name.clone(),
                file: placed.file.clone(),
                line: placed.line,
                problem,
            }),
        }
    }
    let names = runner.routing.into_iter().flat_map(Routing::receivers);
    EnvironmentCoverage {
        environment: environment.clone(),
        services: services(runner.project, runner.settings, &all, places),
        receivers: names
            .map(|receiver| ReceiverCoverage {
                receiver: receiver.to_owned(),
                tests: all
                    .iter()
                    .filter(|one| one.receivers.contains(receiver))
                    .count(),
            })
            .collect(),
        errors,
    }
}

fn exercised(runner: &Runner<'_>, plans: &Plans<'_>, test: &Test) -> Result<Exercised, String> {
    let incident = runner
        .key(test)
        .and_then(|key| Ok((Incident::new(plans.get(&key)?, test, runner.routing)?, key)));
    let (incident, (services, ..)) = incident.map_err(|error| error.to_string())?;
    let mut exercised = Exercised {
        services: services.into_iter().collect(),
        ..Exercised::default()
    };
    let groups = &incident.simulation.rules.groups;
    for fired in &incident.fired {
        let Some(alert) = incident.alert(fired) else {
            continue;
        };
        let id = alert.history.rule;
        let group = groups.get(id.group);
        if let Some(Rule::Alerting(rule)) = group.and_then(|group| group.rules.get(id.rule)) {
            let resolved = exercised.fired.entry(key_of(&alert.service, rule));
            *resolved.or_default() |= fired.end.is_some();
        }
    }
    let notifications = incident.notified.notifications.iter();
    exercised.receivers = notifications
        .map(|notification| notification.recipient.receiver.to_owned())
        .collect();
    for expectation in &test.expect {
        if let Expected::Gate {
            service, gate, at, ..
        } = &expectation.outcome
        {
            let millis = |at: nth_model::Duration| i64::try_from(at.0).unwrap_or(i64::MAX);
            let at = at.map_or_else(|| incident.length(), millis);
            let of = (service.as_str(), gate.as_str());
            let decision = decisions::decision(&incident, runner.project, runner.settings, of, at)?;
            exercised
                .gates
                .push((service.clone(), gate.clone(), decision.verdict));
        }
    }
    Ok(exercised)
}

fn services(
    project: &Project<'_>,
    settings: &Settings,
    all: &[Exercised],
    places: &BTreeMap<SmolStr, (String, usize)>,
) -> Vec<ServiceCoverage> {
    project
        .services()
        .map(|service| {
            let of: Vec<&Exercised> = all
                .iter()
                .filter(|one| one.services.contains(&service.name))
                .collect();
            // A rule that cannot be read is an error of each test that simulates it.
            let rules = RuleSet::of_services(&[service], settings);
            let rules = rules.map(|rules| rules.groups).unwrap_or_default();
            let rules = rules.iter().flat_map(|group| &group.rules);
            let alerts = rules.filter_map(|rule| match rule {
                Rule::Alerting(rule) => Some(alert(&key_of(&service.name, rule), rule, &of)),
                Rule::Recording(_) => None,
            });
            let (file, line) = places.get(&service.name).cloned().unwrap_or_default();
            ServiceCoverage {
                service: service.name.clone(),
                file,
                line,
                tests: of.len(),
                alerts: alerts.collect(),
                gates: service
                    .gates
                    .iter()
                    .map(|gate| {
                        let count = |verdict: Verdict| {
                            let all = all.iter().flat_map(|one| &one.gates);
                            all.filter(|(of, name, found)| {
                                *of == service.name && *name == gate.name && *found == verdict
                            })
                            .count()
                        };
                        GateCoverage {
                            gate: gate.name.clone(),
                            allowed: count(Verdict::Allow),
                            warned: count(Verdict::Warn),
                            denied: count(Verdict::Deny),
                        }
                    })
                    .collect(),
            }
        })
        .collect()
}

fn alert(key: &RuleKey, rule: &Alerting, tests: &[&Exercised]) -> AlertCoverage {
    let fired = tests.iter().filter_map(|one| one.fired.get(key));
    let label = |label: RuleLabel| rule.labels.get(label.name()).cloned();
    let windows = label(RuleLabel::LongWindow).zip(label(RuleLabel::ShortWindow));
    let windows = windows.map(|(long, short)| format!("{long}/{short}"));
    let consumed = label(RuleLabel::BudgetConsumed).map(|share| share.to_string());
    AlertCoverage {
        alert: rule.alert.clone(),
        slo: label(RuleLabel::Slo),
        detail: windows.or(consumed),
        severity: label(RuleLabel::Severity).unwrap_or_default(),
        fired: fired.clone().count(),
        resolved: fired.clone().filter(|resolved| **resolved).count(),
        silent: tests.len() - fired.count(),
    }
}
