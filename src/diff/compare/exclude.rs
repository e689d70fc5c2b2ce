//! Exclusions: times whose events are not charged to error budgets. An exclusion can cover SLOs of many services, so it is
//! compared once for the project.

use std::collections::{BTreeMap, BTreeSet};

use nth_model::Project;
use nth_model::exclude::{Exclusion, Times};

use super::changes::Changes;
use super::matching::{Match, pairs};
use crate::change::{Side, Subject};
use crate::id::ChangeId;

/// How many of the SLOs that an exclusion covers are named.
const NAMED: usize = 5;

/// An SLO: the names of its service and of itself.
type SloName<'p> = (&'p str, &'p str);

/// An exclusion with the SLOs that it covers.
struct Known<'p> {
    exclusion: &'p Exclusion,
    slos: BTreeSet<SloName<'p>>,
}

/// Compares the exclusions of two versions. An exclusion whose SLOs are all new, or all gone, changes nothing that exists in
/// both versions.
pub fn compare<'p>(base: &'p Project<'p>, head: &'p Project<'p>, changes: &mut Changes) {
    let (old, new) = (known(base), known(head));
    if old.is_empty() && new.is_empty() {
        return;
    }
    let (old_slos, new_slos) = (slos(base), slos(head));
    let in_both: BTreeSet<SloName<'_>> = old_slos.intersection(&new_slos).copied().collect();
    let is_about_both = |known: &&Known<'_>| known.slos.iter().any(|slo| in_both.contains(slo));
    let key = |_: Side, known: &Known<'p>| {
        let slos: Vec<(String, String)> = known
            .slos
            .iter()
            .filter(|slo| in_both.contains(*slo))
            .map(|(service, slo)| ((*service).to_owned(), (*slo).to_owned()))
            .collect();
        Some((known.exclusion.times_text(), slos))
    };
    for found in pairs(
        old.iter(),
        new.iter(),
        |known: &Known<'p>| known.exclusion.name.as_str(),
        key,
    ) {
        match found {
            Match::Removed(old) if is_about_both(&old) => {
                changes.plain(
                    ChangeId::ExclusionRemoved,
                    &subject(old),
                    Some(text(old)),
                    None,
                );
            }
            Match::Added(new) if is_about_both(&new) => {
                changes.plain(
                    ChangeId::ExclusionAdded,
                    &subject(new),
                    None,
                    Some(text(new)),
                );
            }
            Match::Removed(_) | Match::Added(_) => {}
            Match::Both(old, new) => both(old, new, &in_both, changes),
        }
    }
}

fn subject(known: &Known<'_>) -> Subject {
    Subject::project("exclusion", known.exclusion.name.as_str())
}

fn slos<'p>(project: &'p Project<'p>) -> BTreeSet<SloName<'p>> {
    let services = project.services();
    services
        .flat_map(|service| {
            let slos = service.slos.iter();
            slos.map(|slo| (service.name.as_str(), slo.name.as_str()))
        })
        .collect()
}

/// The exclusions of a project, by name.
fn known<'p>(project: &'p Project<'p>) -> Vec<Known<'p>> {
    let mut known: BTreeMap<&str, Known<'p>> = BTreeMap::new();
    for service in project.services() {
        for slo in &service.slos {
            for exclusion in &slo.exclusions {
                known
                    .entry(&exclusion.name)
                    .or_insert_with(|| Known {
                        exclusion,
                        slos: BTreeSet::new(),
                    })
                    .slos
                    .insert((&service.name, &slo.name));
            }
        }
    }
    known.into_values().collect()
}

fn both(old: &Known<'_>, new: &Known<'_>, in_both: &BTreeSet<SloName<'_>>, changes: &mut Changes) {
    let subject = subject(new);
    // Every field is named, so that a new one is not forgotten.
    let Exclusion {
        name,
        times,
        zone,
        reason,
        by,
    } = new.exclusion;
    let before = old.exclusion;
    let is_same_time =
        before.times == *times && (before.zone == *zone || matches!(times, Times::Once { .. }));
    if !is_same_time {
        let id = match (
            before.is_within(new.exclusion),
            new.exclusion.is_within(before),
        ) {
            (Ok(true), Ok(true)) => None,
            (Ok(true), _) => Some(ChangeId::ExclusionExtended),
            (_, Ok(true)) => Some(ChangeId::ExclusionShortened),
            _ => Some(ChangeId::ExclusionMoved),
        };
        if let Some(id) = id {
            changes.plain(
                id,
                &subject,
                Some(before.times_text()),
                Some(new.exclusion.times_text()),
            );
        }
    }
    let covered = |known: &Known<'_>, other: &Known<'_>| {
        let only = known.slos.difference(&other.slos);
        only.filter(|slo| in_both.contains(*slo)).count()
    };
    for (id, differs) in [
        (ChangeId::ExclusionWidened, covered(new, old) > 0),
        (ChangeId::ExclusionNarrowed, covered(old, new) > 0),
    ] {
        if differs {
            changes.plain(id, &subject, Some(slos_text(old)), Some(slos_text(new)));
        }
    }
    if before.name != *name || before.reason != *reason || before.by != *by {
        let text = |one: &Exclusion| format!("{}, by {}: {}", one.name, one.by, one.reason);
        changes.plain(
            ChangeId::ExclusionTextChanged,
            &subject,
            Some(text(before)),
            Some(text(new.exclusion)),
        );
    }
}

/// An exclusion in a line.
fn text(known: &Known<'_>) -> String {
    let Exclusion { reason, by, .. } = known.exclusion;
    let times = known.exclusion.times_text();
    format!("{times} for {}, by {by}: {reason}", slos_text(known))
}

fn slos_text(known: &Known<'_>) -> String {
    let named = known.slos.iter().take(NAMED);
    let mut text: Vec<String> = named
        .map(|(service, slo)| format!("{service}.{slo}"))
        .collect();
    let more = known.slos.len().saturating_sub(NAMED);
    if more > 0 {
        text.push(format!("{more} more"));
    }
    text.join(", ")
}
