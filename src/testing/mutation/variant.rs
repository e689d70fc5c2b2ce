//! A changed project, and whether a test fails with it.

use std::collections::BTreeMap;
use std::sync::Arc;

use nth_engine::MemoryStore;
use nth_engine::rules::RuleId;
use nth_model::test::{Outcome as Expected, Test};
use nth_model::{Project, Settings};
use nth_simulate::{AlertTimeline, Difference, Period, Plan, RuleSet, Simulation, simulate_rules};
use smol_str::SmolStr;

use super::mutant::{Mutant, MutationKind, Replacement, Target};
use super::observed::{Observed, observe};
use super::suite::{Baseline, Suite, problem, routes};
use crate::backends::alertmanager::notify::Routing;
use crate::testing::check::Check;
use crate::testing::incident::Incident;
use crate::testing::run::Key;

/// A project with a mutant.
pub struct Variant<'v> {
    mutant: &'v Mutant,
    project: Project<'v>,
    settings: &'v Settings,
    routing: Option<Routing<'v>>,
    /// True if alerts are routed and inhibited as without the change.
    has_same_routes: bool,
    /// The rules of the changed service.
    rules: Option<(SmolStr, RuleSet)>,
    prepared: BTreeMap<Key, Prepared>,
}

/// The rules of a plan's services with a mutant.
struct Prepared {
    rules: Arc<RuleSet>,
    /// How they differ from those without it; `None` if they are the same.
    difference: Option<Difference>,
}

impl<'v> Variant<'v> {
    /// Changes a project.
    ///
    /// # Errors
    ///
    /// If the engine cannot read a rule.
    pub fn new(mutant: &'v Mutant, suite: &'v Suite<'_>) -> Result<Self, nth_simulate::Error> {
        let (project, settings) = (suite.runner.project, suite.runner.settings);
        let services = project.services().map(|service| match &mutant.replacement {
            Replacement::Service(mutated) if mutated.name == service.name => &**mutated,
            _ => service,
        });
        let teams = project.teams().map(|team| match &mutant.replacement {
            Replacement::Team(mutated) if mutated.name == team.name => &**mutated,
            _ => team,
        });
        let changed: Project<'v> = Project::new(services, teams);
        let routing = Routing::new(&changed, settings);
        Ok(Self {
            mutant,
            has_same_routes: routes(routing.as_ref()) == suite.routes,
            rules: match &mutant.replacement {
                Replacement::Service(service) => Some((
                    service.name.clone(),
                    RuleSet::of_services(&[service], settings)?,
                )),
                Replacement::Team(_) => None,
            },
            project: changed,
            settings,
            routing,
            prepared: BTreeMap::new(),
        })
    }

    /// True if neither rules, routes nor gates are other than those without the change. `originals` are the rules of each
    /// service.
    pub fn changes_nothing(&self, originals: &BTreeMap<&SmolStr, RuleSet>) -> bool {
        let has_same_rules = match &self.rules {
            Some((service, own)) => {
                let original = originals.get(service);
                original.is_some_and(|original| original.groups == own.groups)
            }
            None => true,
        };
        has_same_rules && self.has_same_routes && self.mutant.kind != MutationKind::Gate
    }

    /// Returns whether a test fails, or cannot run.
    pub fn fails(&mut self, suite: &Suite<'_>, baseline: &Baseline<'_>) -> bool {
        let Ok(plan) = suite.plans.get(&baseline.key) else {
            return true;
        };
        self.prepare(&baseline.key, plan);
        let Some(prepared) = self.prepared.get(&baseline.key) else {
            return true;
        };
        match self.is_unaffected(prepared, plan, baseline) {
            Ok(true) => return false,
            Ok(false) => {}
            Err(_) => return true,
        }
        !self.passes(prepared, plan, baseline.test)
    }

    fn prepare(&mut self, key: &Key, plan: &Plan<'_>) {
        if self.prepared.contains_key(key) {
            return;
        }
        let rules = match &self.rules {
            Some((service, own)) => Arc::new(plan.rules().replaced(service, own)),
            None => Arc::clone(plan.rules()),
        };
        let difference = rules.difference(plan.rules());
        self.prepared
            .insert(key.clone(), Prepared { rules, difference });
    }

    /// What happens in a test's incident with the change; `None` if it cannot be simulated.
    pub fn observed(&mut self, suite: &Suite<'_>, baseline: &Baseline<'_>) -> Option<Observed> {
        let plan = suite.plans.get(&baseline.key).ok()?;
        self.prepare(&baseline.key, plan);
        let prepared = self.prepared.get(&baseline.key)?;
        let incident = self.whole(prepared, plan, baseline.test).ok()?;
        let services = &baseline.key.0;
        Some(observe(&incident, &self.project, self.settings, services))
    }

    /// Returns false if all that could be expected of a test's incident is certainly as without the change.
    pub fn may_differ(&mut self, suite: &Suite<'_>, baseline: &Baseline<'_>) -> bool {
        let Ok(plan) = suite.plans.get(&baseline.key) else {
            return false;
        };
        self.prepare(&baseline.key, plan);
        let Some(prepared) = self.prepared.get(&baseline.key) else {
            return false;
        };
        let changes_recordings = prepared
            .difference
            .as_ref()
            .is_some_and(|difference| difference.changes_recordings);
        self.mutant.kind == MutationKind::Gate
            || changes_recordings
            || !self.has_same_routes
            || !matches!(self.is_unaffected(prepared, plan, baseline), Ok(true))
    }

    fn whole<'s>(
        &'s self,
        prepared: &Prepared,
        plan: &Plan<'_>,
        test: &Test,
    ) -> Result<Incident<'s>, nth_simulate::Error> {
        let rules = prepared.rules.clone();
        let simulation = simulate_rules(plan, test, &prepared.rules, rules)?;
        Ok(Incident::of_simulation(simulation, self.routing.as_ref()))
    }

    fn passes(&self, prepared: &Prepared, plan: &Plan<'_>, test: &Test) -> bool {
        let incident = self.whole(prepared, plan, test);
        incident.is_ok_and(|incident| self.is_met(&incident, test))
    }

    /// True if all expectations of a test are met.
    fn is_met(&self, incident: &Incident<'_>, test: &Test) -> bool {
        let check = Check {
            incident,
            project: &self.project,
            settings: self.settings,
        };
        problem(&check, test).is_none()
    }

    /// Returns true if all that a test's expectations depend on is certainly as without the change. Evaluates only the rules
    /// whose results may differ.
    fn is_unaffected(
        &self,
        prepared: &Prepared,
        plan: &Plan<'_>,
        baseline: &Baseline<'_>,
    ) -> Result<bool, nth_simulate::Error> {
        let test = baseline.test;
        if self.mutant.kind == MutationKind::Gate {
            return Ok(!asks(test, &self.mutant.of, &self.mutant.target));
        }
        let Some(difference) = &prepared.difference else {
            if self.has_same_routes {
                return Ok(true);
            }
            if needs_series(test) {
                return Ok(false);
            }
            // The same alerts on other routes.
            let simulation = Simulation {
                begin: test.begin.saturating_mul(1000),
                end: test
                    .begin
                    .saturating_mul(1000)
                    .saturating_add(i64::try_from(test.length.0).unwrap_or(i64::MAX / 4)),
                from: test.begin.saturating_mul(1000),
                raw: Vec::new(),
                store: MemoryStore::new(),
                rules: plan.rules().clone(),
                alerts: baseline.alerts.clone(),
            };
            let incident = Incident::of_simulation(simulation, self.routing.as_ref());
            return Ok(self.is_met(&incident, test));
        };
        if !self.has_same_routes || (needs_series(test) && difference.changes_recordings) {
            return Ok(false);
        }
        let part = simulate_rules(
            plan,
            test,
            &prepared.rules,
            Arc::new(difference.rules.clone()),
        )?;
        let changed: Vec<Shown<'_>> = shown(&part.alerts, |id| difference.affected.contains(&id));
        let original = shown(&baseline.alerts, |id| difference.originals.contains(&id));
        let is_same = changed == original;
        Ok(is_same && (original.is_empty() || !reads_texts(test)))
    }
}

/// What expectations see of an alert, besides its annotations.
type Shown<'a> = (
    &'a SmolStr,
    &'a nth_engine::Labels,
    Option<&'a nth_model::Severity>,
    Option<&'a SmolStr>,
    &'a [Period],
);

/// The alerts of some rules.
fn shown(alerts: &[AlertTimeline], is_chosen: impl Fn(RuleId) -> bool) -> Vec<Shown<'_>> {
    alerts
        .iter()
        .filter(|alert| is_chosen(alert.history.rule))
        .map(|alert| {
            (
                &alert.service,
                &alert.labels,
                alert.severity.as_ref(),
                alert.slo.as_ref(),
                alert.periods.as_slice(),
            )
        })
        .collect()
}

/// True if an expectation of a test depends on more than alerts and their routes.
fn needs_series(test: &Test) -> bool {
    reads_texts(test)
        || test.expect.iter().any(|expectation| {
            matches!(
                expectation.outcome,
                Expected::Gate { .. } | Expected::Budget { .. }
            )
        })
}

fn reads_texts(test: &Test) -> bool {
    let mut all = test.expect.iter();
    all.any(|expectation| matches!(expectation.outcome, Expected::Fires { text: Some(_), .. }))
}

/// True if a test expects a verdict of a gate.
fn asks(test: &Test, of: &SmolStr, target: &Target) -> bool {
    let mut all = test.expect.iter();
    all.any(|expectation| match &expectation.outcome {
        Expected::Gate { service, gate, .. } => {
            service == of && *target == Target::Gate(gate.clone())
        }
        _ => false,
    })
}
