//! The part of a project that goes to PagerDuty: services whose alerts notify someone, and their teams.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use nth_model::{
    Contact, Duration, Escalation, IMPLIED_ESCALATION, Pace, Project, Role, Schedule, Service,
    Settings, Severity, Target, Team,
};

/// The escalation policy of a service.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Policy<'a> {
    /// An escalation of a team with the timing of a tier.
    Own(PolicyKey<'a>),
    /// An existing policy in PagerDuty, by its name.
    Existing(&'a str),
    /// An existing policy in PagerDuty that is managed elsewhere, by its ID.
    Managed(String),
}

/// A team's escalation with the timing of a tier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct PolicyKey<'a> {
    /// The name of the team.
    pub team: &'a str,
    /// The name of the escalation.
    pub escalation: &'a str,
    /// The tier of the services; `None` for events without a service.
    pub tier: Option<&'a str>,
}

/// The events that one team's orchestration receives.
#[derive(Debug)]
pub struct Inbox<'a> {
    /// The services in PagerDuty: those that the team owns or is notified for.
    pub services: BTreeSet<&'a str>,
    /// Other services of the project whose events come here.
    pub unknown: BTreeSet<&'a str>,
    /// The escalation of all other events; `None` if nobody would be notified.
    pub others: Option<Policy<'a>>,
}

/// The objects in PagerDuty, by name.
#[derive(Debug, Default)]
pub struct Plan<'a> {
    /// The services with their escalation policies; `None` for a service that is managed elsewhere.
    pub services: BTreeMap<&'a str, (&'a Service, Option<Policy<'a>>)>,
    /// The escalations of these policies.
    pub policies: BTreeMap<PolicyKey<'a>, (Cow<'a, Escalation>, Cow<'a, Pace>)>,
    /// The teams that own any of the objects.
    pub teams: BTreeMap<&'a str, &'a Team>,
    /// The teams to which events are sent, with the handling of these events.
    pub inboxes: BTreeMap<&'a str, Inbox<'a>>,
}

impl<'a> Plan<'a> {
    /// Creates the plan of a project; empty if nobody is notified through PagerDuty.
    pub fn new(project: &Project<'a>, settings: &'a Settings) -> Self {
        let mut plan = Self::default();
        // Rules outside of any service: their events come to the service of the team for all others.
        let with_rules: BTreeSet<&str> = project
            .services()
            .filter(|service| service.role == Role::Team)
            .filter_map(|rules| rules.team.as_deref())
            .collect();
        for service in project
            .services()
            .filter(|service| service.role != Role::Team)
        {
            if service.origin.pagerduty_id.is_some() {
                plan.services.insert(&service.name, (service, None));
                continue;
            }
            let policy = match project.escalation_for(service) {
                Some((team, escalation)) => {
                    let pace = Cow::Borrowed(&service.pace);
                    let tier = Some(service.tier.as_str());
                    Some(plan.policy(team, escalation, tier, pace))
                }
                None => {
                    let existing = settings.pagerduty.escalation_policy.as_deref();
                    existing.map(Policy::Existing)
                }
            };
            if let Some(policy) = policy {
                plan.services.insert(&service.name, (service, Some(policy)));
            }
        }
        let owners: BTreeSet<&str> = plan
            .services
            .values()
            .filter_map(|(service, _)| service.team.as_deref())
            .collect();
        let has_part = |team: &&Team| {
            owners.contains(team.name.as_str())
                || with_rules.contains(team.name.as_str())
                    && plan.has_policy_of_others(team, settings)
                || !team.schedules.is_empty()
                || !team.origin.imports.is_empty()
                || team.contacts.iter().any(has_method)
                || team
                    .escalations
                    .iter()
                    .any(|way| !way.steps.is_empty() || way.origin.pagerduty_id.is_some())
        };
        let teams = project.teams().filter(has_part);
        plan.teams = teams.map(|team| (team.name.as_str(), team)).collect();
        plan.find_inboxes(project, &with_rules, settings);
        plan
    }

    /// Finds the events that each team receives. The default team receives those of services whose own team is not
    /// notified, as in Alertmanager.
    fn find_inboxes(
        &mut self,
        project: &Project<'a>,
        with_rules: &BTreeSet<&'a str>,
        settings: &'a Settings,
    ) {
        let default = settings.alertmanager.default_team.as_deref();
        let mut inboxes: BTreeMap<&'a str, (BTreeSet<&'a str>, BTreeSet<&'a str>)> =
            BTreeMap::new();
        for service in project.services() {
            let woken = service.escalation.as_ref().map(|named| &*named.team);
            let owner = service.team.as_deref();
            let is_told = |severity: &Severity| {
                let teams = [owner, woken.filter(|_| severity.pages())];
                let mut teams = teams.into_iter().flatten();
                teams.any(|name| {
                    project
                        .team(name)
                        .is_some_and(|team| handles(team, severity))
                })
            };
            let is_lost = !settings.severities.all().iter().all(is_told);
            for team in [owner, woken, default.filter(|_| is_lost)]
                .into_iter()
                .flatten()
            {
                let Some((&team, _)) = self.teams.get_key_value(team) else {
                    continue;
                };
                let (known, unknown) = inboxes.entry(team).or_default();
                if service.role == Role::Team {
                    continue;
                }
                if self.services.contains_key(service.name.as_str()) {
                    known.insert(&service.name);
                } else {
                    unknown.insert(&service.name);
                }
            }
        }
        // A team that only receives events without a service.
        if let Some((&team, _)) = default.and_then(|name| self.teams.get_key_value(name)) {
            inboxes.entry(team).or_default();
        }
        for (name, (services, unknown)) in inboxes {
            let Some(team) = self.teams.get(name).copied() else {
                continue;
            };
            if services.is_empty() && Some(name) != default && !with_rules.contains(name) {
                continue;
            }
            let others = self.policy_of_others(team, settings);
            if services.is_empty() && others.is_none() {
                continue;
            }
            let inbox = Inbox {
                services,
                unknown,
                others,
            };
            self.inboxes.insert(name, inbox);
        }
    }

    /// True if someone is notified of events that a team receives and that belong to none of its services.
    fn has_policy_of_others(&self, team: &Team, settings: &Settings) -> bool {
        escalation_of(team).is_some() || settings.pagerduty.escalation_policy.is_some()
    }

    /// The escalation of events that a team receives and that belong to none of its services.
    fn policy_of_others(&mut self, team: &'a Team, settings: &'a Settings) -> Option<Policy<'a>> {
        let Some(escalation) = escalation_of(team) else {
            let existing = settings.pagerduty.escalation_policy.as_deref();
            return existing.map(Policy::Existing);
        };
        let pace = Cow::Owned(pace_of_others());
        Some(self.policy(team, escalation, None, pace))
    }

    /// Adds the policy of an escalation with the timing of a tier. One that is managed elsewhere is not added.
    fn policy(
        &mut self,
        team: &'a Team,
        escalation: Cow<'a, Escalation>,
        tier: Option<&'a str>,
        pace: Cow<'a, Pace>,
    ) -> Policy<'a> {
        if let Some(id) = &escalation.origin.pagerduty_id {
            return Policy::Managed(id.clone());
        }
        let key = PolicyKey {
            team: &team.name,
            escalation: match &escalation {
                Cow::Borrowed(written) => &written.name,
                Cow::Owned(_) => IMPLIED_ESCALATION,
            },
            tier,
        };
        self.policies.insert(key, (escalation, pace));
        Policy::Own(key)
    }

    /// Returns whether the dependency of a service on another is in PagerDuty, and is not managed elsewhere with both.
    pub fn has_dependency(&self, of: &Service, other: &str) -> bool {
        let is_managed = |service: &Service| service.origin.pagerduty_id.is_some();
        self.services
            .get(other)
            .is_some_and(|(other, _)| !is_managed(of) || !is_managed(other))
    }

    /// Returns whether nobody is notified and nothing notifies.
    pub fn is_empty(&self) -> bool {
        self.services.is_empty() && self.teams.is_empty()
    }

    /// The people whom schedules and escalations of a team name.
    pub fn notified(team: &'a Team) -> impl Iterator<Item = &'a str> {
        let on_call = team.schedules.iter().flat_map(on_call);
        let steps = team.escalations.iter().flat_map(|way| &way.steps);
        on_call.chain(steps.flat_map(|step| &step.notify).filter_map(person))
    }

    /// The people of a team, and whether each manages it.
    pub fn people(team: &'a Team) -> BTreeMap<&'a str, bool> {
        let members = team.members.iter().map(String::as_str);
        let mut people: BTreeMap<&str, bool> = members
            .chain(Self::notified(team))
            .map(|email| (email, false))
            .collect();
        people.extend(team.managers.iter().map(|email| (email.as_str(), true)));
        people
    }
}

/// The members of a schedule's rotations and overrides.
fn on_call(schedule: &Schedule) -> impl Iterator<Item = &str> {
    let overrides = schedule.overrides.iter().map(|one| one.member.as_str());
    schedule
        .layers
        .iter()
        .flat_map(|layer| layer.members.iter().map(String::as_str))
        .chain(overrides)
}

/// Returns whether PagerDuty notifies a person by phone.
pub fn has_method(contact: &Contact) -> bool {
    contact.phone.is_some() && !contact.pagerduty.is_empty()
}

/// The person that a step notifies, if its target is a person.
pub fn person(target: &Target) -> Option<&str> {
    match target {
        Target::Person(email) => Some(email),
        Target::Schedule { .. } => None,
    }
}

/// The escalation of a team for events without a service: the default of its services.
fn escalation_of(team: &Team) -> Option<Cow<'_, Escalation>> {
    let chosen = match team.escalations.as_slice() {
        [only] => Some(only),
        several => several.iter().find(|way| way.name == IMPLIED_ESCALATION),
    };
    chosen
        .filter(|way| way.notifies_anyone())
        .map(Cow::Borrowed)
        .or_else(|| team.implied_escalation().map(Cow::Owned))
}

/// The timing of an escalation for events without a tier: the default timing.
fn pace_of_others() -> Pace {
    const MINUTE: u64 = 60_000;
    Pace {
        waits: vec![Duration(30 * MINUTE), Duration(60 * MINUTE)],
        loops: 1,
    }
}

/// True if a receiver of the team handles a severity.
fn handles(team: &Team, severity: &Severity) -> bool {
    let receivers = team.effective_receivers();
    receivers
        .iter()
        .any(|receiver| receiver.on.contains(severity))
}
