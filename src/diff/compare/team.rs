//! Teams: who is notified.

use nth_model::{Contact, Escalation, Project, Receiver, Schedule, Team};

use super::changes::Changes;
use super::channels;
use super::matching::{Match, never_renamed, pairs, pairs_with_former};
use super::{origins, texts};
use crate::change::{Side, Subject};
use crate::id::ChangeId;

/// Compares the teams of two projects.
pub fn compare(base: &Project<'_>, head: &Project<'_>, changes: &mut Changes) {
    let (old, new): (Vec<&Team>, Vec<&Team>) = (base.teams().collect(), head.teams().collect());
    // A team under another name that does not say so notifies the same people: its services are listed with the new name.
    for found in pairs_with_former(
        old,
        new,
        |one| one.name.as_str(),
        |one| one.origin.renamed_from.as_slice(),
        never_renamed,
    ) {
        let subject = |team: &Team| Subject::project("team", team.name.as_str());
        match found {
            Match::Removed(team) => changes.plain(
                ChangeId::TeamRemoved,
                &subject(team),
                Some(receivers(team)),
                None,
            ),
            Match::Added(team) => changes.plain(
                ChangeId::TeamAdded,
                &subject(team),
                None,
                Some(receivers(team)),
            ),
            Match::Both(before, after) if before != after => {
                both(&subject(after), before, after, changes);
            }
            Match::Both(..) => {}
        }
    }
}

fn receivers(team: &Team) -> String {
    let all: Vec<String> = team
        .effective_receivers()
        .iter()
        .map(texts::receiver)
        .collect();
    match all.len() {
        0 => "no receiver".to_owned(),
        _ => all.join("; "),
    }
}

fn both(subject: &Subject, before: &Team, after: &Team, changes: &mut Changes) {
    let Team {
        name,
        description,
        slack,
        email,
        members,
        managers,
        support_hours,
        schedules,
        escalations,
        contacts,
        origin,
        // With the defaults of a team that declares none.
        receivers: _,
        // Its receivers and the severities of alerts are compared.
        is_paged: _,
        // Those of the project, which are compared once.
        severities: _,
    } = after;
    if before.name != *name {
        let names = (before.name.to_string(), name.to_string());
        changes.plain(ChangeId::TeamRenamed, subject, Some(names.0), Some(names.1));
    }
    origins::compare(subject, &before.origin, origin, changes);
    compare_contacts(name, &before.contacts, contacts, changes);
    for (old, new) in [
        (&before.description, description),
        (&before.slack, slack),
        (&before.email, email),
    ] {
        changes.text(
            ChangeId::TeamTextChanged,
            subject,
            old.as_ref(),
            new.as_ref(),
            String::clone,
        );
    }
    for (old, new) in [(&before.members, members), (&before.managers, managers)] {
        let sorted = |all: &Vec<String>| {
            let mut all = all.clone();
            all.sort_unstable();
            all
        };
        if sorted(old) != sorted(new) {
            changes.plain(
                ChangeId::TeamMembersChanged,
                subject,
                Some(texts::people(old)),
                Some(texts::people(new)),
            );
        }
    }
    changes.text(
        ChangeId::TeamSupportHoursChanged,
        subject,
        before.support_hours.as_ref(),
        support_hours.as_ref(),
        texts::support_hours,
    );
    compare_receivers(name, before, after, subject, changes);
    compare_schedules(name, &before.schedules, schedules, changes);
    compare_escalations(name, &before.escalations, escalations, changes);
}

fn compare_receivers(
    team: &str,
    before: &Team,
    after: &Team,
    subject: &Subject,
    changes: &mut Changes,
) {
    let (old, new) = (before.effective_receivers(), after.effective_receivers());
    for severity in after.severities.all() {
        let is_on = |one: &&Receiver| {
            let mut on = one.on.iter();
            on.any(|known| texts::is_same_severity(known, severity))
        };
        let gets = |all: &[Receiver]| all.iter().any(|one| is_on(&one));
        if gets(&old) && !gets(&new) {
            let lost: Vec<String> = old
                .iter()
                .filter(is_on)
                .map(|one| channels::channel(&one.channel))
                .collect();
            changes.add(
                ChangeId::TeamUnreachable,
                subject,
                Some(format!("{} on {}", lost.join(", "), severity.name())),
                None,
                format!(
                    "no receiver of the team is notified of {}",
                    texts::alerts_of(severity)
                ),
            );
        }
    }
    let key = |_: Side, one: &Receiver| {
        Some((
            channels::channel(&one.channel),
            texts::severity_names(&one.on),
        ))
    };
    for found in pairs(old.iter(), new.iter(), |one| one.name.as_str(), key) {
        let subject = |one: &Receiver| Subject::project("receiver", format!("{team}.{}", one.name));
        match found {
            Match::Removed(one) => changes.plain(
                ChangeId::ReceiverRemoved,
                &subject(one),
                Some(texts::receiver(one)),
                None,
            ),
            Match::Added(one) => changes.plain(
                ChangeId::ReceiverAdded,
                &subject(one),
                None,
                Some(texts::receiver(one)),
            ),
            Match::Both(before, after) => {
                let Receiver {
                    name,
                    on,
                    resolved,
                    active: _,
                    mute: _,
                    mutes_pages: _,
                    channel,
                } = after;
                let subject = subject(after);
                if before.name != *name {
                    changes.plain(
                        ChangeId::ReceiverRenamed,
                        &subject,
                        Some(before.name.to_string()),
                        Some(name.to_string()),
                    );
                }
                if before.channel != *channel {
                    changes.plain(
                        ChangeId::ReceiverChanged,
                        &subject,
                        Some(channels::channel(&before.channel)),
                        Some(channels::channel(channel)),
                    );
                }
                if texts::severity_names(&before.on) != texts::severity_names(on) {
                    changes.plain(
                        ChangeId::ReceiverSeveritiesChanged,
                        &subject,
                        Some(texts::severities(&before.on)),
                        Some(texts::severities(on)),
                    );
                }
                if texts::times(before) != texts::times(after) {
                    changes.plain(
                        ChangeId::ReceiverTimesChanged,
                        &subject,
                        Some(texts::times(before)),
                        Some(texts::times(after)),
                    );
                }
                if before.resolved != *resolved {
                    let text = |resolved: bool| {
                        let text = if resolved {
                            "also when resolved"
                        } else {
                            "not when resolved"
                        };
                        Some(text.to_owned())
                    };
                    changes.plain(
                        ChangeId::ResolvedNotificationsChanged,
                        &subject,
                        text(before.resolved),
                        text(*resolved),
                    );
                }
            }
        }
    }
}

/// Compares contacts, without the numbers and names, which are personal data.
fn compare_contacts(team: &str, base: &[Contact], head: &[Contact], changes: &mut Changes) {
    for found in pairs(base, head, |one| one.name.as_str(), never_renamed) {
        let subject = |one: &Contact| Subject::project("contact", format!("{team}.{}", one.name));
        let text = |one: &Contact| Some(texts::contact(one));
        let (subject, before, after) = match found {
            Match::Removed(one) => (subject(one), text(one), None),
            Match::Added(one) => (subject(one), None, text(one)),
            Match::Both(before, after) if before != after => {
                (subject(after), text(before), text(after))
            }
            Match::Both(..) => continue,
        };
        changes.plain(ChangeId::ContactChanged, &subject, before, after);
    }
}

fn compare_schedules(team: &str, base: &[Schedule], head: &[Schedule], changes: &mut Changes) {
    for found in pairs_with_former(
        base,
        head,
        |one| one.name.as_str(),
        |one| one.origin.renamed_from.as_slice(),
        never_renamed,
    ) {
        let subject = |one: &Schedule| Subject::project("schedule", format!("{team}.{}", one.name));
        let text = |one: &Schedule| Some(texts::schedule(one));
        match found {
            Match::Removed(one) => {
                changes.plain(ChangeId::ScheduleRemoved, &subject(one), text(one), None);
            }
            Match::Added(one) => {
                changes.plain(ChangeId::ScheduleAdded, &subject(one), None, text(one));
            }
            Match::Both(before, after) => {
                let Schedule {
                    name,
                    description,
                    zone,
                    layers,
                    overrides,
                    origin,
                } = after;
                if before.name != *name {
                    changes.plain(
                        ChangeId::ScheduleRenamed,
                        &subject(after),
                        Some(before.name.to_string()),
                        Some(name.to_string()),
                    );
                }
                origins::compare(&subject(after), &before.origin, origin, changes);
                if before.zone != *zone
                    || before.layers != *layers
                    || before.overrides != *overrides
                {
                    let texts = (text(before), text(after));
                    changes.plain(ChangeId::ScheduleChanged, &subject(after), texts.0, texts.1);
                }
                changes.text(
                    ChangeId::TeamTextChanged,
                    &subject(after),
                    before.description.as_ref(),
                    description.as_ref(),
                    String::clone,
                );
            }
        }
    }
}

fn compare_escalations(
    team: &str,
    base: &[Escalation],
    head: &[Escalation],
    changes: &mut Changes,
) {
    for found in pairs_with_former(
        base,
        head,
        |one| one.name.as_str(),
        |one| one.origin.renamed_from.as_slice(),
        never_renamed,
    ) {
        let subject =
            |one: &Escalation| Subject::project("escalation", format!("{team}.{}", one.name));
        let text = |one: &Escalation| Some(texts::escalation(one));
        match found {
            Match::Removed(one) => {
                changes.plain(ChangeId::EscalationRemoved, &subject(one), text(one), None);
            }
            Match::Added(one) => {
                changes.plain(ChangeId::EscalationAdded, &subject(one), None, text(one));
            }
            Match::Both(before, after) => {
                let Escalation {
                    name,
                    description,
                    loops,
                    steps,
                    origin,
                } = after;
                let subject = subject(after);
                if before.name != *name {
                    changes.plain(
                        ChangeId::EscalationRenamed,
                        &subject,
                        Some(before.name.to_string()),
                        Some(name.to_string()),
                    );
                }
                origins::compare(&subject, &before.origin, origin, changes);
                let texts = || (text(before), text(after));
                if before.notifies_anyone() && !after.notifies_anyone() {
                    let (old, new) = texts();
                    changes.plain(ChangeId::EscalationEmpty, &subject, old, new);
                } else if before.loops != *loops || before.steps != *steps {
                    let (old, new) = texts();
                    changes.plain(ChangeId::EscalationChanged, &subject, old, new);
                }
                changes.text(
                    ChangeId::TeamTextChanged,
                    &subject,
                    before.description.as_ref(),
                    description.as_ref(),
                    String::clone,
                );
            }
        }
    }
}
