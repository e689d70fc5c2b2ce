//! Alerts on logs.

use nth_model::{LogAlert, Service};

use super::alert::{AlertTexts, compare_severity, compare_texts};
use super::changes::Changes;
use super::matching::{Match, pairs};
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
        hold,
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
    compare_severity(
        subject,
        (&before.severity, before.hold),
        (severity, *hold),
        changes,
    );
    compare_texts(
        subject,
        &AlertTexts {
            labels: &before.labels,
            texts: [&before.summary, &before.description],
            annotations: &before.annotations,
        },
        &AlertTexts {
            labels,
            texts: [summary, description],
            annotations,
        },
        changes,
    );
    changes.text(
        ChangeId::AlertRunbookChanged,
        subject,
        before.runbook_url.as_ref(),
        runbook_url.as_ref(),
        String::clone,
    );
}
