//! Custom alerts and recording rules.

use std::collections::BTreeMap;

use nth_model::{Alert, Duration, Recording, Rule, Service, Severity, Text};
use smol_str::SmolStr;

use super::Sides;
use super::changes::Changes;
use super::direction::{Direction, direction};
use super::matching::{Match, pairs};
use super::query;
use super::texts::{self, is_same_severity};
use crate::change::{Side, Subject};
use crate::id::ChangeId;

/// Compares the custom alerts of a service, those of its dependencies included.
pub fn compare_alerts(before: &Service, after: &Service, sides: &Sides, changes: &mut Changes) {
    let key = |side: Side, alert: &Alert| {
        let when = query::text(&alert.when, sides.known(side));
        Some((
            alert.severity.name().to_owned(),
            alert.hold(),
            alert.dependency.is_some(),
            when,
        ))
    };
    for found in pairs(
        &before.alerts,
        &after.alerts,
        |alert| alert.name.as_str(),
        key,
    ) {
        let subject = |alert: &Alert| Subject::part(&after.name, "alert", &alert.name);
        match found {
            Match::Removed(alert) => {
                if let Some(missing) = skipped(after, Rule::Alert, &alert.name) {
                    changes.add(
                        ChangeId::AlertSkipped,
                        &subject(alert),
                        Some(query::text(&alert.when, &sides.base)),
                        None,
                        missing,
                    );
                } else {
                    changes.plain(
                        ChangeId::AlertRemoved,
                        &subject(alert),
                        Some(summary(alert, &sides.base)),
                        None,
                    );
                }
            }
            Match::Added(alert) => {
                let id = match skipped(before, Rule::Alert, &alert.name) {
                    Some(_) => ChangeId::AlertNoLongerSkipped,
                    None => ChangeId::AlertAdded,
                };
                let subject = subject(alert);
                if nth_promql::lint::is_never_true(&alert.when) {
                    changes.plain(ChangeId::AlertCannotFire, &subject, None, {
                        Some(query::text(&alert.when, &sides.head))
                    });
                }
                changes.plain(id, &subject, None, Some(summary(alert, &sides.head)));
            }
            Match::Both(old, new) => alert(&subject(new), old, new, sides, changes),
        }
    }
}

/// Why a rule is not generated; `None` if it is not one of the skipped ones.
fn skipped(service: &Service, rule: Rule, name: &str) -> Option<String> {
    let mut all = service.skipped_rules.iter();
    let found = all.find(|skipped| skipped.rule == rule && skipped.name == name)?;
    let missing: Vec<&str> = found.missing.iter().map(SmolStr::as_str).collect();
    Some(format!("no metric provides {}", missing.join(", ")))
}

fn summary(alert: &Alert, known: &query::Known) -> String {
    format!(
        "{} if {} for {}",
        alert.severity.name(),
        query::text(&alert.when, known),
        alert.hold()
    )
}

fn alert(subject: &Subject, before: &Alert, after: &Alert, sides: &Sides, changes: &mut Changes) {
    let Alert {
        name,
        when,
        hold,
        keep_firing,
        limit,
        severity,
        summary,
        description,
        labels,
        annotations,
        runbook_url,
        // Part of the name.
        dependency: _,
        impact,
        steps,
    } = after;
    if before.name != *name {
        let names = (before.name.to_string(), name.to_string());
        changes.plain(
            ChangeId::AlertRenamed,
            subject,
            Some(names.0),
            Some(names.1),
        );
    }
    if !sides.is_same_query(&before.when, when) {
        let (old, new) = (
            query::normal(&before.when, &sides.base),
            query::normal(when, &sides.head),
        );
        let is_never = nth_promql::lint::is_never_true;
        let id = if is_never(when) && !is_never(&before.when) {
            ChangeId::AlertCannotFire
        } else {
            match direction(&old, &new) {
                Some(Direction::Rarer) => ChangeId::AlertThresholdLoosened,
                Some(Direction::Oftener) => ChangeId::AlertThresholdTightened,
                None => ChangeId::AlertConditionChanged,
            }
        };
        changes.plain(id, subject, Some(old.to_string()), Some(new.to_string()));
    }
    compare_severity(
        subject,
        (&before.severity, before.hold),
        (severity, *hold),
        changes,
    );
    changes.text(
        ChangeId::AlertKeepFiringChanged,
        subject,
        Some(&before.keep_firing.unwrap_or(Duration(0))),
        Some(&keep_firing.unwrap_or(Duration(0))),
        ToString::to_string,
    );
    if before.limit != *limit {
        let amount = |limit: Option<u32>| limit.filter(|limit| *limit > 0).unwrap_or(u32::MAX);
        let text = |limit: Option<u32>| {
            limit.map_or_else(|| "no limit".to_owned(), |limit| limit.to_string())
        };
        let id = match amount(*limit) < amount(before.limit) {
            true => ChangeId::AlertLimitLowered,
            false => ChangeId::AlertLimitRaised,
        };
        changes.plain(id, subject, Some(text(before.limit)), Some(text(*limit)));
    }
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
    for (old, new) in [
        (&before.runbook_url, runbook_url),
        (&before.impact, impact),
        (&before.steps, steps),
    ] {
        changes.text(
            ChangeId::AlertRunbookChanged,
            subject,
            old.as_ref(),
            new.as_ref(),
            String::clone,
        );
    }
}

/// Compares the severity of an alert, and the duration for which its condition must hold, if it sets one.
pub(super) fn compare_severity(
    subject: &Subject,
    (old_severity, old_hold): (&Severity, Option<Duration>),
    (severity, hold): (&Severity, Option<Duration>),
    changes: &mut Changes,
) {
    let old = old_hold.unwrap_or_else(|| old_severity.default_hold());
    let new = hold.unwrap_or_else(|| severity.default_hold());
    let is_same = is_same_severity(old_severity, severity);
    // With another severity, only a duration that is set counts: its default is part of the severity.
    if old != new && (is_same || old_hold != hold) {
        let id = match new > old {
            true => ChangeId::AlertDelayed,
            false => ChangeId::AlertHastened,
        };
        changes.plain(id, subject, Some(old.to_string()), Some(new.to_string()));
    }
    if !is_same {
        let text = |severity: &Severity, hold| Some(format!("{} after {hold}", severity.name()));
        changes.add(
            ChangeId::AlertSeverityChanged,
            subject,
            text(old_severity, old),
            text(severity, new),
            texts::other_severity(old_severity, severity),
        );
    }
}

/// What an alert says.
pub(super) struct AlertTexts<'a> {
    pub labels: &'a BTreeMap<String, String>,
    /// The summary and the description.
    pub texts: [&'a Option<Text>; 2],
    pub annotations: &'a BTreeMap<String, Text>,
}

/// Compares the labels, texts and annotations of an alert.
pub(super) fn compare_texts(
    subject: &Subject,
    before: &AlertTexts<'_>,
    after: &AlertTexts<'_>,
    changes: &mut Changes,
) {
    changes.text(
        ChangeId::AlertLabelsChanged,
        subject,
        Some(before.labels),
        Some(after.labels),
        texts::labels,
    );
    for (old, new) in before.texts.into_iter().zip(after.texts) {
        changes.text(
            ChangeId::AlertTextChanged,
            subject,
            old.as_ref(),
            new.as_ref(),
            texts::template,
        );
    }
    let all = |all: &BTreeMap<String, Text>| {
        let pairs = all
            .iter()
            .map(|(name, text)| format!("{name}: {}", texts::template(text)));
        pairs.collect::<Vec<_>>().join("; ")
    };
    changes.text(
        ChangeId::AlertTextChanged,
        subject,
        Some(before.annotations),
        Some(after.annotations),
        all,
    );
}

/// Compares the recording rules of a service.
pub fn compare_recordings(before: &Service, after: &Service, sides: &Sides, changes: &mut Changes) {
    let key = |side: Side, recording: &Recording| {
        let query = query::text(&recording.query, sides.known(side));
        Some((recording.labels.clone(), query))
    };
    let name = |recording: &'_ Recording| recording.record.clone();
    // Several rules may record one metric with other labels.
    for found in pairs_of_recordings(before, after, key) {
        let subject =
            |recording: &Recording| Subject::part(&after.name, "recording", &name(recording));
        match found {
            Match::Removed(rule) => {
                let text = Some(query::text(&rule.query, &sides.base));
                match skipped(after, Rule::Recording, &rule.record) {
                    Some(why) => {
                        changes.add(ChangeId::RecordingSkipped, &subject(rule), text, None, why)
                    }
                    None => changes.plain(ChangeId::RecordingRemoved, &subject(rule), text, None),
                }
            }
            Match::Added(rule) => {
                let id = match skipped(before, Rule::Recording, &rule.record) {
                    Some(_) => ChangeId::RecordingNoLongerSkipped,
                    None => ChangeId::RecordingAdded,
                };
                let text = Some(query::text(&rule.query, &sides.head));
                changes.plain(id, &subject(rule), None, text);
            }
            Match::Both(old, new) => {
                let Recording {
                    record,
                    query: recorded,
                    labels,
                } = new;
                let subject = subject(new);
                if old.record != *record {
                    let names = (old.record.to_string(), record.to_string());
                    changes.plain(
                        ChangeId::RecordingRenamed,
                        &subject,
                        Some(names.0),
                        Some(names.1),
                    );
                }
                if !sides.is_same_query(&old.query, recorded) {
                    changes.plain(
                        ChangeId::RecordingChanged,
                        &subject,
                        Some(query::text(&old.query, &sides.base)),
                        Some(query::text(recorded, &sides.head)),
                    );
                }
                changes.text(
                    ChangeId::RecordingLabelsChanged,
                    &subject,
                    Some(&old.labels),
                    Some(labels),
                    texts::labels,
                );
            }
        }
    }
}

/// Pairs recording rules by metric; those of a metric with several rules by their labels.
fn pairs_of_recordings<'s, K: Ord>(
    before: &'s Service,
    after: &'s Service,
    key: impl Fn(Side, &Recording) -> Option<K>,
) -> Vec<Match<'s, Recording>> {
    let mut found = Vec::new();
    let mut single = (Vec::new(), Vec::new());
    let records = before.recordings.iter().chain(&after.recordings);
    let mut names: Vec<&SmolStr> = records.map(|recording| &recording.record).collect();
    names.sort_unstable();
    names.dedup();
    for name in names {
        let of = |service: &'s Service| -> Vec<&'s Recording> {
            let all = service.recordings.iter();
            all.filter(|recording| recording.record == *name).collect()
        };
        let (old, new) = (of(before), of(after));
        if old.len() <= 1 && new.len() <= 1 {
            single.0.extend(old);
            single.1.extend(new);
            continue;
        }
        let mut rest = new;
        for rule in old {
            match rest.iter().position(|other| other.labels == rule.labels) {
                Some(place) => found.push(Match::Both(rule, rest.remove(place))),
                None => found.push(Match::Removed(rule)),
            }
        }
        found.extend(rest.into_iter().map(Match::Added));
    }
    found.extend(pairs(
        single.0,
        single.1,
        |recording| recording.record.as_str(),
        key,
    ));
    found
}
