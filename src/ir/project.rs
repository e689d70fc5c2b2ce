//! All that is built together.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::{Dependency, Escalation, EscalationRef, Service, SupportHours, Team};

/// The services of a project in an environment, and who answers for them.
#[derive(Debug, Clone)]
pub struct Project<'a> {
    services: BTreeMap<&'a str, &'a Service>,
    teams: BTreeMap<&'a str, &'a Team>,
    dependents: BTreeMap<&'a str, Vec<(&'a Service, &'a Dependency)>>,
}

impl<'a> Project<'a> {
    /// A project of these services and teams, whose names are each unique among their kind.
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
        }
    }

    /// The services, by name.
    pub fn services(&self) -> impl Iterator<Item = &'a Service> + '_ {
        self.services.values().copied()
    }

    /// The teams that own services, and the project's own that own none, by name.
    pub fn teams(&self) -> impl Iterator<Item = &'a Team> + '_ {
        self.teams.values().copied()
    }

    /// The service of that name; `None` where it is built elsewhere.
    pub fn service(&self, name: &str) -> Option<&'a Service> {
        self.services.get(name).copied()
    }

    /// The team of that name.
    pub fn team(&self, name: &str) -> Option<&'a Team> {
        self.teams.get(name).copied()
    }

    /// The team that owns a service.
    pub fn owner(&self, service: &Service) -> Option<&'a Team> {
        self.team(service.team.as_deref()?)
    }

    /// An escalation with the team that it is of.
    pub fn escalation(&self, named: &EscalationRef) -> Option<(&'a Team, &'a Escalation)> {
        let team = self.team(&named.team)?;
        let mut escalations = team.escalations.iter();
        Some((team, escalations.find(|known| known.name == named.name)?))
    }

    /// Who is called for a service, step by step: its escalation, or else the one that its team has without saying so.
    pub fn called(&self, service: &Service) -> Option<(&'a Team, Cow<'a, Escalation>)> {
        if let Some(named) = &service.escalation {
            let (team, escalation) = self.escalation(named)?;
            return escalation
                .tells()
                .then_some((team, Cow::Borrowed(escalation)));
        }
        let team = self.owner(service)?;
        Some((team, Cow::Owned(team.implied_escalation()?)))
    }

    /// When somebody is at work for a service: as it says itself, or else its team.
    pub fn support_hours<'s>(&'s self, service: &'s Service) -> Option<&'s SupportHours> {
        let of_team = || self.owner(service)?.support_hours.as_ref();
        service.support_hours.as_ref().or_else(of_team)
    }

    /// What needs a service: each service by name with the dependency that says so, of which it may have several.
    pub fn dependents(&self, service: &str) -> &[(&'a Service, &'a Dependency)] {
        self.dependents.get(service).map_or(&[], Vec::as_slice)
    }
}
