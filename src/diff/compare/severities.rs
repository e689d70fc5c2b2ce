//! The severities of alerts.

use nth_model::{Declaration, Duration, Response, Severities, Urgency};

use super::changes::Changes;
use crate::change::Subject;
use crate::id::ChangeId;

/// Compares the severities that both versions have. One that only one of them has matters to the alerts that have it.
pub fn compare(base: &Severities, head: &Severities, changes: &mut Changes) {
    for severity in head.all() {
        let Some(before) = base.named(severity.name()) else {
            continue;
        };
        let Declaration {
            response,
            urgency,
            hold,
            name,
            label,
            // Not shown anywhere but in editors.
            description: _,
        } = severity.declaration();
        let old = before.declaration();
        let usual = Severities::default();
        // Only the labels of these are set by a setting.
        let subject = match usual.named(name) {
            Some(_) => Subject::project("setting", format!("severity.{name}")),
            None => Subject::project("severity", name.as_str()),
        };
        changes.text(
            ChangeId::SeverityLabelChanged,
            &subject,
            Some(&old.label),
            Some(label),
            String::clone,
        );
        let pages = match response {
            Response::Page => ChangeId::SeverityChanged,
            Response::Ticket => ChangeId::SeverityNoLongerPages,
        };
        changes.text(
            pages,
            &subject,
            Some(&old.response),
            Some(response),
            |one| format!("pages = {}", *one == Response::Page),
        );
        changes.text(
            ChangeId::SeverityChanged,
            &subject,
            Some(&old.urgency),
            Some(urgency),
            |one| match one {
                Urgency::High => "urgency = high".to_owned(),
                Urgency::Low => "urgency = low".to_owned(),
            },
        );
        changes.text(
            ChangeId::SeverityChanged,
            &subject,
            Some(&old.hold),
            Some(hold),
            |hold: &Duration| format!("for = {hold}"),
        );
    }
}
