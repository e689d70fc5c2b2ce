//! Teams and their members. People are looked up, never created.

use super::address::{address, insert, person, person_in};
use super::document::{self, Document, Membership, Reference, Team, User};
use super::error::Error;
use super::naming::Naming;
use super::plan::{Plan, Policy, has_method};
use super::text::{Text, description};
use nth_model::ContactMethod;

/// The resource type of a team.
pub const TEAM: &str = "pagerduty_team";

/// The resource type of a person's membership of a team.
pub const MEMBERSHIP: &str = "pagerduty_team_membership";

/// A reference to a person's data source.
pub fn user(email: &str) -> Reference {
    Reference::id("data.pagerduty_user", person(email))
}

/// A reference to a team.
pub fn team(plan: &Plan<'_>, name: &str) -> Reference {
    let known = plan.teams.get(name);
    match known.and_then(|team| team.origin.pagerduty_id.as_deref()) {
        Some(id) => Reference::managed(id),
        None => Reference::id(TEAM, address(&[name])),
    }
}

/// The data sources of all people in the other files, and of the existing escalation policy.
pub fn looked_up(plan: &Plan<'_>) -> Result<Document, Error> {
    let mut document = Document::default();
    let mut emails: Vec<&str> = Vec::new();
    for team in plan.teams.values() {
        match team.origin.pagerduty_id {
            Some(_) => emails.extend(Plan::notified(team)),
            None => emails.extend(Plan::people(team).into_keys()),
        }
        let called = team.contacts.iter().filter(|one| has_method(one));
        emails.extend(called.map(|contact| contact.email.as_str()));
    }
    emails.sort_unstable();
    emails.dedup();
    for email in emails {
        let user = User {
            email: Text::new(email),
        };
        insert(&mut document.data.pagerduty_user, person(email), user)?;
    }
    let of_services = plan
        .services
        .values()
        .filter_map(|(_, policy)| policy.as_ref());
    let of_others = plan
        .inboxes
        .values()
        .filter_map(|inbox| inbox.others.as_ref());
    for policy in of_services.chain(of_others) {
        if let Policy::Existing(name) = policy {
            document.data.pagerduty_escalation_policy.insert(
                address(&[name]),
                super::document::Named {
                    name: Text::new(*name),
                },
            );
        }
    }
    Ok(document)
}

/// The contact methods of people.
pub fn contact_methods(plan: &Plan<'_>) -> Result<Document, Error> {
    let mut document = Document::default();
    for contact in plan.teams.values().flat_map(|team| &team.contacts) {
        let Some(phone) = &contact.phone else {
            continue;
        };
        for method in &contact.pagerduty {
            let (kind, label) = match method {
                ContactMethod::Phone => ("phone_contact_method", "Phone"),
                ContactMethod::Sms => ("sms_contact_method", "SMS"),
            };
            let resource = document::ContactMethod {
                user_id: user(&contact.email),
                kind,
                country_code: phone.country,
                address: phone.number.clone(),
                label,
            };
            insert(
                &mut document.resource.pagerduty_user_contact_method,
                person_in(&[method.name()], &contact.email),
                resource,
            )?;
        }
    }
    Ok(document)
}

/// The teams with their members, but for those that are managed elsewhere.
pub fn teams(plan: &Plan<'_>, naming: Naming<'_>, project: &str) -> Result<Document, Error> {
    let mut document = Document::default();
    let own = plan.teams.iter();
    for (name, written) in own.filter(|(_, team)| team.origin.pagerduty_id.is_none()) {
        let resource = Team {
            name: naming.name(name),
            description: description(written.description.as_deref(), || {
                format!("Team {name} of {project}.")
            }),
        };
        insert(
            &mut document.resource.pagerduty_team,
            address(&[name]),
            resource,
        )?;
        for (email, manages) in Plan::people(written) {
            let membership = Membership {
                team_id: team(plan, name),
                user_id: user(email),
                role: if manages { "manager" } else { "responder" },
            };
            insert(
                &mut document.resource.pagerduty_team_membership,
                person_in(&[name], email),
                membership,
            )?;
        }
    }
    Ok(document)
}
