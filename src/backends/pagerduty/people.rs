//! Teams and their members. People are looked up, never created.

use super::address::{address, insert, person, person_in};
use super::document::{Document, Membership, Reference, Team, User};
use super::error::Error;
use super::naming::Naming;
use super::plan::{Plan, Policy};
use super::text::{Text, description};

/// The resource type of a team.
pub const TEAM: &str = "pagerduty_team";

/// A reference to a person's data source.
pub fn user(email: &str) -> Reference {
    Reference::id("data.pagerduty_user", person(email))
}

/// A reference to a team.
pub fn team(name: &str) -> Reference {
    Reference::id(TEAM, address(&[name]))
}

/// The data sources of all people in the other files, and of the existing escalation policy.
pub fn looked_up(plan: &Plan<'_>) -> Result<Document, Error> {
    let mut document = Document::default();
    let mut emails: Vec<&str> = plan
        .teams
        .values()
        .flat_map(|team| Plan::people(team).into_keys())
        .collect();
    emails.sort_unstable();
    emails.dedup();
    for email in emails {
        let user = User {
            email: Text::new(email),
        };
        insert(&mut document.data.pagerduty_user, person(email), user)?;
    }
    let of_services = plan.services.values().map(|(_, policy)| policy);
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

/// The teams with their members.
pub fn teams(plan: &Plan<'_>, naming: Naming<'_>, project: &str) -> Result<Document, Error> {
    let mut document = Document::default();
    for (name, written) in &plan.teams {
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
                team_id: team(name),
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
