//! Objects in PagerDuty that are managed elsewhere, and how to reach people besides by email.

use std::collections::BTreeMap;

use super::text;
use nth_model::{Contact, Escalation, Project, Settings, Target};

/// An object in PagerDuty that is managed elsewhere: its ID, linked if the URL of the account is set.
///
/// `folder` is the part of the object's URL before its ID.
pub fn managed(folder: &str, id: &str, settings: &Settings) -> String {
    match &settings.pagerduty.url {
        Some(url) => format!(
            "{} in PagerDuty",
            text::link(id, &format!("{url}/{folder}/{id}"))
        ),
        None => format!("{} in PagerDuty", text::code(id)),
    }
}

/// The folders of URLs in PagerDuty.
pub const SCHEDULES: &str = "schedules";
pub const ESCALATION_POLICIES: &str = "escalation_policies";
pub const SERVICES: &str = "service-directory";

/// How to reach the people whom an escalation notifies, a line for each who has a contact. Empty if runbooks do not show
/// contacts.
pub fn reach(escalation: &Escalation, project: &Project<'_>, settings: &Settings) -> Vec<String> {
    if !settings.docs.contacts {
        return Vec::new();
    }
    let mut contacts: BTreeMap<&str, &Contact> = BTreeMap::new();
    for contact in project.teams().flat_map(|team| &team.contacts) {
        contacts.entry(&contact.email).or_insert(contact);
    }
    let targets = escalation.steps.iter().flat_map(|step| &step.notify);
    let mut people: Vec<&str> = Vec::new();
    for target in targets {
        match target {
            Target::Person(email) => people.push(email),
            Target::Schedule { team, name } => {
                let team = project.team(team).into_iter();
                let schedules = team.flat_map(|team| &team.schedules);
                for schedule in schedules.filter(|schedule| schedule.name == *name) {
                    let layers = schedule.layers.iter().flat_map(|layer| &layer.members);
                    let overrides = schedule.overrides.iter().map(|one| &one.member);
                    people.extend(layers.chain(overrides).map(String::as_str));
                }
            }
        }
    }
    let mut lines: Vec<String> = Vec::new();
    for email in people {
        // Each person once, at the first step that notifies them.
        if let Some(contact) = contacts.remove(email) {
            lines.push(format!("{}: {}", text::person(email), ways(contact)));
        }
    }
    lines
}

fn ways(contact: &Contact) -> String {
    let mut ways = Vec::new();
    if let Some(phone) = &contact.phone {
        // Only `+` and digits.
        ways.push(format!("phone [{phone}](tel:{phone})"));
    }
    if let Some(id) = &contact.slack {
        ways.push(format!("Slack member {}", text::code(id)));
    }
    if let Some(name) = &contact.telegram {
        let link = text::link(&format!("@{name}"), &format!("https://t.me/{name}"));
        ways.push(format!("Telegram {link}"));
    }
    if let Some(account) = &contact.microsoft_teams {
        let url = format!("https://teams.microsoft.com/l/chat/0/0?users={account}");
        ways.push(format!("Microsoft Teams {}", text::link(account, &url)));
    }
    ways.join(", ")
}
