//! The project: all services and teams that are built together.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::detection::Reaction;
use super::test::SloRef;
use super::{Dependency, Escalation, EscalationRef, Role, Service, SupportHours, Team};

/// The services of a project in an environment, and their teams.
#[derive(Debug, Clone)]
pub struct Project<'a> {
    services: BTreeMap<&'a str, &'a Service>,
    teams: BTreeMap<&'a str, &'a Team>,
    dependents: BTreeMap<&'a str, Vec<(&'a Service, &'a Dependency)>>,
    detection: BTreeMap<SloRef, Reaction>,
}

impl<'a> Project<'a> {
    /// Creates a project of these services and teams. Names must be unique within each kind.
    pub fn new(
        services: impl IntoIterator<Item = &'a Service>,
        teams: impl IntoIterator<Item = &'a Team>,
    ) -> Self {
        let services: BTreeMap<&str, &Service> = services
            .into_iter()
            .map(|service| (service.name.as_str(), service))
            .collect();
        let mut dependents: BTreeMap<&str, Vec<(&Service, &Dependency)>> = BTreeMap::new();
        for service in services.values() {
            for dependency in &service.dependencies {
                if let Some(needed) = &dependency.service {
                    let list = dependents.entry(needed.as_str()).or_default();
                    list.push((*service, dependency));
                }
            }
        }
        let teams = teams.into_iter().map(|team| (team.name.as_str(), team));
        Self {
            services,
            teams: teams.collect(),
            dependents,
            detection: BTreeMap::new(),
        }
    }

    /// Adds how the alerts of SLOs react to typical incidents.
    #[must_use]
    pub fn with_detection(self, detection: BTreeMap<SloRef, Reaction>) -> Self {
        Self { detection, ..self }
    }

    /// How the alerts of an SLO react to typical incidents; `None` if that was not simulated.
    pub fn detection(&self, slo: &SloRef) -> Option<&Reaction> {
        self.detection.get(slo)
    }

    /// The services, by name.
    pub fn services(&self) -> impl Iterator<Item = &'a Service> + '_ {
        self.services.values().copied()
    }

    /// The teams that own services, and the project's own teams that own none, by name.
    pub fn teams(&self) -> impl Iterator<Item = &'a Team> + '_ {
        self.teams.values().copied()
    }

    /// The service of this name; `None` if it belongs to another project.
    pub fn service(&self, name: &str) -> Option<&'a Service> {
        self.services.get(name).copied()
    }

    /// The team of this name.
    pub fn team(&self, name: &str) -> Option<&'a Team> {
        self.teams.get(name).copied()
    }

    /// The team that owns a service.
    pub fn owner(&self, service: &Service) -> Option<&'a Team> {
        self.team(service.team.as_deref()?)
    }

    /// The escalation with its team.
    pub fn escalation(&self, named: &EscalationRef) -> Option<(&'a Team, &'a Escalation)> {
        let team = self.team(&named.team)?;
        let mut escalations = team.escalations.iter();
        Some((team, escalations.find(|known| known.name == named.name)?))
    }

    /// The escalation that is notified for a service, with its team: its own, or else the implied escalation of its
    /// team.
    pub fn escalation_for(&self, service: &Service) -> Option<(&'a Team, Cow<'a, Escalation>)> {
        if let Some(named) = &service.escalation {
            let (team, escalation) = self.escalation(named)?;
            return escalation
                .notifies_anyone()
                .then_some((team, Cow::Borrowed(escalation)));
        }
        let team = self.owner(service)?;
        Some((team, Cow::Owned(team.implied_escalation()?)))
    }

    /// What is paged for a service, in words: `payments.default`, or the service in PagerDuty that is managed elsewhere.
    pub fn paged_for(&self, service: &Service) -> Option<String> {
        if let Some(id) = &service.origin.pagerduty_id {
            return Some(format!("service {id} in PagerDuty"));
        }
        let (team, escalation) = self.escalation_for(service)?;
        Some(format!("{}.{}", team.name, escalation.name))
    }

    /// The support hours of a service: its own, or else its team's.
    pub fn support_hours<'s>(&'s self, service: &'s Service) -> Option<&'s SupportHours> {
        // PagerDuty gets the rules of a team as alerts without a service, which have none.
        if service.role == Role::Team {
            return None;
        }
        // One that is managed elsewhere has its own in PagerDuty.
        if service.origin.pagerduty_id.is_some() {
            return None;
        }
        let of_team = || self.owner(service)?.support_hours.as_ref();
        service.support_hours.as_ref().or_else(of_team)
    }

    /// The dependents of a service: each service by name with the dependency that refers to this service. A service may
    /// have several such dependencies.
    pub fn dependents(&self, service: &str) -> &[(&'a Service, &'a Dependency)] {
        self.dependents.get(service).map_or(&[], Vec::as_slice)
    }
}
