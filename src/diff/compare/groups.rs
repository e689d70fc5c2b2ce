//! The groups of SLOs.

use std::collections::{BTreeMap, BTreeSet};

use nth_model::Slo;
use nth_model::number::percent_text;
use rust_decimal::Decimal;

use super::changes::Changes;
use crate::change::Subject;
use crate::id::ChangeId;

/// Compares the groups of two versions of an SLO: their labels, their limit, and objectives of their own.
pub fn compare(subject: &Subject, before: &Slo, after: &Slo, changes: &mut Changes) {
    if before.by() != after.by() {
        let text = |slo: &Slo| (!slo.by().is_empty()).then(|| slo.by().join(", "));
        changes.plain(ChangeId::GroupsChanged, subject, text(before), text(after));
        return;
    }
    let (Some(old), Some(new)) = (&before.grouping, &after.grouping) else {
        return;
    };
    if old.limit != new.limit {
        let id = match new.limit > old.limit {
            true => ChangeId::GroupLimitRaised,
            false => ChangeId::GroupLimitLowered,
        };
        let texts = [old.limit, new.limit].map(|limit| Some(limit.to_string()));
        let [old, new] = texts;
        changes.plain(id, subject, old, new);
    }
    let all: BTreeSet<&BTreeMap<String, String>> = old
        .objectives
        .iter()
        .chain(&new.objectives)
        .map(|own| &own.labels)
        .collect();
    for labels in all {
        let objective = |slo: &Slo| -> Decimal {
            let own = slo.grouping.as_ref();
            let own = own.and_then(|grouping| grouping.own_objective(labels));
            own.unwrap_or(slo.objective)
        };
        let (was, is) = (objective(before), objective(after));
        let follows = (was, is) == (before.objective, after.objective);
        if was == is || follows {
            continue;
        }
        let id = match is < was {
            true => ChangeId::GroupObjectiveLowered,
            false => ChangeId::GroupObjectiveRaised,
        };
        let group: Vec<String> = labels
            .iter()
            .map(|(label, value)| format!("{label}={value:?}"))
            .collect();
        let text = |objective| {
            Some(format!(
                "{} for {}",
                percent_text(objective),
                group.join(", ")
            ))
        };
        changes.plain(id, subject, text(was), text(is));
    }
}
