//! The search for witnesses.

use std::collections::{BTreeMap, BTreeSet};

use nth_diff::{Change, ChangeId, Class, Version, Witness};
use rayon::prelude::*;
use smol_str::SmolStr;

use super::arena::{Arena, Side, Sides};
use super::outcome::{
    Difference, Direction, Outcome, difference_of_alerts, difference_of_gates, difference_of_people,
};
use super::part::Part;
use super::shadow::{Shadows, shadow};
use super::{choose, sharing, words, written};
use crate::testing::incidents::{Incident, Scope, test};

/// Both versions of an environment; `None` for one that does not have it.
#[derive(Debug, Clone, Copy)]
pub struct Versions<'v> {
    /// The old version.
    pub base: Option<Version<'v>>,
    /// The new version.
    pub head: Option<Version<'v>>,
}

/// How much is searched.
#[derive(Debug, Clone)]
pub struct Options {
    /// The most changes for which incidents are run; `None` for all.
    pub limit: Option<usize>,
    /// The most incidents that are run for a change and a direction.
    pub incidents: usize,
    /// From how many services with the same change on, only a few of them are searched.
    pub many: usize,
    /// How many of them are searched then.
    pub representatives: usize,
    /// How many of them are searched if they are not equal.
    pub different: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            limit: None,
            incidents: 12,
            many: 12,
            representatives: 2,
            different: 40,
        }
    }
}

/// How many more incidents are run for a clearer one.
const MORE: usize = 4;

/// What a search finds.
#[derive(Debug, Clone)]
enum Found {
    /// An incident that shows the change.
    Witness(Box<Shown>),
    /// None, with the reason.
    Nothing(String),
    /// No search, with the reason.
    NotSearched(String),
}

/// An incident with its outcomes.
#[derive(Debug, Clone)]
struct Shown {
    incident: Incident,
    difference: Difference,
}

/// Finds for each change that an incident can show one whose outcome differs: sets its witness, or why there is none. Changes of
/// other environments, and those that have a witness or a reason, are left as they are.
///
/// A change of class [`Class::Unknown`] becomes loosened or tightened with a witness. One that is loosened or tightened without
/// a witness becomes unknown. A silenced change remains so: both models prove it. `progress` is called with the number of
/// changes that were searched since the last call.
pub fn witnesses(
    versions: Versions<'_>,
    changes: &mut [Change],
    options: &Options,
    progress: &(dyn Fn(usize) + Sync),
) {
    let Versions { base, head } = versions;
    let sides: Sides<'_> = [
        base.map(|version| Side::new(version, head)),
        head.map(|version| Side::new(version, base)),
    ];
    let Some(Version {
        settings,
        environment_labels,
        ..
    }) = base.or(head)
    else {
        return;
    };
    let environment = settings.environment.clone();
    let is_open = |change: &Change| {
        let is_here = change.environments.is_empty()
            || environment
                .as_ref()
                .is_some_and(|name| change.environments.contains(name));
        is_here
            && change.class.has_witness()
            && change.witness.is_none()
            && change.no_witness.is_none()
            && !is_beyond_incidents(change)
    };
    let open: Vec<usize> = changes
        .iter()
        .enumerate()
        .filter_map(|(index, change)| is_open(change).then_some(index))
        .collect();
    let search = Search {
        sides: &sides,
        options,
        scope: Scope {
            scrape_interval: settings.prometheus.scrape_interval,
            environment_labels: environment_labels.clone(),
        },
        environment,
    };
    let found = search.all(changes, &open, progress);
    for (index, found) in found {
        if let Some(change) = changes.get_mut(index) {
            search.conclude(change, found);
        }
    }
}

struct Search<'s> {
    sides: &'s Sides<'s>,
    options: &'s Options,
    scope: Scope,
    environment: Option<SmolStr>,
}

/// What one search is for, and what follows its result.
enum Role {
    /// It is searched.
    Searched,
    /// It has what the change with this index has.
    Same(usize),
    /// It is not searched: the change with this index is the same at another service.
    Skipped(usize),
    /// It is not searched, because there are too many.
    Beyond,
}

impl<'s> Search<'s> {
    fn all(
        &self,
        changes: &[Change],
        open: &[usize],
        progress: &(dyn Fn(usize) + Sync),
    ) -> Vec<(usize, Found)> {
        let roles = self.roles(changes, open);
        let mut tasks: BTreeMap<(&Option<SmolStr>, &str), Vec<usize>> = BTreeMap::new();
        for (index, role) in &roles {
            let Some(change) = changes
                .get(*index)
                .filter(|_| matches!(role, Role::Searched))
            else {
                continue;
            };
            let subject = &change.subject;
            let name = match subject.service {
                Some(_) => "",
                None => subject.name.as_str(),
            };
            tasks
                .entry((&subject.service, name))
                .or_default()
                .push(*index);
        }
        let tasks: Vec<Vec<usize>> = tasks.into_values().collect();
        let searched: Vec<(usize, Found)> = tasks
            .par_iter()
            .flat_map_iter(|task| {
                let found = self.task(changes, task);
                progress(task.len());
                found
            })
            .collect();
        let known: BTreeMap<usize, Found> = searched.into_iter().collect();
        let mut all = Vec::new();
        for (index, role) in roles {
            let found = match role {
                Role::Searched => known.get(&index).cloned(),
                Role::Same(of) => known
                    .get(&of)
                    .map(|found| self.copied(changes, (index, of), found)),
                Role::Skipped(of) => Some(Found::NotSearched(format!(
                    "not searched: it is the same change as that of `{}`",
                    changes
                        .get(of)
                        .map_or("", |change| change.subject.name.as_str())
                ))),
                Role::Beyond => Some(Found::NotSearched(format!(
                    "not searched: there are more than {} changes to search",
                    self.options.limit.unwrap_or_default()
                ))),
            };
            all.extend(found.map(|found| (index, found)));
        }
        all
    }

    /// Decides which changes are searched.
    fn roles(&self, changes: &[Change], open: &[usize]) -> Vec<(usize, Role)> {
        type Same<'c> = (
            nth_diff::ChangeId,
            Class,
            &'c Option<String>,
            &'c Option<String>,
        );
        let mut groups: BTreeMap<Same<'_>, Vec<usize>> = BTreeMap::new();
        for index in open {
            if let Some(change) = changes.get(*index) {
                let key = (change.id, change.class, &change.before, &change.after);
                groups.entry(key).or_default().push(*index);
            }
        }
        let mut roles: BTreeMap<usize, Role> = BTreeMap::new();
        for of_group in groups.values() {
            if of_group.len() < self.options.many {
                roles.extend(of_group.iter().map(|index| (*index, Role::Searched)));
                continue;
            }
            let mut equal: BTreeMap<String, Vec<usize>> = BTreeMap::new();
            let mut searched: Vec<usize> = Vec::new();
            for index in of_group {
                let signature = changes
                    .get(*index)
                    .and_then(|change| sharing::signature(&Part::new(change, self.sides).ok()?));
                let known = signature.map(|signature| equal.entry(signature).or_default());
                let role = match known {
                    Some(known) if known.len() >= self.options.representatives => {
                        known.first().map(|first| Role::Same(*first))
                    }
                    known if searched.len() < self.options.different => {
                        if let Some(known) = known {
                            known.push(*index);
                        }
                        searched.push(*index);
                        Some(Role::Searched)
                    }
                    _ => searched.first().map(|first| Role::Skipped(*first)),
                };
                roles.extend(role.map(|role| (*index, role)));
            }
        }
        if let Some(limit) = self.options.limit {
            let mut count = 0;
            for role in roles.values_mut() {
                if matches!(role, Role::Searched) {
                    count += 1;
                    if count > limit {
                        *role = Role::Beyond;
                    }
                }
            }
        }
        roles.into_iter().collect()
    }

    /// What a change has that is equal to another one.
    fn copied(&self, changes: &[Change], (index, of): (usize, usize), found: &Found) -> Found {
        let service = |index: usize| {
            changes
                .get(index)
                .and_then(|change| change.subject.service.clone())
        };
        let name = changes
            .get(of)
            .map_or("", |change| change.subject.name.as_str());
        let skipped = || {
            Found::NotSearched(format!(
                "not searched: it is the same change as that of `{name}`"
            ))
        };
        match (found, service(of), service(index)) {
            (Found::Witness(shown), Some(from), Some(to)) => {
                match sharing::renamed(&shown.incident, &from, &to) {
                    Some(incident) => Found::Witness(Box::new(Shown {
                        incident,
                        difference: shown.difference.clone(),
                    })),
                    None => skipped(),
                }
            }
            (Found::Nothing(reason), ..) => Found::Nothing(reason.clone()),
            _ => skipped(),
        }
    }

    /// Searches for the changes of one service, or of one subject.
    fn task(&self, changes: &[Change], task: &[usize]) -> Vec<(usize, Found)> {
        let parts: Vec<(usize, &Change, Result<Part<'s>, String>)> = { task.iter() }
            .filter_map(|index| {
                let change = changes.get(*index)?;
                Some((*index, change, Part::new(change, self.sides)))
            })
            .collect();
        let mut names: BTreeSet<SmolStr> = BTreeSet::new();
        for (_, _, part) in &parts {
            if let Ok(part) = part {
                names.extend(services(part));
            }
        }
        let shadows: Shadows = { names.into_iter() }
            .filter_map(|name| {
                let [base, head] = super::part::owners(&name, self.sides);
                let shadow = shadow(head?, base?)?;
                Some((name, shadow))
            })
            .collect();
        let mut arena = Arena::new(self.sides, &shadows);
        parts
            .into_iter()
            .map(|(index, change, part)| {
                let found = match part {
                    Err(reason) => Found::Nothing(reason),
                    Ok(part) => self.one(change, &part, &mut arena),
                };
                (index, found)
            })
            .collect()
    }

    fn one(&self, change: &Change, part: &Part<'_>, arena: &mut Arena<'_>) -> Found {
        let directions: &[Direction] = match change.class {
            Class::Tightened => &[Direction::Tightened],
            Class::Unknown => &[Direction::Loosened, Direction::Tightened],
            _ => &[Direction::Loosened],
        };
        let mut tried = Tried::default();
        for direction in directions {
            let scope = (&self.scope, self.options.incidents);
            let incidents = choose::incidents(change, part, *direction, scope);
            let mut best: Option<Shown> = None;
            let mut more = MORE;
            for incident in incidents {
                if best.is_some() {
                    if more == 0 {
                        break;
                    }
                    more -= 1;
                }
                let difference = match self.outcomes(change, part, &incident, arena) {
                    Ok(outcomes) => {
                        tried.incidents += 1;
                        difference(part, change, &outcomes)
                    }
                    Err(problem) => {
                        tried.problem.get_or_insert(problem);
                        continue;
                    }
                };
                match difference {
                    Some(difference) if difference.direction == *direction => {
                        let shown = Shown {
                            incident,
                            difference,
                        };
                        if shown.difference.is_complete {
                            return Found::Witness(Box::new(shown));
                        }
                        best.get_or_insert(shown);
                    }
                    Some(_) => tried.is_contradicted = true,
                    None => {}
                }
            }
            if let Some(best) = best {
                return Found::Witness(Box::new(best));
            }
        }
        Found::Nothing(tried.reason(change.class))
    }

    fn outcomes(
        &self,
        change: &Change,
        part: &Part<'_>,
        incident: &Incident,
        arena: &mut Arena<'_>,
    ) -> Result<[Outcome; 2], String> {
        let labels = &self.scope.environment_labels;
        let test =
            test(&written::name(change), incident, labels).map_err(|error| error.to_string())?;
        let mut names = incident.services.clone();
        if let Part::Gate(owners, both) = part {
            for service in owners.iter().flatten() {
                names.insert(service.name.clone());
                names.extend(sharing::read_by(service, *both));
            }
        }
        let from = i64::try_from(incident.from.0).unwrap_or(0);
        arena.outcomes(&test, &names, from, part.asked(change))
    }

    /// Sets what was found of a change.
    fn conclude(&self, change: &mut Change, found: Found) {
        match found {
            Found::Witness(shown) => {
                if change.class == Class::Unknown {
                    change.class = match shown.difference.direction {
                        Direction::Loosened => Class::Loosened,
                        Direction::Tightened => Class::Tightened,
                    };
                }
                let name = written::name(change);
                change.witness = Some(Witness {
                    incident: words::incident(&shown.incident),
                    before: shown.difference.before,
                    after: shown.difference.after,
                    environment: self.environment.clone(),
                    test: written::test(&name, &shown.incident, self.environment.as_ref()),
                });
            }
            Found::Nothing(reason) => {
                if matches!(change.class, Class::Loosened | Class::Tightened) {
                    change.class = Class::Unknown;
                }
                change.no_witness = Some(reason);
            }
            Found::NotSearched(reason) => change.no_witness = Some(reason),
        }
    }
}

/// True if a change is about the number of an SLO's groups: it would need as many groups as the limit to show it. Or about a contract:
/// its window has many incidents.
fn is_beyond_incidents(change: &Change) -> bool {
    let is_about_number_of_groups = matches!(
        change.id,
        ChangeId::GroupLimitLowered | ChangeId::GroupLimitRaised
    );
    is_about_number_of_groups || change.subject.kind == "contract"
}

/// The services of a part.
fn services(part: &Part<'_>) -> Vec<SmolStr> {
    let mut names: Vec<SmolStr> = Vec::new();
    for service in part.owners().iter().flatten().flatten() {
        names.push(service.name.clone());
        if let Part::Gate(_, both) = part {
            names.extend(sharing::read_by(service, *both));
        }
    }
    names
}

/// Returns whether the rule of a gate that a change names decides in the version that is stricter. Another rule may decide otherwise
/// because of another change.
fn is_about(change: &Change, found: &Difference) -> bool {
    let Some(rule) = &change.rule else {
        return true;
    };
    let stricter = match found.direction {
        Direction::Loosened => &found.before,
        Direction::Tightened => &found.after,
    };
    stricter.contains(&format!("`{}`", rule.name))
}

/// How the outcomes of both versions differ, as far as a change is about it.
fn difference(part: &Part<'_>, change: &Change, outcomes: &[Outcome; 2]) -> Option<Difference> {
    let [before, after] = outcomes;
    if let Part::Gate(..) = part {
        return difference_of_gates(before, after).filter(|found| is_about(change, found));
    }
    if let super::arena::Asked::People(_) = part.asked(change)
        && let Some(difference) = difference_of_people(before, after)
    {
        return Some(difference);
    }
    let own = difference_of_alerts(before, after, &|seen| part.concerns(seen))?;
    match difference_of_alerts(before, after, &|_| true) {
        Some(whole) if whole.direction == own.direction => Some(whole),
        Some(_) => None,
        // Other alerts notify as they did.
        None => Some(Difference {
            is_complete: false,
            before: format!("{} by it", own.before),
            after: format!("{} by it; other alerts as before", own.after),
            ..own
        }),
    }
}

/// What was tried without success.
#[derive(Debug, Default)]
struct Tried {
    incidents: usize,
    /// True if an outcome differs in the other direction.
    is_contradicted: bool,
    /// Why the first incident that cannot be simulated cannot.
    problem: Option<String>,
}

impl Tried {
    fn reason(self, class: Class) -> String {
        let count = match self.incidents {
            0 => {
                return match self.problem {
                    Some(problem) => format!("no incident can be simulated: {problem}"),
                    None => "no incident is known that could show it".to_owned(),
                };
            }
            1 => "1 incident was tried, in which".to_owned(),
            more => format!("{more} incidents were tried, in which"),
        };
        match (self.is_contradicted, class) {
            (true, Class::Tightened) => {
                format!("{count} nothing is noticed earlier, but something later")
            }
            (true, _) => format!("{count} nothing is noticed later, but something earlier"),
            (false, _) => format!("{count} the outcome is the same"),
        }
    }
}
