//! Alerts on logs.

use nth_model::{LogAlert, Service};

use super::changes::Changes;
use super::matching::{Match, pairs};
use super::texts::{self, is_same_severity};
use crate::change::{Side, Subject};
use crate::id::ChangeId;

/// Compares the alerts on the logs of a service.
pub fn compare(before: &Service, after: &Service, changes: &mut Changes) {
    let key = |_: Side, alert: &LogAlert| Some((alert.when.clone(), alert.hold()));
    for found in pairs(
        &before.log_alerts,
        &after.log_alerts,
        |alert| alert.name.as_str(),
        key,
    ) {
        let subject = |alert: &LogAlert| Subject::part(&after.name, "log-alert", &alert.name);
        match found {
            Match::Removed(alert) => changes.plain(
                ChangeId::AlertRemoved,
                &subject(alert),
                Some(summary(alert)),
                None,
            ),
            Match::Added(alert) => changes.plain(
                ChangeId::AlertAdded,
                &subject(alert),
                None,
                Some(summary(alert)),
            ),
            Match::Both(old, new) => compare_one(&subject(new), old, new, changes),
        }
    }
}

fn summary(alert: &LogAlert) -> String {
    let (severity, hold) = (alert.severity.name(), alert.hold());
    format!("{severity} if {} for {hold}", alert.when)
}

fn compare_one(subject: &Subject, before: &LogAlert, after: &LogAlert, changes: &mut Changes) {
    let LogAlert {
        name,
        when,
        hold: _,
        severity,
        summary,
        description,
        labels,
        annotations,
        runbook_url,
    } = after;
    changes.text(
        ChangeId::AlertRenamed,
        subject,
        Some(&before.name),
        Some(name),
        ToString::to_string,
    );
    changes.text(
        ChangeId::AlertConditionChanged,
        subject,
        Some(&before.when),
        Some(when),
        String::clone,
    );
    let (old, new) = (before.hold(), after.hold());
    // With another severity, only a duration that is set counts: its default is part of the severity.
    let is_same = is_same_severity(&before.severity, severity);
    if old != new && (is_same || before.hold != after.hold) {
        let id = match new > old {
            true => ChangeId::AlertDelayed,
            false => ChangeId::AlertHastened,
        };
        changes.plain(id, subject, Some(old.to_string()), Some(new.to_string()));
    }
    if !is_same {
        let text = |alert: &LogAlert| format!("{} after {}", alert.severity.name(), alert.hold());
        changes.add(
            ChangeId::AlertSeverityChanged,
            subject,
            Some(text(before)),
            Some(text(after)),
            texts::other_severity(&before.severity, severity),
        );
    }
    changes.text(
        ChangeId::AlertLabelsChanged,
        subject,
        Some(&before.labels),
        Some(labels),
        texts::labels,
    );
    for (old, new) in [
        (&before.summary, summary),
        (&before.description, description),
    ] {
        changes.text(
            ChangeId::AlertTextChanged,
            subject,
            old.as_ref(),
            new.as_ref(),
            texts::template,
        );
    }
    let all = |all: &std::collections::BTreeMap<String, nth_model::Text>| {
        let pairs = all
            .iter()
            .map(|(name, text)| format!("{name}: {}", texts::template(text)));
        pairs.collect::<Vec<_>>().join("; ")
    };
    changes.text(
        ChangeId::AlertTextChanged,
        subject,
        Some(&before.annotations),
        Some(annotations),
        all,
    );
    changes.text(
        ChangeId::AlertRunbookChanged,
        subject,
        before.runbook_url.as_ref(),
        runbook_url.as_ref(),
        String::clone,
    );
}
