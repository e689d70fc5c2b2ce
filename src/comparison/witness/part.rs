//! The part of both versions that a change is about.

use nth_diff::Change;
use nth_model::gate::Gate;
use nth_model::names::alert_name;
use nth_model::{Alert, Service, Slo, TargetName};
use smol_str::SmolStr;

use super::arena::{Asked, Side, Sides};
use super::outcome::Seen;

/// What a change is about; `None` in a version that does not have it.
pub enum Part<'a> {
    /// An SLO.
    Slo(Owners<'a>, [Option<&'a Slo>; 2]),
    /// A custom alert.
    Alert(Owners<'a>, [Option<&'a Alert>; 2]),
    /// A gate.
    Gate(Owners<'a>, [Option<&'a Gate>; 2]),
    /// A service as a whole.
    Service(Owners<'a>),
    /// A team: services of which it is notified.
    Team(Vec<Owners<'a>>),
    /// All of the project: services that are notified about.
    Project(Vec<Owners<'a>>),
}

/// A service in both versions.
pub type Owners<'a> = [Option<&'a Service>; 2];

/// The most services that are tried for a change of a team or of the project.
const MOST_SERVICES: usize = 3;

impl<'a> Part<'a> {
    /// Finds the part of a change.
    ///
    /// # Errors
    ///
    /// Why no incident can show it, as a clause.
    pub fn new(change: &Change, sides: &'a Sides<'a>) -> Result<Self, String> {
        let subject = &change.subject;
        let Some(service) = &subject.service else {
            return Self::of_project(change, sides);
        };
        let owners = owners(service, sides);
        let prefix = format!("{service}.");
        let name = subject.name.strip_prefix(&prefix).unwrap_or(&subject.name);
        let part = match subject.kind.as_str() {
            "slo" => Self::Slo(
                owners,
                named(owners, name, |service| &service.slos, |slo| &slo.name),
            ),
            "alert" => Self::Alert(
                owners,
                named(owners, name, |service| &service.alerts, |alert| &alert.name),
            ),
            "gate" => Self::Gate(
                owners,
                named(owners, name, |service| &service.gates, |gate| &gate.name),
            ),
            "service" => Self::Service(owners),
            kind => return Err(format!("no incident shows a change of a {kind}")),
        };
        let is_missing = match &part {
            Self::Slo(_, both) => both.iter().all(Option::is_none),
            Self::Alert(_, both) => both.iter().all(Option::is_none),
            Self::Gate(_, both) => both.iter().all(Option::is_none),
            _ => owners.iter().all(Option::is_none),
        };
        match is_missing {
            true => Err(format!("no version has a {} of this name", subject.kind)),
            false => Ok(part),
        }
    }

    fn of_project(change: &Change, sides: &'a Sides<'a>) -> Result<Self, String> {
        let subject = &change.subject;
        let all = || {
            let all = sides.iter().flatten();
            let mut names: Vec<&SmolStr> = all
                .flat_map(|side| side.version.project.services())
                .map(|service| &service.name)
                .collect();
            names.sort_unstable();
            names.dedup();
            names.into_iter().map(|name| owners(name, sides))
        };
        let is_watched = |owners: &Owners<'_>| {
            let mut both = owners.iter().flatten();
            both.any(|service| !service.slos.is_empty() || !service.alerts.is_empty())
        };
        let found: Vec<Owners<'a>> = match subject.kind.as_str() {
            "team" | "escalation" => {
                let team = subject.name.split('.').next().unwrap_or_default();
                let is_of_team = |owners: &Owners<'_>| {
                    let mut both = owners.iter().flatten();
                    both.any(|service| {
                        let of_escalation = service.escalation.as_ref();
                        service.team.as_deref() == Some(team)
                            || of_escalation.is_some_and(|escalation| escalation.team == team)
                    })
                };
                all()
                    .filter(is_of_team)
                    .filter(is_watched)
                    .take(MOST_SERVICES)
                    .collect()
            }
            "target" => {
                let simulated = [TargetName::Prometheus, TargetName::Alertmanager];
                if !simulated.iter().any(|target| target.name() == subject.name) {
                    return Err(format!("the target `{}` is not simulated", subject.name));
                }
                all().filter(is_watched).take(MOST_SERVICES).collect()
            }
            "environment" => all().filter(is_watched).take(MOST_SERVICES).collect(),
            "exclusion" => {
                return Err("no incident is searched at the time of an exclusion".to_owned());
            }
            kind => return Err(format!("no incident shows a change of a {kind}")),
        };
        match (found.is_empty(), subject.kind.as_str()) {
            (true, "team" | "escalation") => Err("no service with alerts is the team's".to_owned()),
            (true, _) => Err("no service has alerts".to_owned()),
            (false, "team" | "escalation") => Ok(Self::Team(found)),
            (false, _) => Ok(Self::Project(found)),
        }
    }

    /// The services that it is about.
    pub fn owners(&self) -> &[Owners<'a>] {
        match self {
            Self::Slo(owners, _)
            | Self::Alert(owners, _)
            | Self::Gate(owners, _)
            | Self::Service(owners) => std::slice::from_ref(owners),
            Self::Team(all) | Self::Project(all) => all,
        }
    }

    /// True for the alerts that the change is about.
    pub fn concerns(&self, seen: &Seen) -> bool {
        let is_of = |owners: &Owners<'_>| {
            let mut both = owners.iter().flatten();
            both.any(|service| service.name == seen.service)
        };
        match self {
            Self::Slo(owners, both) => {
                let mut both = both.iter().flatten();
                is_of(owners) && both.any(|slo| Some(&slo.name) == seen.slo.as_ref())
            }
            Self::Alert(owners, both) => {
                is_of(owners)
                    && seen.slo.is_none()
                    && both.iter().zip(owners).any(|(alert, service)| {
                        let (Some(alert), Some(service)) = (alert, service) else {
                            return false;
                        };
                        alert_name(&service.alerts, &alert.name).as_deref()
                            == Some(seen.alert.as_str())
                    })
            }
            Self::Gate(..) => false,
            Self::Service(owners) => is_of(owners),
            Self::Team(all) | Self::Project(all) => all.iter().any(is_of),
        }
    }

    /// What is asked in its incidents besides alerts. `change` decides whether it is about people.
    pub fn asked(&self, change: &Change) -> Asked<'a> {
        use nth_diff::ChangeId::{EscalationEmpty, ServiceUnescalated};
        let name = |owners: &Owners<'a>| -> &'a str {
            let both = *owners;
            let found = both.into_iter().flatten().next();
            found.map_or("", |service| service.name.as_str())
        };
        match self {
            Self::Gate(owners, both) => Asked::Gate(
                name(owners),
                both.map(|gate| gate.map(|gate| gate.name.as_str())),
            ),
            Self::Service(owners) if change.id == ServiceUnescalated => Asked::People(name(owners)),
            Self::Team(all) if change.id == EscalationEmpty => {
                Asked::People(all.first().map_or("", name))
            }
            _ => Asked::Nothing,
        }
    }
}

/// A service in both versions.
pub fn owners<'a>(name: &str, sides: &'a Sides<'a>) -> Owners<'a> {
    let of = |side: &Option<Side<'a>>| side.as_ref()?.version.project.service(name);
    let [base, head] = sides;
    [of(base), of(head)]
}

/// The part of a name in both versions. A part that has another name in the old version is the only one that the new one does
/// not have.
fn named<'a, T>(
    owners: Owners<'a>,
    name: &str,
    all: impl Fn(&'a Service) -> &'a Vec<T>,
    name_of: impl Fn(&'a T) -> &'a SmolStr,
) -> [Option<&'a T>; 2] {
    let find = |service: Option<&'a Service>| {
        let mut all = all(service?).iter();
        all.find(|one| name_of(one) == name)
    };
    let [base, head] = owners.map(find);
    let renamed = || {
        let (before, after) = (owners[0]?, owners[1]?);
        let is_kept = |one: &&'a T| {
            let mut others = all(after).iter();
            others.any(|other| name_of(other) == name_of(one))
        };
        let mut lost = all(before).iter().filter(|one| !is_kept(one));
        let only = lost.next()?;
        lost.next().is_none().then_some(only)
    };
    match (base, head) {
        (None, Some(head)) => [renamed(), Some(head)],
        both => [both.0, both.1],
    }
}
