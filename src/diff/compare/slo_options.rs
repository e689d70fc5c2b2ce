//! How SLOs are evaluated, how their alerts are named and labeled, and what they record under other names.

use std::collections::BTreeMap;

use nth_model::{AlertOptions, Duration, Slo, SloAlertRef, SloRecording, Text};

use super::changes::Changes;
use super::matching::{Match, never_renamed, pairs};
use super::texts::{self, is_same_severity};
use crate::change::Subject;
use crate::id::ChangeId;

/// Compares the interval and the query offset of an SLO's rules.
pub fn compare_evaluation(subject: &Subject, before: &Slo, after: &Slo, changes: &mut Changes) {
    let text = ToString::to_string;
    changes.text(
        ChangeId::IntervalChanged,
        subject,
        before.interval.as_ref(),
        after.interval.as_ref(),
        text,
    );
    changes.text(
        ChangeId::SloQueryOffsetChanged,
        subject,
        before.query_offset.as_ref(),
        after.query_offset.as_ref(),
        text,
    );
}

/// A difference between the names or labels of alerts, as texts.
type Difference = (ChangeId, Option<String>, Option<String>);

/// Compares names, labels, annotations and `keep_firing_for` of the alerts that both versions of an SLO have. What is the same for
/// several alerts is one change.
pub fn compare_alert_options(subject: &Subject, before: &Slo, after: &Slo, changes: &mut Changes) {
    let old = before.alerts();
    let mut differences: Vec<Difference> = Vec::new();
    for alert in after.alerts() {
        let Some(known) = counterpart(&old, alert) else {
            continue;
        };
        let (one, other) = (before.alert_options(known), after.alert_options(alert));
        for difference in of_options((before, known, &one), (after, alert, &other)) {
            if !differences.contains(&difference) {
                differences.push(difference);
            }
        }
    }
    for (id, old, new) in differences {
        changes.plain(id, subject, old, new);
    }
}

/// The same alert of another version of the SLO.
fn counterpart<'a>(old: &[SloAlertRef<'a>], alert: SloAlertRef<'_>) -> Option<SloAlertRef<'a>> {
    let is_alike = |known: &&SloAlertRef<'a>| {
        known.kind == alert.kind && is_same_severity(known.severity, alert.severity)
    };
    let mut exact = old.iter().filter(is_alike);
    let exact = exact.find(|known| known.long == alert.long);
    exact.or_else(|| old.iter().find(is_alike)).copied()
}

fn of_options(
    (before, known, one): (&Slo, SloAlertRef<'_>, &AlertOptions),
    (after, alert, other): (&Slo, SloAlertRef<'_>, &AlertOptions),
) -> Vec<Difference> {
    let mut found = Vec::new();
    let (old, new) = (before.alert_name(known), after.alert_name(alert));
    if old != new {
        found.push((
            ChangeId::AlertRenamed,
            Some(old.to_string()),
            Some(new.to_string()),
        ));
    }
    if one.labels != other.labels {
        found.push((
            ChangeId::AlertLabelsChanged,
            Some(texts::labels(&one.labels)),
            Some(texts::labels(&other.labels)),
        ));
    }
    if one.annotations != other.annotations {
        let text = |all: &BTreeMap<String, Text>| {
            let pairs = all
                .iter()
                .map(|(name, text)| format!("{name}: {}", texts::template(text)));
            let pairs: Vec<String> = pairs.collect();
            (!pairs.is_empty()).then(|| pairs.join("; "))
        };
        found.push((
            ChangeId::AlertTextChanged,
            text(&one.annotations),
            text(&other.annotations),
        ));
    }
    if one.keep_firing != other.keep_firing {
        let text = |time: Option<Duration>| Some(time.unwrap_or(Duration(0)).to_string());
        found.push((
            ChangeId::AlertKeepFiringChanged,
            text(one.keep_firing),
            text(other.keep_firing),
        ));
    }
    found
}

/// Compares the values of an SLO that are recorded under other names.
pub fn compare_recordings(service: &str, before: &Slo, after: &Slo, changes: &mut Changes) {
    let subject = |recording: &SloRecording| Subject::part(service, "recording", &recording.record);
    let text = |recording: &SloRecording| Some(format!("{} of {}", recording.value, after.name));
    let (old, new) = (&before.recordings, &after.recordings);
    for found in pairs(
        old,
        new,
        |recording| recording.record.as_str(),
        never_renamed,
    ) {
        match found {
            Match::Removed(old) => {
                changes.plain(ChangeId::RecordingRemoved, &subject(old), text(old), None);
            }
            Match::Added(new) => {
                changes.plain(ChangeId::RecordingAdded, &subject(new), None, text(new));
            }
            Match::Both(old, new) => {
                if old.value != new.value {
                    let id = ChangeId::RecordingChanged;
                    changes.plain(id, &subject(new), text(old), text(new));
                }
                changes.text(
                    ChangeId::RecordingLabelsChanged,
                    &subject(new),
                    Some(&old.labels),
                    Some(&new.labels),
                    texts::labels,
                );
            }
        }
    }
}
