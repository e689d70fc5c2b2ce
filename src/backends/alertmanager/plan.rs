//! Who is told of what, before it is written in one of Alertmanager's languages.

use std::collections::BTreeMap;

use crate::go_template;
use nth_model::{Channel, Project, Service, Settings, Severity, Team, WebhookUrl};

use super::inhibit::{Inhibition, inhibitions};
use super::secrets::Secret;

/// The receiver without any integration: what it is told stays in Alertmanager.
pub const NOBODY: &str = "nobody";

/// All that Alertmanager is told.
#[derive(Debug)]
pub struct Plan<'a> {
    /// Who is told of alerts that no route of a team takes.
    pub fallback: Fallback,
    /// The services that the project builds, by name: an alert of nthc's on any other is another project's.
    pub services: Vec<&'a str>,
    /// A route for each team.
    pub routes: Vec<TeamRoute<'a>>,
    /// The receivers, and [`NOBODY`] first, which takes what is another environment's or project's.
    pub receivers: Vec<Contact<'a>>,
    /// Which alerts silence which.
    pub inhibitions: Vec<Inhibition>,
}

/// Who is told of what is no known team's.
#[derive(Debug, Clone)]
pub struct Fallback {
    /// Of all but pages.
    pub ticket: String,
    /// Of pages.
    pub page: String,
}

/// The route of a team's alerts.
#[derive(Debug)]
pub struct TeamRoute<'a> {
    /// The team.
    pub team: &'a str,
    /// Services whose pages wake another team, by that team's receiver.
    pub elsewhere: BTreeMap<String, Vec<&'a str>>,
    /// The receiver of its pages.
    pub page: String,
    /// The receiver of its tickets.
    pub ticket: String,
    /// The receiver of what is of neither severity.
    pub other: String,
}

/// A receiver: where a team is told of what has one severity.
#[derive(Debug)]
pub struct Contact<'a> {
    /// Its name, unique.
    pub name: String,
    /// Where.
    pub integrations: Vec<Integration<'a>>,
}

/// A place where somebody is told.
#[derive(Debug, Clone)]
pub struct Integration<'a> {
    /// Whether also when an alert is over.
    pub resolved: bool,
    /// Which.
    pub kind: Kind<'a>,
}

/// What an integration is. Its texts are Go templates.
#[derive(Debug, Clone)]
pub enum Kind<'a> {
    /// PagerDuty's events, by an integration's key.
    PagerDuty(Secret<'a>),
    /// A channel in Slack, by a webhook's URL.
    Slack {
        /// The channel.
        channel: String,
        /// The URL.
        url: Secret<'a>,
    },
    /// An e-mail address.
    Mail(String),
    /// A URL that is no secret.
    Webhook(String),
    /// A URL that is one.
    SecretWebhook(Secret<'a>),
}

impl<'a> Plan<'a> {
    /// The plan of a project; `None` where no team is told anywhere.
    pub fn of(project: &Project<'a>, settings: &'a Settings) -> Option<Self> {
        let told = Told::of(project, settings);
        if told.contacts.is_empty() {
            return None;
        }
        let mut elsewhere = told.elsewhere(project);
        let routes: Vec<TeamRoute<'a>> = project
            .teams()
            .filter_map(|team| {
                let elsewhere = elsewhere.remove(team.name.as_str()).unwrap_or_default();
                told.route(team, elsewhere)
            })
            .collect();
        let inhibitions = inhibitions(project, settings, |service| {
            told.pager(service).is_some() || told.fallback.page != NOBODY
        });
        let fallback = told.fallback.clone();
        let mut receivers: Vec<Contact<'a>> = told.contacts.into_values().collect();
        let nobody = Contact {
            name: NOBODY.to_owned(),
            integrations: Vec::new(),
        };
        receivers.insert(0, nobody);
        Some(Self {
            fallback,
            services: project
                .services()
                .map(|service| service.name.as_str())
                .collect(),
            routes,
            receivers,
            inhibitions,
        })
    }
}

/// Where each team is told.
struct Told<'a> {
    contacts: BTreeMap<(&'a str, Severity), Contact<'a>>,
    fallback: Fallback,
}

impl<'a> Told<'a> {
    fn of(project: &Project<'a>, settings: &'a Settings) -> Self {
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

    /// The receiver of a service's pages: that of the team that its escalation wakes, or else of its own.
    fn pager<'s>(&'s self, service: &'s Service) -> Option<&'s str> {
        let woken = service.escalation.as_ref();
        let woken = woken.and_then(|escalation| self.receiver(&escalation.team, Severity::Page));
        woken.or_else(|| self.receiver(service.team.as_deref()?, Severity::Page))
    }

    /// By team, the services of it whose pages wake another one, by that one's receiver.
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

/// The name of a team's receiver. No two are equal: what comes last tells the severity, and all before is the team's name.
fn receiver_name(team: &Team, severity: Severity) -> String {
    let severity = match severity {
        Severity::Page => "page",
        Severity::Ticket => "ticket",
    };
    format!("{}-{severity}", team.name)
}

/// Where a team is told of what has a severity: by its own receivers, or where it declares none, by what it says of itself.
fn integrations<'a>(
    team: &'a Team,
    severity: Severity,
    settings: &Settings,
) -> Vec<Integration<'a>> {
    if team.receivers.is_empty() {
        return defaults(team, severity, settings);
    }
    let receivers = team.receivers.iter();
    receivers
        .filter(|receiver| receiver.on.contains(&severity))
        .map(|receiver| Integration {
            resolved: receiver.resolved,
            kind: kind(team, &receiver.channel),
        })
        .collect()
}

fn kind<'a>(team: &Team, channel: &'a Channel) -> Kind<'a> {
    match channel {
        Channel::PagerDuty { routing_key_file } => {
            Kind::PagerDuty(Secret::pagerduty(&team.name, routing_key_file.as_deref()))
        }
        Channel::Slack { channel, url_file } => Kind::Slack {
            channel: go_template::escape(channel),
            url: Secret::slack(url_file.as_deref()),
        },
        Channel::Mail { to } => Kind::Mail(go_template::escape(to)),
        Channel::Webhook { url } => match url {
            WebhookUrl::Plain(url) => Kind::Webhook(go_template::escape(url)),
            WebhookUrl::File(file) => Kind::SecretWebhook(Secret::At(file)),
        },
    }
}

/// PagerDuty for pages where somebody is on call for them, the team's channel for all, and mail for what neither tells.
fn defaults<'a>(team: &'a Team, severity: Severity, settings: &Settings) -> Vec<Integration<'a>> {
    let mut kinds = Vec::new();
    if severity == Severity::Page && team.is_on_call() {
        kinds.push(Kind::PagerDuty(Secret::pagerduty(&team.name, None)));
    }
    if let Some(channel) = &team.slack {
        kinds.push(Kind::Slack {
            channel: go_template::escape(channel),
            url: Secret::slack(None),
        });
    }
    if let (true, Some(address), true) = (
        kinds.is_empty(),
        &team.email,
        settings.alertmanager.sends_mail(),
    ) {
        kinds.push(Kind::Mail(go_template::escape(address)));
    }
    let integration = |kind| Integration {
        resolved: true,
        kind,
    };
    kinds.into_iter().map(integration).collect()
}
