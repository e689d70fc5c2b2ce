//! The plan of routes and receivers, before it is written in one of Alertmanager's formats.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use crate::alerts::service_alerts;
use crate::receivers;
use nth_model::{Channel, Project, Receiver, Service, Settings, Severities, Severity, Team};

use super::inhibit::{Inhibition, inhibitions, restrict};
use super::kinds;
use super::matcher::Matcher;
use super::times::{Names, Times};

/// The receiver without any integration: its alerts remain in Alertmanager.
pub const NOBODY: &str = "nobody";

/// The complete plan for Alertmanager.
#[derive(Debug)]
pub struct Plan<'a> {
    /// The receivers of alerts that no team's route matches.
    pub fallback: Fallback,
    /// The services that the project builds, by name: an nthc alert of any other service belongs to another project.
    pub services: Vec<&'a str>,
    /// The alerts outside of services by team: no label says that they are the project's.
    pub team_alerts: Vec<(&'a str, Vec<String>)>,
    /// The route of each team.
    pub routes: Vec<TeamRoute<'a>>,
    /// The receivers; first [`NOBODY`], which gets the alerts of other environments or projects.
    pub receivers: Vec<Contact<'a>>,
    /// The receivers with time intervals of their own, by the receiver that the routes of the plan name: they are notified instead.
    pub timed: BTreeMap<String, Timed>,
    /// The names of the time intervals.
    pub intervals: Names,
    /// The inhibition rules.
    pub inhibitions: Vec<Inhibition>,
    /// The matcher of alerts on a consumed error budget.
    pub consumed: Matcher,
}

/// The services whose pages notify another team, by severity and that team's receiver.
pub type Elsewhere<'a> = BTreeMap<(Severity, String), Vec<&'a str>>;

/// The receivers of alerts without a known team.
#[derive(Debug, Clone)]
pub struct Fallback {
    /// The receiver of alerts whose severity has none of its own.
    pub other: String,
    /// The receivers of the severities, the loudest severity first.
    pub severities: Vec<(Severity, String)>,
}

/// The routes of a team's alerts.
#[derive(Debug)]
pub struct TeamRoute<'a> {
    /// The name of the team.
    pub team: &'a str,
    /// The team's services whose pages notify another team, by severity and that team's receiver.
    pub elsewhere: Elsewhere<'a>,
    /// The receivers of the severities, the loudest severity first.
    pub severities: Vec<(Severity, String)>,
    /// The receiver of its alerts of no known severity.
    pub other: String,
}

/// A receiver: the integrations of a team for one severity.
#[derive(Debug)]
pub struct Contact<'a> {
    /// The name, unique in the configuration.
    pub name: String,
    /// The integrations that notify the team.
    pub integrations: Vec<Integration<'a>>,
}

/// A receiver whose integrations have times.
#[derive(Debug)]
pub struct Timed {
    /// True if its times are those of alerts that page.
    pages: bool,
    /// The integrations by their times; first those that are always notified. Never empty.
    pub parts: Vec<Part>,
}

/// The integrations of a receiver with the same times, as a receiver of its own: in Alertmanager, routes have times.
#[derive(Debug)]
pub struct Part {
    /// The name of its receiver.
    pub receiver: String,
    /// When it is notified.
    pub times: Times,
}

/// An integration of a receiver.
#[derive(Debug, Clone)]
pub struct Integration<'a> {
    /// True if it also notifies when an alert is resolved.
    pub resolved: bool,
    /// The team that is notified.
    pub team: &'a str,
    /// When it is notified.
    pub times: Times,
    /// The channel of the notifications.
    pub channel: Cow<'a, Channel>,
}

impl<'a> Plan<'a> {
    /// Creates the plan of a project; `None` if no team has a receiver.
    pub fn new(project: &Project<'a>, settings: &'a Settings) -> Option<Self> {
        let recipients = Recipients::new(project, settings);
        if recipients.contacts.is_empty() {
            return None;
        }
        let mut elsewhere = recipients.elsewhere(project);
        let routes: Vec<TeamRoute<'a>> = project
            .teams()
            .filter_map(|team| {
                let elsewhere = elsewhere.remove(team.name.as_str()).unwrap_or_default();
                recipients.route(team, elsewhere)
            })
            .collect();
        let services: Vec<&str> = project
            .services()
            .filter(|service| service.has_service_label())
            .map(|service| service.name.as_str())
            .collect();
        let mut inhibitions = inhibitions(project, settings, |service, severity| {
            let fallback = recipients.fallback.receiver(severity);
            match recipients.pager(service, severity) {
                // A page that may be muted does not keep others from being notified.
                Some(pager) => recipients.is_always_notified(pager),
                None => fallback != NOBODY && recipients.is_always_notified(fallback),
            }
        });
        if settings.alertmanager.is_beside_others() {
            restrict(&mut inhibitions, &services);
        }
        let fallback = recipients.fallback.clone();
        let mut receivers: Vec<Contact<'a>> = Vec::new();
        let mut timed = BTreeMap::new();
        for ((_, severity), contact) in recipients.contacts {
            let name = contact.name.clone();
            let (parts, contacts) = split(contact);
            receivers.extend(contacts);
            if parts.iter().any(|part| !part.times.is_always()) {
                let pages = severity.pages();
                timed.insert(name, Timed { pages, parts });
            }
        }
        let parts = timed.values().flat_map(|timed: &Timed| &timed.parts);
        let intervals = Names::new(parts.flat_map(|part: &Part| {
            let Times { active, mute } = &part.times;
            active.iter().chain(mute)
        }));
        let nobody = Contact {
            name: NOBODY.to_owned(),
            integrations: Vec::new(),
        };
        receivers.insert(0, nobody);
        Some(Self {
            fallback,
            services,
            team_alerts: team_alerts(project),
            routes,
            receivers,
            timed,
            intervals,
            inhibitions,
            consumed: kinds::consumed(project),
        })
    }
}

impl Plan<'_> {
    /// Returns whether the times of a receiver apply to alerts of a severity. Those of tickets do not mute a page that goes to
    /// the receiver of tickets, as there is no other.
    pub fn has_times(&self, receiver: &str, severity: &Severity) -> bool {
        let timed = self.timed.get(receiver);
        timed.is_some_and(|timed| timed.pages || !severity.pages())
    }
}

impl Fallback {
    /// The receiver of a severity.
    fn receiver(&self, severity: &Severity) -> &str {
        let mut known = self.severities.iter();
        let known = known.find(|(known, _)| known == severity);
        known.map_or(&self.other, |(_, receiver)| receiver)
    }
}

/// The receivers of each team.
struct Recipients<'a> {
    contacts: BTreeMap<(&'a str, Severity), Contact<'a>>,
    fallback: Fallback,
    severities: Severities,
}

impl<'a> Recipients<'a> {
    fn new(project: &Project<'a>, settings: &'a Settings) -> Self {
        let mut contacts = BTreeMap::new();
        for team in project.teams() {
            for severity in settings.severities.all() {
                let integrations = integrations(team, severity, settings);
                if !integrations.is_empty() {
                    let contact = Contact {
                        name: receiver_name(team, severity),
                        integrations,
                    };
                    contacts.insert((team.name.as_str(), severity.clone()), contact);
                }
            }
        }
        let mut recipients = Self {
            contacts,
            fallback: Fallback {
                other: NOBODY.to_owned(),
                severities: Vec::new(),
            },
            severities: settings.severities.clone(),
        };
        if let Some(team) = settings.alertmanager.default_team.as_deref() {
            recipients.fallback = recipients.of_default(team);
        }
        recipients
    }

    /// The receivers of the default team. A severity without any has that of `page` if it pages, and otherwise that of tickets.
    fn of_default(&self, team: &str) -> Fallback {
        let other = self.other(team).unwrap_or(NOBODY).to_owned();
        let page = self.receiver(team, &self.severities.page());
        let of_severity = |severity: &Severity| {
            let own = self.receiver(team, severity);
            let own = own.or(page.filter(|_| severity.pages()));
            (severity.clone(), own.unwrap_or(&other).to_owned())
        };
        Fallback {
            severities: self.severities.all().iter().map(of_severity).collect(),
            other,
        }
    }

    /// The receiver of a team's alerts without a known severity: that of tickets, or else of pages, or else of any other severity.
    fn other<'s>(&'s self, team: &'s str) -> Option<&'s str> {
        let known = [self.severities.ticket(), self.severities.page()];
        let mut receivers = known
            .iter()
            .chain(self.severities.all())
            .filter_map(|severity| self.receiver(team, severity));
        receivers.next()
    }

    fn receiver<'s>(&'s self, team: &'s str, severity: &Severity) -> Option<&'s str> {
        let contact = self.contacts.get(&(team, severity.clone()))?;
        Some(&contact.name)
    }

    /// The receiver of a service's pages of a severity: that of the team that its escalation notifies, or else of its own team.
    fn pager<'s>(&'s self, service: &'s Service, severity: &Severity) -> Option<&'s str> {
        let woken = service.escalation.as_ref();
        let woken = woken.and_then(|escalation| self.receiver(&escalation.team, severity));
        woken.or_else(|| self.receiver(service.team.as_deref()?, severity))
    }

    /// Returns whether an integration of a receiver is notified at all times.
    fn is_always_notified(&self, receiver: &str) -> bool {
        let mut contacts = self.contacts.values();
        let contact = contacts.find(|contact| contact.name == receiver);
        let mut integrations = contact
            .into_iter()
            .flat_map(|contact| &contact.integrations);
        integrations.any(|integration| integration.times.is_always())
    }

    /// By team, the services whose pages notify another team, by that team's receiver.
    fn elsewhere(&self, project: &Project<'a>) -> BTreeMap<&'a str, Elsewhere<'a>> {
        let mut elsewhere: BTreeMap<&str, Elsewhere<'a>> = BTreeMap::new();
        for service in project.services() {
            let Some(team) = service.team.as_deref() else {
                continue;
            };
            for severity in self.severities.paging() {
                let own = self.receiver(team, severity);
                match self.pager(service, severity) {
                    Some(pager) if Some(pager) != own => {
                        let of_team = elsewhere.entry(team).or_default();
                        let named = (severity.clone(), pager.to_owned());
                        of_team.entry(named).or_default().push(&service.name);
                    }
                    _ => {}
                }
            }
        }
        elsewhere
    }

    fn route(&self, team: &'a Team, elsewhere: Elsewhere<'a>) -> Option<TeamRoute<'a>> {
        let other = self.other(&team.name);
        if other.is_none() && elsewhere.is_empty() {
            return None;
        }
        let of_severity = |severity: &Severity| {
            let own = self.receiver(&team.name, severity);
            let receiver = own.unwrap_or_else(|| self.fallback.receiver(severity));
            (severity.clone(), receiver.to_owned())
        };
        Some(TeamRoute {
            team: &team.name,
            severities: self.severities.all().iter().map(of_severity).collect(),
            other: other.unwrap_or(&self.fallback.other).to_owned(),
            elsewhere,
        })
    }
}

/// Splits a receiver by the times of its integrations; first those that are always notified. A receiver without times keeps
/// its name, and so does one whose integrations all have the same times.
fn split(contact: Contact<'_>) -> (Vec<Part>, Vec<Contact<'_>>) {
    let mut by_times: BTreeMap<Times, Vec<Integration<'_>>> = BTreeMap::new();
    for integration in contact.integrations {
        let known = by_times.entry(integration.times.clone()).or_default();
        known.push(integration);
    }
    let is_one = by_times.len() == 1;
    let mut parts = Vec::new();
    let mut contacts = Vec::new();
    for (times, integrations) in by_times {
        let name = match is_one || times.is_always() {
            true => contact.name.clone(),
            false => format!("{}/{}", contact.name, suffix(&times)),
        };
        parts.push(Part {
            receiver: name.clone(),
            times,
        });
        contacts.push(Contact { name, integrations });
    }
    (parts, contacts)
}

/// The names of intervals, those that mute after a `!`: `office,!holidays`, with a hash of all of them.
fn suffix(times: &Times) -> String {
    let active = times.active.iter().map(|one| one.name.to_string());
    let mute = times.mute.iter().map(|one| format!("!{}", one.name));
    let all: Vec<String> = active.chain(mute).collect();
    all.join(",")
}

/// The names of the alerts outside of services, by team.
fn team_alerts<'a>(project: &Project<'a>) -> Vec<(&'a str, Vec<String>)> {
    let owners = project
        .services()
        .filter(|owner| !owner.has_service_label());
    let named = owners.filter_map(|owner| {
        let alerts = service_alerts(owner).into_iter();
        let names: BTreeSet<String> = alerts.map(|alert| alert.name).collect();
        Some((owner.team.as_deref()?, names.into_iter().collect()))
    });
    named
        .filter(|(_, names): &(_, Vec<_>)| !names.is_empty())
        .collect()
}

/// The name of a team's receiver. Names are unique: the suffix is the severity, whose name has no hyphen, and everything before
/// it is the team's name.
fn receiver_name(team: &Team, severity: &Severity) -> String {
    format!("{}-{}", team.name, severity.name())
}

/// The integrations of a team for a severity. Without a mail server, only receivers that the team declares send email:
/// the analysis has reported these.
fn integrations<'a>(
    team: &'a Team,
    severity: &Severity,
    settings: &Settings,
) -> Vec<Integration<'a>> {
    let can_be_sent = |channel: &Channel| {
        settings.alertmanager_sends_mail() || !receivers::describe(channel).needs_mail_server()
    };
    let times = |receiver: &Receiver| match receiver.is_timed(severity) {
        true => Times {
            active: receiver.active.clone(),
            mute: receiver.mute.clone(),
        },
        false => Times::default(),
    };
    let integration = |resolved, times, channel: Cow<'a, Channel>| Integration {
        resolved,
        team: &team.name,
        times,
        channel,
    };
    match team.effective_receivers() {
        Cow::Borrowed(declared) => declared
            .iter()
            .filter(|receiver| receiver.on.contains(severity))
            .map(|receiver| {
                let channel = Cow::Borrowed(&receiver.channel);
                integration(receiver.resolved, times(receiver), channel)
            })
            .collect(),
        Cow::Owned(defaults) => defaults
            .into_iter()
            .filter(|receiver| receiver.on.contains(severity))
            .filter(|receiver| can_be_sent(&receiver.channel))
            .map(|receiver| {
                let times = times(&receiver);
                integration(receiver.resolved, times, Cow::Owned(receiver.channel))
            })
            .collect(),
    }
}
