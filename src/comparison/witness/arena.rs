//! Where both versions of some services run over the same series.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use nth_diff::Version;
use nth_engine::Labels;
use nth_model::test::{SloRef, Test};
use nth_model::{RuleLabel, Service, Sli, Slo, TargetName};
use nth_promql::{Expr, classify};
use nth_simulate::{
    Plan, RuleSet, Selectors, Simulation, groups_of, labels_by_hand, simulate_rules,
};
use smol_str::SmolStr;

use super::outcome::{Decided, Outcome, Seen, Unsent};
use super::shadow::{Shadows, with_shadows};
use crate::backends::alertmanager::notify::Routing;
use crate::policy::{self, Effect, Verdict};
use crate::testing::decisions;
use crate::testing::incident::{Delivery, Incident};

/// A version with its routes.
pub struct Side<'v> {
    /// The version.
    pub version: Version<'v>,
    routing: Option<Routing<'v>>,
    /// True if the other version notifies people, and this one generates nothing that does.
    is_cut_off: bool,
}

impl<'v> Side<'v> {
    /// Prepares the routes of a version, compared with another one.
    pub fn new(version: Version<'v>, other: Option<Version<'_>>) -> Self {
        let notifies =
            |version: Version<'_>| version.settings.targets.contains(&TargetName::Alertmanager);
        Self {
            routing: Routing::new(version.project, version.settings),
            is_cut_off: !notifies(version) && other.is_some_and(notifies),
            version,
        }
    }

    fn has_rules(&self) -> bool {
        let targets = &self.version.settings.targets;
        targets.contains(&TargetName::Prometheus)
    }
}

/// Both versions; `None` for one that does not exist.
pub type Sides<'v> = [Option<Side<'v>>; 2];

/// What is asked besides alerts.
#[derive(Debug, Clone, Copy)]
pub enum Asked<'q> {
    /// Nothing.
    Nothing,
    /// A gate of a service, by its name in both versions.
    Gate(&'q str, [Option<&'q str>; 2]),
    /// Who is on call for a service.
    People(&'q str),
}

/// Services with the series of both versions.
pub struct Arena<'a> {
    sides: &'a Sides<'a>,
    shadows: &'a Shadows,
    prepared: BTreeMap<Key, Result<Prepared<'a>, String>>,
    rules: BTreeMap<(usize, Vec<SmolStr>), Result<Arc<RuleSet>, String>>,
}

/// Services, the labels of series that are written by hand, and groups that are named.
type Key = (Vec<SmolStr>, Vec<Labels>, Vec<SloRef>);

struct Prepared<'a> {
    plan: Plan<'a>,
    rules: [Option<Arc<RuleSet>>; 2],
    /// True if there are series for what only one version reads.
    has_shadows: bool,
}

impl<'a> Arena<'a> {
    /// Without any series yet. `shadows` are those of the version that the series are not made for.
    pub fn new(sides: &'a Sides<'a>, shadows: &'a Shadows) -> Self {
        Self {
            sides,
            shadows,
            prepared: BTreeMap::new(),
            rules: BTreeMap::new(),
        }
    }

    /// Returns what happens in a test with both versions. Times are those since `from`, in milliseconds since the beginning.
    ///
    /// # Errors
    ///
    /// Why it cannot be simulated, as a clause.
    pub fn outcomes(
        &mut self,
        test: &Test,
        names: &BTreeSet<SmolStr>,
        from: i64,
        asked: Asked<'_>,
    ) -> Result<[Outcome; 2], String> {
        let mut by_hand = labels_by_hand(test).map_err(|error| error.to_string())?;
        by_hand.sort();
        by_hand.dedup();
        let groups = groups_of(&with_shadows(test, self.shadows));
        let key: Key = (names.iter().cloned().collect(), by_hand, groups);
        if !self.prepared.contains_key(&key) {
            let prepared = self.prepare(&key);
            self.prepared.insert(key.clone(), prepared);
        }
        let prepared = match self.prepared.get(&key) {
            Some(Ok(prepared)) => prepared,
            Some(Err(problem)) => return Err(problem.clone()),
            None => return Err("there is no service".to_owned()),
        };
        let test = match prepared.has_shadows {
            true => Cow::Owned(with_shadows(test, self.shadows)),
            false => Cow::Borrowed(test),
        };
        let [base, head] = [0, 1].map(|index| self.outcome(prepared, index, &test, from, asked));
        Ok([base?, head?])
    }

    fn prepare(&mut self, key: &Key) -> Result<Prepared<'a>, String> {
        let (names, by_hand, groups) = key;
        let sides = self.sides;
        let of = |index: usize| -> Vec<&'a Service> {
            let side = sides.get(index).and_then(Option::as_ref);
            let project = side.map(|side| side.version.project);
            let names = names.iter();
            names
                .filter_map(|name| project.and_then(|project| project.service(name)))
                .collect()
        };
        let both = [of(0), of(1)];
        let leading = usize::from(both[0].is_empty());
        let Some(side) = sides.get(leading).and_then(Option::as_ref) else {
            return Err("there is no service".to_owned());
        };
        let mut rules: [Option<Arc<RuleSet>>; 2] = [None, None];
        for index in [0, 1] {
            let side = sides.get(index).and_then(Option::as_ref);
            if let (Some(side), Some(services)) = (side, both.get(index))
                && side.has_rules()
                && !services.is_empty()
            {
                let names = services.iter().map(|service| service.name.clone());
                let read = self
                    .rules
                    .entry((index, names.collect()))
                    .or_insert_with(|| {
                        RuleSet::of_services(services, side.version.settings)
                            .map(Arc::new)
                            .map_err(|error| error.to_string())
                    });
                if let Some(place) = rules.get_mut(index) {
                    *place = Some(read.clone()?);
                }
            }
        }
        let settings = side.version.settings;
        let of_leading: &[&Service] = both.get(leading).map_or(&[], Vec::as_slice);
        let own = match rules.get(leading).and_then(Option::as_ref) {
            Some(rules) => Arc::clone(rules),
            None => {
                Arc::new(RuleSet::of_services(&[], settings).map_err(|error| error.to_string())?)
            }
        };
        let shadows: Vec<&Service> = { names.iter() }
            .filter_map(|name| self.shadows.get(name))
            .collect();
        let all: Vec<&Service> = of_leading.iter().copied().chain(shadows.clone()).collect();
        let mut has_shadows = !shadows.is_empty();
        let plan = match Plan::with_groups(&all, settings, by_hand, Arc::clone(&own), groups) {
            Ok(plan) => plan,
            Err(error) if shadows.is_empty() => return Err(error.to_string()),
            Err(_) => {
                // Perhaps the series of one version are enough for both.
                has_shadows = false;
                let plan = Plan::with_groups(of_leading, settings, by_hand, own, groups)
                    .map_err(|error| error.to_string())?;
                for slo in shadows.iter().flat_map(|shadow| &shadow.slos) {
                    if !reads_only(slo, &plan, by_hand) {
                        return Err(format!(
                            "no series are found that the SLI of `{}` counts as told in both versions",
                            slo.name
                        ));
                    }
                }
                plan
            }
        };
        Ok(Prepared {
            plan,
            rules,
            has_shadows,
        })
    }

    fn outcome(
        &self,
        prepared: &Prepared<'_>,
        index: usize,
        test: &Test,
        from: i64,
        asked: Asked<'_>,
    ) -> Result<Outcome, String> {
        let side = self.sides.get(index).and_then(Option::as_ref);
        let rules = prepared.rules.get(index).and_then(Option::as_ref);
        let mut outcome = Outcome::default();
        let mut incident = None;
        if let (Some(side), Some(rules)) = (side, rules) {
            let simulation = simulated(&prepared.plan, test, rules)?;
            let simulation = of_version(simulation, side);
            let found = Incident::of_simulation(simulation, side.routing.as_ref());
            outcome.alerts = seen(&found, side, from);
            incident = Some(found);
        }
        match asked {
            Asked::Nothing => {}
            Asked::Gate(service, gates) => {
                let gate = gates.get(index).copied().flatten();
                outcome.decision = Some(decided(side, incident.as_ref(), service, gate)?);
            }
            Asked::People(service) => {
                outcome.on_call = side.and_then(|side| {
                    let service = side.version.project.service(service)?;
                    side.version.project.paged_for(service)
                });
            }
        }
        Ok(outcome)
    }
}

/// Runs rules in a test. An alert that exceeds its limit of series fires for none of them, as in Prometheus.
fn simulated(plan: &Plan<'_>, test: &Test, rules: &Arc<RuleSet>) -> Result<Simulation, String> {
    let mut rules = Arc::clone(rules);
    loop {
        let problem = match simulate_rules(plan, test, &rules, Arc::clone(&rules)) {
            Ok(simulation) => return Ok(simulation),
            Err(problem) => problem,
        };
        let nth_simulate::Error::Evaluation(failure) = &problem else {
            return Err(problem.to_string());
        };
        let (id, is_limit) = (failure.id, failure.error.message.starts_with(EXCEEDED));
        let mut without = RuleSet::clone(&rules);
        let group = without.groups.get_mut(id.group);
        match group.filter(|group| is_limit && id.rule < group.rules.len()) {
            Some(group) => group.rules.remove(id.rule),
            None => return Err(problem.to_string()),
        };
        rules = Arc::new(without);
    }
}

/// How the engine begins the message about more series than a limit.
const EXCEEDED: &str = "exceeded limit of ";

/// True if all that an SLI reads exists among the series.
fn reads_only(slo: &Slo, plan: &Plan<'_>, by_hand: &[Labels]) -> bool {
    let queries: Vec<&Expr> = match &slo.sli {
        Sli::Events {
            numerator, total, ..
        } => {
            let (nth_model::Numerator::Bad(part) | nth_model::Numerator::Good(part)) = numerator;
            vec![part, total]
        }
        Sli::TimeSlices { good } => vec![good],
        Sli::ErrorRatio { ratio, total } => std::iter::once(ratio).chain(total).collect(),
    };
    let mut selectors = queries.into_iter().flat_map(classify::metrics);
    selectors.all(|selector| {
        let Ok(query) = nth_promql::parse(&selector.to_string()) else {
            return false;
        };
        let mut one = Selectors::default();
        one.add(&query);
        plan.series()
            .chain(by_hand)
            .any(|labels| one.select(labels))
    })
}

/// Names the SLOs and severities of alerts as a version does: the series may be those of another one.
fn of_version(mut simulation: Simulation, side: &Side<'_>) -> Simulation {
    let Version {
        project, settings, ..
    } = side.version;
    for alert in &mut simulation.alerts {
        let slo = alert.labels.get(RuleLabel::Slo.name());
        let service = project.service(&alert.service);
        let is_slo =
            service.is_some_and(|service| service.slos.iter().any(|known| known.name == slo));
        alert.slo = is_slo.then(|| slo.into());
        let label = alert.labels.get(RuleLabel::Severity.name());
        alert.severity = settings.severities.with_label(label).cloned();
    }
    simulation
}

fn seen(incident: &Incident<'_>, side: &Side<'_>, from: i64) -> Vec<Seen> {
    let mut found = Vec::new();
    for (index, fired) in incident.fired.iter().enumerate() {
        let Some(alert) = incident.alert(fired) else {
            continue;
        };
        let Some(severity) = &alert.severity else {
            continue;
        };
        let delivery = match incident.delivery(index) {
            _ if side.is_cut_off => Delivery::Nobody,
            delivery => delivery,
        };
        let (sent, unsent) = match delivery {
            Delivery::Sent(at) => (Some(at), Unsent::No),
            Delivery::Unrouted => (Some(fired.start), Unsent::No),
            Delivery::Nobody => (None, Unsent::Nobody),
            Delivery::Inhibited(_) | Delivery::Muted(_) | Delivery::Unsent => {
                (None, Unsent::Otherwise)
            }
        };
        let teams = incident.notifications(index);
        let teams = teams.map(|found| found.recipient.team.to_owned());
        found.push(Seen {
            service: alert.service.clone(),
            slo: alert.slo.clone(),
            alert: alert.name.clone(),
            response: severity.response(),
            sent: sent.map(|at| (at - from).max(0)),
            unsent,
            teams: match sent {
                Some(_) => teams.collect(),
                None => BTreeSet::new(),
            },
        });
    }
    found
}

/// What a gate decides at the end of an incident.
fn decided(
    side: Option<&Side<'_>>,
    incident: Option<&Incident<'_>>,
    service: &str,
    gate: Option<&str>,
) -> Result<Decided, String> {
    let missing = || Decided {
        verdict: Verdict::Allow,
        words: "not stopped: there is no gate".to_owned(),
    };
    let (Some(side), Some(gate)) = (side, gate) else {
        return Ok(missing());
    };
    let Version {
        project, settings, ..
    } = side.version;
    let exists = project
        .service(service)
        .is_some_and(|service| service.gates.iter().any(|known| known.name == gate));
    if !exists {
        return Ok(missing());
    }
    let incident = incident.ok_or_else(|| "the service has no rules".to_owned())?;
    let of = (service, gate);
    let decision = decisions::decision(incident, project, settings, of, incident.length())?;
    let names = |outcome: policy::Outcome| -> String {
        let all = decision.rules.iter();
        let rules = all.filter(|rule| rule.outcome == outcome).map(|rule| {
            let kind = match rule.effect {
                Effect::Deny => "deny",
                Effect::Warn => "warn",
            };
            format!("{kind} `{}`", rule.name)
        });
        rules.collect::<Vec<_>>().join(", ")
    };
    let is_known =
        |rule: &policy::RuleDecision| rule.holds.is_some() || rule.outcome != policy::Outcome::Deny;
    let words = match decision.verdict {
        Verdict::Deny => {
            let denying = names(policy::Outcome::Deny);
            match decision.rules.iter().all(is_known) {
                true => format!("denied ({denying})"),
                false => format!("denied ({denying}), for lack of data"),
            }
        }
        Verdict::Warn => format!("allowed with a warning ({})", names(policy::Outcome::Warn)),
        Verdict::Allow if decision.dry_run && decision.found > Verdict::Allow => {
            "allowed: the gate only reports".to_owned()
        }
        Verdict::Allow => {
            let overridden = names(policy::Outcome::Overridden);
            match overridden.is_empty() {
                true => "allowed".to_owned(),
                false => format!("allowed ({overridden} is overridden)"),
            }
        }
    };
    Ok(Decided {
        verdict: decision.verdict,
        words,
    })
}
