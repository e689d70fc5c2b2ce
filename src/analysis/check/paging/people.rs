//! Checks of a team's texts and members.

use std::collections::BTreeSet;

use super::place;
use crate::codes;
use crate::db::Diag;
use crate::eval::{Instance, Value};
use crate::schema::names::field;

/// The maximum length of a team's name and description, in characters, from PagerDuty's REST schema (`Team`).
const LONGEST_NAME: usize = 100;
const LONGEST_DESCRIPTION: usize = 1024;

/// Checks a team's texts and lists of people.
pub fn check(team: &Instance, found: &mut Vec<Diag>) {
    let length = team.name.chars().count();
    if length > LONGEST_NAME {
        found.push(too_long(team, "name", length, LONGEST_NAME, "head"));
    }
    let description = match team.get(field::DESCRIPTION) {
        Value::String(text) => Some(text.as_str()),
        _ => team.doc.as_deref(),
    };
    let length = description.map_or(0, |text| text.trim().chars().count());
    if length > LONGEST_DESCRIPTION {
        found.push(too_long(
            team,
            field::DESCRIPTION,
            length,
            LONGEST_DESCRIPTION,
            field::DESCRIPTION,
        ));
    }
    let members: BTreeSet<&str> = emails(team, field::MEMBERS).collect();
    for field in [field::MEMBERS, field::MANAGERS] {
        let mut seen = BTreeSet::new();
        for email in emails(team, field) {
            if !seen.insert(email) {
                found.push(twice(team, email, "is listed twice among those", field));
            } else if field == field::MANAGERS && members.contains(email) {
                found.push(twice(team, email, "is both a member and a manager", field));
            }
        }
    }
}

fn emails<'a>(team: &'a Instance, field: &str) -> impl Iterator<Item = &'a str> {
    let items = match team.get(field) {
        Value::List(items) => items.as_slice(),
        _ => &[],
    };
    items.iter().filter_map(|item| match item {
        Value::String(email) => Some(email.trim()),
        _ => None,
    })
}

fn too_long(team: &Instance, what: &str, length: usize, most: usize, field: &str) -> Diag {
    Diag::new(
        &codes::TEAM_TEXT_TOO_LONG,
        format!("the {what} of a team has {length} characters; PagerDuty allows at most {most}"),
        place(team, team, team.span_of(field)),
    )
    .label(format!("{} too many", length - most))
    .help("shorten it; move the rest into a comment")
}

fn twice(team: &Instance, email: &str, how: &str, field: &str) -> Diag {
    Diag::new(
        &codes::PERSON_TWICE,
        format!("`{email}` {how} of `{}`", team.name),
        place(team, team, team.span_of(field)),
    )
    .label("a person has one role in a team")
    .help("remove one of the two; a manager is also a member")
}
