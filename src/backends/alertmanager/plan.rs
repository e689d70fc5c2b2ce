//! The plan of routes and receivers, before it is written in one of Alertmanager's formats.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::receivers;
use nth_model::{Channel, Project, Service, Settings, Severity, Team};

use super::inhibit::{Inhibition, inhibitions};

/// The receiver without any integration: its alerts remain in Alertmanager.
pub const NOBODY: &str = "nobody";

/// The complete plan for Alertmanager.
#[derive(Debug)]
pub struct Plan<'a> {
    /// The receivers of alerts that no team's route matches.
    pub fallback: Fallback,
    /// The services that the project builds, by name: an nthc alert of any other service belongs to another project.
    pub services: Vec<&'a str>,
    /// The route of each team.
    pub routes: Vec<TeamRoute<'a>>,
    /// The receivers; first [`NOBODY`], which gets the alerts of other environments or projects.
    pub receivers: Vec<Contact<'a>>,
    /// The inhibition rules.
    pub inhibitions: Vec<Inhibition>,
}

/// The receivers of alerts without a known team.
#[derive(Debug, Clone)]
pub struct Fallback {
    /// The receiver of all alerts except pages.
    pub ticket: String,
    /// The receiver of pages.
    pub page: String,
}

/// The routes of a team's alerts.
#[derive(Debug)]
pub struct TeamRoute<'a> {
    /// The name of the team.
    pub team: &'a str,
    /// The team's services whose pages notify another team, by that team's receiver.
    pub elsewhere: BTreeMap<String, Vec<&'a str>>,
    /// The receiver of its pages.
    pub page: String,
    /// The receiver of its tickets.
    pub ticket: String,
    /// The receiver of its alerts of neither severity.
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

/// An integration of a receiver.
#[derive(Debug, Clone)]
pub struct Integration<'a> {
    /// True if it also notifies when an alert is resolved.
    pub resolved: bool,
    /// The team that is notified.
    pub team: &'a str,
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
        let inhibitions = inhibitions(project, settings, |service| {
            recipients.pager(service).is_some() || recipients.fallback.page != NOBODY
        });
        let fallback = recipients.fallback.clone();
        let mut receivers: Vec<Contact<'a>> = recipients.contacts.into_values().collect();
        let nobody = Contact {
            name: NOBODY.to_owned(),
            integrations: Vec::new(),
        };
        receivers.insert(0, nobody);
        Some(Self {
            fallback,
            services: project
                .services()
                .filter(|service| service.has_service_label())
                .map(|service| service.name.as_str())
                .collect(),
            routes,
            receivers,
            inhibitions,
        })
    }
}

/// The receivers of each team.
struct Recipients<'a> {
    contacts: BTreeMap<(&'a str, Severity), Contact<'a>>,
    fallback: Fallback,
}

impl<'a> Recipients<'a> {
    fn new(project: &Project<'a>, settings: &'a Settings) -> Self {
        let mut contacts = BTreeMap::new();
        for team in project.teams() {
            for severity in [Severity::Page, Severity::Ticket] {
                let integrations = integrations(team, severity, settings);
                if !integrations.is_empty() {
                    let contact = Contact {
                        name: receiver_name(team, severity),
                        integrations,
                    };
                    contacts.insert((team.name.as_str(), severity), contact);
                }
            }
        }
        let of_default = |severity| {
            let team = settings.alertmanager.default_team.as_deref()?;
            let contact: &Contact<'_> = contacts.get(&(team, severity))?;
            Some(contact.name.clone())
        };
        let (page, ticket) = (of_default(Severity::Page), of_default(Severity::Ticket));
        let any = ticket.or(page.clone()).unwrap_or_else(|| NOBODY.to_owned());
        let fallback = Fallback {
            page: page.unwrap_or_else(|| any.clone()),
            ticket: any,
        };
        Self { contacts, fallback }
    }

    fn receiver<'s>(&'s self, team: &'s str, severity: Severity) -> Option<&'s str> {
        let contact = self.contacts.get(&(team, severity))?;
        Some(&contact.name)
    }

    /// The receiver of a service's pages: that of the team that its escalation notifies, or else of its own team.
    fn pager<'s>(&'s self, service: &'s Service) -> Option<&'s str> {
        let woken = service.escalation.as_ref();
        let woken = woken.and_then(|escalation| self.receiver(&escalation.team, Severity::Page));
        woken.or_else(|| self.receiver(service.team.as_deref()?, Severity::Page))
    }

    /// By team, the services whose pages notify another team, by that team's receiver.
    fn elsewhere(
        &self,
        project: &Project<'a>,
    ) -> BTreeMap<&'a str, BTreeMap<String, Vec<&'a str>>> {
        let mut elsewhere: BTreeMap<&str, BTreeMap<String, Vec<&str>>> = BTreeMap::new();
        for service in project.services() {
            let Some(team) = service.team.as_deref() else {
                continue;
            };
            let own = self.receiver(team, Severity::Page);
            match self.pager(service) {
                Some(pager) if Some(pager) != own => {
                    let of_team = elsewhere.entry(team).or_default();
                    of_team
                        .entry(pager.to_owned())
                        .or_default()
                        .push(&service.name);
                }
                _ => {}
            }
        }
        elsewhere
    }

    fn route(
        &self,
        team: &'a Team,
        elsewhere: BTreeMap<String, Vec<&'a str>>,
    ) -> Option<TeamRoute<'a>> {
        let page = self.receiver(&team.name, Severity::Page);
        let ticket = self.receiver(&team.name, Severity::Ticket);
        if page.is_none() && ticket.is_none() && elsewhere.is_empty() {
            return None;
        }
        let other = ticket.or(page).unwrap_or(&self.fallback.ticket);
        Some(TeamRoute {
            team: &team.name,
            page: page.unwrap_or(&self.fallback.page).to_owned(),
            ticket: ticket.unwrap_or(&self.fallback.ticket).to_owned(),
            other: other.to_owned(),
            elsewhere,
        })
    }
}

/// The name of a team's receiver. Names are unique: the suffix is the severity, and everything before it is the team's
/// name.
fn receiver_name(team: &Team, severity: Severity) -> String {
    let severity = match severity {
        Severity::Page => "page",
        Severity::Ticket => "ticket",
    };
    format!("{}-{severity}", team.name)
}

/// The integrations of a team for a severity. Without a mail server, only receivers that the team declares send email:
/// the analysis has reported these.
fn integrations<'a>(
    team: &'a Team,
    severity: Severity,
    settings: &Settings,
) -> Vec<Integration<'a>> {
    let can_be_sent = |channel: &Channel| {
        settings.alertmanager.sends_mail() || !receivers::describe(channel).needs_mail_server()
    };
    let integration = |resolved, channel: Cow<'a, Channel>| Integration {
        resolved,
        team: &team.name,
        channel,
    };
    match team.effective_receivers() {
        Cow::Borrowed(declared) => declared
            .iter()
            .filter(|receiver| receiver.on.contains(&severity))
            .map(|receiver| integration(receiver.resolved, Cow::Borrowed(&receiver.channel)))
            .collect(),
        Cow::Owned(defaults) => defaults
            .into_iter()
            .filter(|receiver| receiver.on.contains(&severity))
            .filter(|receiver| can_be_sent(&receiver.channel))
            .map(|receiver| integration(receiver.resolved, Cow::Owned(receiver.channel)))
            .collect(),
    }
}
