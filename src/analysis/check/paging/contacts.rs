//! Checks of the contacts of a team.

use std::collections::BTreeMap;

use super::place;
use crate::codes;
use crate::db::Diag;
use crate::eval::{Instance, Value};
use crate::schema::names::{field, kind};
use nth_model::{Phone, PhoneError};

/// Checks the contacts of a team: their phone numbers, names in chats, and that each person has one.
pub fn check(team: &Instance, found: &mut Vec<Diag>) {
    let mut people: BTreeMap<&str, &Instance> = BTreeMap::new();
    for contact in team.children_of(kind::CONTACT) {
        let mut report = |name: &str, message: String, label: &str, help: &str| {
            let mut diagnostic = Diag::new(
                &codes::BAD_CONTACT,
                message,
                place(team, contact, contact.span_of(name)),
            );
            if !label.is_empty() {
                diagnostic = diagnostic.label(label);
            }
            if !help.is_empty() {
                diagnostic = diagnostic.help(help);
            }
            found.push(diagnostic);
        };
        phone(contact, &mut report);
        chats(contact, &mut report);
        let ways = [
            field::PHONE,
            field::SLACK,
            field::TELEGRAM,
            field::MICROSOFT_TEAMS,
        ];
        if !contact.incomplete && ways.iter().all(|way| *contact.get(way) == Value::None) {
            found.push(
                Diag::new(
                    &codes::BAD_CONTACT,
                    format!("contact `{}` has only an email address", contact.name),
                    place(team, contact, contact.head),
                )
                .label("nothing else to reach the person by")
                .help("set `phone`, `slack`, `telegram` or `microsoft_teams`"),
            );
        }
        if let Value::String(email) = contact.get(field::EMAIL) {
            if let Some(other) = people.get(email.trim()) {
                found.push(
                    Diag::new(
                        &codes::BAD_CONTACT,
                        format!("`{email}` has two contacts in team `{}`", team.name),
                        place(team, contact, contact.span_of(field::EMAIL)),
                    )
                    .because(place(team, other, other.head), "the other contact")
                    .help("merge them into one"),
                );
            }
            people.entry(email.trim()).or_insert(contact);
        }
    }
}

fn phone(contact: &Instance, report: &mut impl FnMut(&str, String, &str, &str)) {
    let methods = match contact.get(field::PAGERDUTY) {
        Value::List(methods) => methods.len(),
        _ => 0,
    };
    let Value::String(phone) = contact.get(field::PHONE) else {
        if methods > 0 && !contact.incomplete {
            report(
                field::PAGERDUTY,
                format!("contact `{}` has no phone number", contact.name),
                "notifies at `phone`",
                "set `phone`, or remove `pagerduty`",
            );
        }
        return;
    };
    match Phone::parse(phone) {
        // The text is a person's number: it is in the source, and not repeated in logs.
        Err(error) => report(
            field::PHONE,
            format!("invalid phone number of contact `{}`", contact.name),
            &error.to_string(),
            match error {
                PhoneError::NoPlus | PhoneError::NoCountry => {
                    "write it with `+` and the country code: `\"+44 20 7946 0000\"`"
                }
                PhoneError::TrunkPrefix => "remove the 0 behind the country code",
                PhoneError::NotDigits | PhoneError::Length(_) => {
                    "write digits only, as in `\"+44 20 7946 0000\"`"
                }
            },
        ),
        Ok(phone) if methods > 0 && !phone.is_supported_by_pagerduty() => report(
            field::PHONE,
            format!(
                "PagerDuty does not support the phone number of contact `{}`",
                contact.name
            ),
            "its Terraform provider rejects a leading 0",
            "remove `pagerduty`, and add the contact method in PagerDuty",
        ),
        Ok(_) => {}
    }
}

fn chats(contact: &Instance, report: &mut impl FnMut(&str, String, &str, &str)) {
    if let Value::String(slack) = contact.get(field::SLACK) {
        let id = slack.trim();
        let is_id = id.starts_with(['U', 'W'])
            && (6..=20).contains(&id.len())
            && id
                .chars()
                .all(|c| c.is_ascii_uppercase() || c.is_ascii_digit());
        if !is_id {
            report(
                field::SLACK,
                format!("`{id}` is not a member ID of Slack"),
                "expected `U012ABCDEF`",
                "copy the member ID from the person's profile in Slack",
            );
        }
    }
    if let Value::String(telegram) = contact.get(field::TELEGRAM) {
        let name = telegram.trim().trim_start_matches('@');
        let is_name = (4..=32).contains(&name.len())
            && name.starts_with(|c: char| c.is_ascii_alphabetic())
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if !is_name {
            report(
                field::TELEGRAM,
                format!("`{telegram}` is not a user name of Telegram"),
                "expected 4 to 32 letters, digits and `_`",
                "",
            );
        }
    }
}
