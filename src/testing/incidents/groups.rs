//! Incidents of single groups of an SLO, whose objectives differ between two versions.

use std::collections::{BTreeMap, BTreeSet};

use nth_model::Slo;
use nth_model::test::Event;

use super::given::Incident;

/// The value of a label of a group that a `group` block does not name.
const ANY: &str = "any";

/// Incidents of each group whose objective differs in two versions of an SLO, in that group alone. `find` returns those of an SLO
/// with the objective of the group, in both versions; there is no other version of a new SLO.
pub fn of_groups(
    slo: &Slo,
    other: Option<&Slo>,
    find: &dyn Fn(&Slo, Option<&Slo>) -> Vec<Incident>,
) -> Vec<Incident> {
    let both = std::iter::once(slo).chain(other);
    let named = both.flat_map(Slo::own_objectives);
    let groups: BTreeSet<BTreeMap<String, String>> = named
        .map(|own| {
            let mut labels = own.labels.clone();
            for label in slo.by() {
                labels
                    .entry(label.clone())
                    .or_insert_with(|| ANY.to_owned());
            }
            labels
        })
        .collect();
    let mut found = Vec::new();
    for group in groups {
        if group.len() != slo.by().len() {
            // The other version is grouped by other labels.
            continue;
        }
        let own = in_group(slo, &group);
        let changed = other.map(|other| in_group(other, &group));
        if changed
            .as_ref()
            .is_some_and(|changed| changed.objective == own.objective)
        {
            continue;
        }
        let incidents = find(&own, changed.as_ref()).into_iter();
        found.extend(incidents.map(|incident| within(incident, slo, &group)));
    }
    found
}

/// The SLO as it is for a group.
fn in_group(slo: &Slo, group: &BTreeMap<String, String>) -> Slo {
    let mut slo = slo.clone();
    let own = slo.grouping.as_ref();
    let own = own.and_then(|grouping| grouping.own_objective(group));
    if let Some(objective) = own {
        slo.objective = objective;
        slo.burn_rate_pairs.retain(|pair| pair.can_fire(objective));
    }
    slo
}

/// Lets what happens to an SLO happen to a group of it.
fn within(mut incident: Incident, slo: &Slo, group: &BTreeMap<String, String>) -> Incident {
    for happening in &mut incident.given {
        if let Event::Errors { slo: of, .. }
        | Event::Latency { slo: of, .. }
        | Event::BudgetLeft { slo: of, .. } = &mut happening.event
            && of.slo == slo.name
        {
            of.group = group.clone();
        }
    }
    incident
}
