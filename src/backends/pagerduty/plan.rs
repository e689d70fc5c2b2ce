//! What of a project goes to PagerDuty: services that somebody is told of, and the teams behind them.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use crate::ir::{Escalation, Pace, Project, Schedule, Service, Settings, Step, Target, Team};

/// The name of the escalation that a team has which says only who is on call.
const IMPLIED: &str = "default";

/// Which escalation a service has.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Policy<'a> {
    /// One of a team's, at the pace of a tier.
    Own(PolicyKey<'a>),
    /// One that is in PagerDuty already, by its name.
    Existing(&'a str),
}

/// A team's escalation at the pace of a tier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct PolicyKey<'a> {
    /// The team.
    pub team: &'a str,
    /// The escalation.
    pub escalation: &'a str,
    /// The tier of the services that have it.
    pub tier: &'a str,
}

/// What goes to PagerDuty, by name.
#[derive(Debug, Default)]
pub struct Plan<'a> {
    /// The services and the escalation of each.
    pub services: BTreeMap<&'a str, (&'a Service, Policy<'a>)>,
    /// The escalations that they have.
    pub policies: BTreeMap<PolicyKey<'a>, (Cow<'a, Escalation>, &'a Pace)>,
    /// The teams that own any of it.
    pub teams: BTreeMap<&'a str, &'a Team>,
}

impl<'a> Plan<'a> {
    /// The plan of a project; empty where it says nowhere who is told.
    pub fn new(project: &Project<'a>, settings: &'a Settings) -> Self {
        let mut plan = Self::default();
        for service in project.services() {
            let policy = match escalation(project, service) {
                Some((team, escalation)) => {
                    let key = PolicyKey {
                        team: &team.name,
                        escalation: match &escalation {
                            Cow::Borrowed(written) => &written.name,
                            Cow::Owned(_) => IMPLIED,
                        },
                        tier: &service.tier,
                    };
                    plan.policies.insert(key, (escalation, &service.pace));
                    Some(Policy::Own(key))
                }
                None => {
                    let existing = settings.pagerduty.escalation_policy.as_deref();
                    existing.map(Policy::Existing)
                }
            };
            if let Some(policy) = policy {
                plan.services.insert(&service.name, (service, policy));
            }
        }
        let owners: BTreeSet<&str> = plan
            .services
            .values()
            .filter_map(|(service, _)| service.team.as_deref())
            .collect();
        let has_part = |team: &&Team| {
            owners.contains(team.name.as_str())
                || !team.schedules.is_empty()
                || team.escalations.iter().any(|way| !way.steps.is_empty())
        };
        let teams = project.teams().filter(has_part);
        plan.teams = teams.map(|team| (team.name.as_str(), team)).collect();
        plan
    }

    /// Whether there is nobody to be told and nothing to be told of.
    pub fn is_empty(&self) -> bool {
        self.services.is_empty() && self.teams.is_empty()
    }

    /// The services that a team owns, by name.
    pub fn services_of(&self, team: &str) -> impl Iterator<Item = &'a Service> + use<'_, 'a> {
        let owned = |service: &&Service| service.team.as_deref() == Some(team);
        let services: Vec<&'a Service> = self
            .services
            .values()
            .map(|(service, _)| *service)
            .filter(owned)
            .collect();
        services.into_iter()
    }

    /// The people that a team consists of, and whether each manages it.
    pub fn people(team: &'a Team) -> BTreeMap<&'a str, bool> {
        let on_call = team.schedules.iter().flat_map(on_call);
        let steps = team.escalations.iter().flat_map(|way| &way.steps);
        let told = steps.flat_map(|step| &step.notify).filter_map(person);
        let members = team.members.iter().map(String::as_str);
        let mut people: BTreeMap<&str, bool> = members
            .chain(on_call)
            .chain(told)
            .map(|email| (email, false))
            .collect();
        people.extend(team.managers.iter().map(|email| (email.as_str(), true)));
        people
    }
}

/// Who takes turns in a schedule.
fn on_call(schedule: &Schedule) -> impl Iterator<Item = &str> {
    schedule
        .layers
        .iter()
        .flat_map(|layer| layer.members.iter().map(String::as_str))
}

/// The person that a step tells, where it tells one.
pub fn person(target: &Target) -> Option<&str> {
    match target {
        Target::Person(email) => Some(email),
        Target::Schedule { .. } => None,
    }
}

/// The escalation of a service. A team that says who is on call, and not in which order they are told, tells its schedules
/// in the order of the source.
fn escalation<'a>(
    project: &Project<'a>,
    service: &Service,
) -> Option<(&'a Team, Cow<'a, Escalation>)> {
    if let Some(named) = &service.escalation {
        let (team, escalation) = project.escalation(named)?;
        let tells = |step: &Step| !step.notify.is_empty();
        return escalation
            .steps
            .iter()
            .any(tells)
            .then_some((team, Cow::Borrowed(escalation)));
    }
    let team = project.owner(service)?;
    if !team.escalations.is_empty() || team.schedules.is_empty() {
        return None;
    }
    let steps = team.schedules.iter().map(|schedule| Step {
        name: schedule.name.clone(),
        notify: vec![Target::Schedule {
            team: team.name.clone(),
            name: schedule.name.clone(),
        }],
        after: None,
    });
    let implied = Escalation {
        name: IMPLIED.into(),
        description: None,
        loops: None,
        steps: steps.collect(),
    };
    Some((team, Cow::Owned(implied)))
}
