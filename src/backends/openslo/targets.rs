//! Notification targets: where the teams are told.

use super::document::{Metadata, NotificationTarget, Object};
use super::names;
use nth_model::{Channel, Project, Service, Settings, Severity, Team, WebhookUrl};

/// The annotation that has the channel, the address or the URL.
const ADDRESS: &str = "nthc.address";

/// The annotation that says what a target is told of.
const ON: &str = "nthc.on";

/// A place where a team is told.
pub struct Place {
    /// Its name, unique in its team.
    name: String,
    /// `slack`, `email`, `pagerduty` or `webhook`
    target: &'static str,
    /// The channel, the address or the URL, where it is in the source.
    address: Option<String>,
    /// What it is told of.
    on: Vec<Severity>,
    /// Whether it is told too when an alert is over.
    pub resolved: bool,
}

impl Place {
    fn derived(
        name: &str,
        target: &'static str,
        address: Option<&String>,
        on: &[Severity],
    ) -> Self {
        Self {
            name: name.to_owned(),
            target,
            address: address.cloned(),
            on: on.to_vec(),
            resolved: true,
        }
    }

    /// Its name as an object.
    pub fn object_name(&self, team: &str, settings: &Settings) -> String {
        names::name_in(settings, &[team, &self.name])
    }

    /// Whether it is told of that.
    pub fn hears(&self, severity: Severity) -> bool {
        self.on.contains(&severity)
    }
}

/// Where a team is told: its receivers; without any, PagerDuty of pages where it has an escalation, its channel of
/// everything, and its address of what nothing else would tell it.
pub fn places(team: &Team) -> Vec<Place> {
    if !team.receivers.is_empty() {
        return team.receivers.iter().map(declared).collect();
    }
    let all = [Severity::Page, Severity::Ticket];
    let mut places = Vec::new();
    if team.is_on_call() {
        places.push(Place::derived("pagerduty", "pagerduty", None, &all[..1]));
    }
    if let Some(channel) = &team.slack {
        places.push(Place::derived("slack", "slack", Some(channel), &all));
    }
    if let Some(address) = &team.email {
        let untold: Vec<Severity> = all
            .into_iter()
            .filter(|severity| !places.iter().any(|place| place.hears(*severity)))
            .collect();
        if !untold.is_empty() {
            places.push(Place::derived("email", "email", Some(address), &untold));
        }
    }
    places
}

fn declared(receiver: &nth_model::Receiver) -> Place {
    let (target, address) = match &receiver.channel {
        Channel::PagerDuty { .. } => ("pagerduty", None),
        Channel::Slack { channel, .. } => ("slack", Some(channel.clone())),
        Channel::Mail { to } => ("email", Some(to.clone())),
        Channel::Webhook {
            url: WebhookUrl::Plain(url),
        } => ("webhook", Some(url.clone())),
        Channel::Webhook {
            url: WebhookUrl::File(_),
        } => ("webhook", None),
    };
    Place {
        name: receiver.name.to_string(),
        target,
        address,
        on: receiver.on.clone(),
        resolved: receiver.resolved,
    }
}

/// The targets of every team that owns a service with an objective.
pub fn documents(project: &Project<'_>, settings: &Settings) -> Vec<Object<NotificationTarget>> {
    let owns = |team: &Team| {
        let has = |service: &Service| {
            service.team.as_deref() == Some(team.name.as_str()) && !service.slos.is_empty()
        };
        project.services().any(has)
    };
    let teams = project.teams().filter(|team| owns(team));
    teams
        .flat_map(|team| {
            places(team)
                .into_iter()
                .map(move |place| document(team, &place, settings))
        })
        .collect()
}

fn document(team: &Team, place: &Place, settings: &Settings) -> Object<NotificationTarget> {
    let display = format!("{}: {}", team.name, place.name);
    let mut metadata: Metadata = names::metadata(settings, &[&team.name, &place.name], &display);
    metadata.labels.insert("team".into(), team.name.to_string());
    if let Some(address) = &place.address {
        metadata.annotations.insert(ADDRESS.into(), address.clone());
    }
    let on: Vec<&str> = place.on.iter().map(|severity| word(*severity)).collect();
    metadata.annotations.insert(ON.into(), on.join(", "));
    let by = match place.target {
        "slack" => "in Slack",
        "email" => "by email",
        "pagerduty" => "by PagerDuty",
        _ => "by a webhook",
    };
    let at = place.address.as_ref();
    let at = at.map_or_else(String::new, |address| format!(": {address}"));
    let spec = NotificationTarget {
        description: names::description(&format!("Notifies team {} {by}{at}", team.name)),
        target: place.target,
    };
    Object::new("AlertNotificationTarget", metadata, spec)
}

/// A severity as the source has it.
pub fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Page => "page",
        Severity::Ticket => "ticket",
    }
}
