//! Notification targets of the teams.

use super::document::{Metadata, NotificationTarget, Object};
use super::names;
use crate::receivers::describe;
use nth_model::{Project, Receiver, Service, Settings, Severity, Team, TimeInterval};

/// The annotation with the channel, the address or the URL.
const ADDRESS: &str = "nthc.address";

/// The annotation with the severities of a target.
const ON: &str = "nthc.on";

/// The name of a receiver's object.
pub fn object_name(receiver: &Receiver, team: &str, settings: &Settings) -> String {
    names::name_in(settings, &[team, &receiver.name])
}

/// The targets of every team that owns a service with an SLO.
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
            let receivers = team.effective_receivers().into_owned().into_iter();
            receivers.map(move |receiver| document(team, &receiver, settings))
        })
        .collect()
}

fn document(team: &Team, receiver: &Receiver, settings: &Settings) -> Object<NotificationTarget> {
    let display = format!("{}: {}", team.name, receiver.name);
    let mut metadata: Metadata = names::metadata(settings, &[&team.name, &receiver.name], &display);
    metadata.labels.insert("team".into(), team.name.to_string());
    let channel = describe(&receiver.channel);
    if let Some(address) = channel.address() {
        metadata
            .annotations
            .insert(ADDRESS.into(), address.to_owned());
    }
    let on: Vec<&str> = receiver.on.iter().map(Severity::name).collect();
    metadata.annotations.insert(ON.into(), on.join(", "));
    let at = channel.address();
    let at = at.map_or_else(String::new, |address| format!(": {address}"));
    let by = channel.phrase();
    let spec = NotificationTarget {
        description: names::description(&format!(
            "Notifies team {} {by}{at}{}",
            team.name,
            times(receiver)
        )),
        target: channel.kind(),
    };
    Object::new("AlertNotificationTarget", metadata, spec)
}

/// When a receiver is notified, which a target has no field for; empty for all times.
fn times(receiver: &Receiver) -> String {
    let listed = |word: &str, intervals: &[TimeInterval]| {
        let all: Vec<String> = intervals.iter().map(TimeInterval::to_string).collect();
        match all.is_empty() {
            true => None,
            false => Some(format!("{word} {}", all.join("; "))),
        }
    };
    let parts = [
        listed("only", &receiver.active),
        listed("not", &receiver.mute),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    match (parts.is_empty(), receiver.mutes_pages) {
        (true, _) => String::new(),
        (false, true) => format!(" ({})", parts.join(", ")),
        (false, false) => format!(" ({}; pages at all times)", parts.join(", ")),
    }
}
