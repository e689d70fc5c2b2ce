//! What Terraform does instead of creating an object: it moves the one that it has under a former name, or imports one that
//! exists in PagerDuty.

use std::collections::BTreeSet;

use super::address::{address, person_in};
use super::document::{Document, Import, Moved};
use super::error::Error;
use super::escalations::{POLICY, place};
use super::orchestrations::{
    ORCHESTRATION, ORCHESTRATION_INTEGRATION, ROUTER, SERVICE_ORCHESTRATION,
};
use super::people::{MEMBERSHIP, TEAM};
use super::plan::{Plan, PolicyKey};
use super::schedules::SCHEDULE;
use super::services::{DEPENDENCY, INTEGRATION, SERVICE, others_address};
use super::text::Text;
use nth_model::origin::{ITSELF, ORCHESTRATION as OF_ORCHESTRATION, OTHER_ALERTS};
use nth_model::{Origin, Settings};
use smol_str::SmolStr;

/// The moves of all objects whose address contains a former name.
///
/// # Errors
///
/// If an object is still at a former address, which Terraform rejects.
pub fn moves(plan: &Plan<'_>) -> Result<Document, Error> {
    let mut moves = Moves::default();
    for (name, team) in &plan.teams {
        let names = versions(name, &team.origin.renamed_from);
        if team.origin.pagerduty_id.is_none() {
            moves.add(&[TEAM], &[&names], address);
            for email in Plan::people(team).into_keys() {
                moves.add(&[MEMBERSHIP], &[&names], |parts| person_in(parts, email));
            }
        }
        for schedule in &team.schedules {
            if schedule.origin.pagerduty_id.is_none() {
                let own = versions(&schedule.name, &schedule.origin.renamed_from);
                moves.add(&[SCHEDULE], &[&names, &own], address);
            }
        }
        if let Some(inbox) = plan.inboxes.get(name) {
            moves.add(
                &[ORCHESTRATION, ORCHESTRATION_INTEGRATION, ROUTER],
                &[&names],
                address,
            );
            if inbox.others.is_some() {
                let others = |parts: &[&str]| others_address(parts.first().unwrap_or(name));
                moves.add(&[SERVICE, SERVICE_ORCHESTRATION], &[&names], others);
            }
        }
    }
    for (key, (escalation, _)) in &plan.policies {
        let of_team = plan.teams.get(key.team).map(|team| &team.origin);
        let names = versions(key.team, former(of_team));
        let own = versions(key.escalation, &escalation.origin.renamed_from);
        match key.tier {
            Some(tier) => {
                let mut services = plan.services.values();
                let of_tier = services.find(|(service, _)| service.tier == tier);
                let former = of_tier.map_or(&[][..], |(service, _)| &service.former_tiers);
                moves.add(&[POLICY], &[&names, &own, &versions(tier, former)], address);
            }
            None => moves.add(&[POLICY], &[&names, &own], address),
        }
    }
    for (name, (service, policy)) in &plan.services {
        let names = versions(name, &service.origin.renamed_from);
        if policy.is_some() {
            moves.add(
                &[SERVICE, INTEGRATION, SERVICE_ORCHESTRATION],
                &[&names],
                address,
            );
        }
        let needed = service.dependencies.iter();
        let needed: BTreeSet<&str> = needed
            .filter_map(|one| one.service.as_deref())
            .filter(|other| other != name && plan.has_dependency(service, other))
            .collect();
        for other in needed {
            let origin = plan.services.get(other).map(|(other, _)| &other.origin);
            let others = versions(other, former(origin));
            moves.add(&[DEPENDENCY], &[&names, &others], address);
        }
    }
    moves.document()
}

fn former(origin: Option<&Origin>) -> &[SmolStr] {
    origin.map_or(&[], |origin| &origin.renamed_from)
}

/// The names of an object, the oldest first and the current one last.
fn versions<'a>(name: &'a str, former: &'a [SmolStr]) -> Vec<&'a str> {
    let former = former.iter().map(SmolStr::as_str);
    former.chain(std::iter::once(name)).collect()
}

/// The moves, and the addresses that objects have now.
#[derive(Default)]
struct Moves {
    moved: Vec<Moved>,
    current: BTreeSet<String>,
}

impl Moves {
    /// Adds the moves of objects of some types that have one address. Each part of the address is a list of names, the
    /// oldest first.
    ///
    /// It is not known which of several parts had which name when Terraform last saw the object. Moves to one address from
    /// several are ambiguous to Terraform, so all combinations are one chain, which ends at the current address.
    fn add(&mut self, types: &[&str], parts: &[&[&str]], address: impl Fn(&[&str]) -> String) {
        let mut combinations: Vec<Vec<&str>> = vec![Vec::new()];
        for versions in parts {
            combinations = combinations
                .iter()
                .flat_map(|before| {
                    versions.iter().map(|version| {
                        let mut with = before.clone();
                        with.push(*version);
                        with
                    })
                })
                .collect();
        }
        let addresses: Vec<String> = combinations.iter().map(|names| address(names)).collect();
        for of in types {
            let at = |address: &String| format!("{of}.{address}");
            self.current.extend(addresses.last().map(at));
            let steps = addresses.windows(2);
            self.moved.extend(steps.filter_map(|pair| match pair {
                [from, to] => Some(Moved {
                    from: at(from),
                    to: at(to),
                }),
                _ => None,
            }));
        }
    }

    fn document(self) -> Result<Document, Error> {
        for moved in &self.moved {
            if self.current.contains(&moved.from) {
                return Err(Error::StillInUse(moved.from.clone()));
            }
        }
        Ok(Document {
            moved: self.moved,
            ..Document::default()
        })
    }
}

/// The imports of existing objects. Imports of escalation policies that no service needs are left out.
pub fn imports(plan: &Plan<'_>, settings: &Settings) -> Document {
    let module = settings.pagerduty.module.as_deref();
    let module = module.map(|name| format!("module.{name}."));
    let module = module.unwrap_or_default();
    let mut import = Vec::new();
    let mut add = |of: &str, address: String, id: Option<&str>| {
        import.extend(id.map(|id| Import {
            to: format!("{module}{of}.{address}"),
            id: Text::new(id),
        }));
    };
    for (name, team) in &plan.teams {
        if team.origin.pagerduty_id.is_none() {
            add(TEAM, address(&[name]), team.origin.import(ITSELF));
        }
        for schedule in &team.schedules {
            let id = schedule.origin.import(ITSELF);
            let id = id.filter(|_| schedule.origin.pagerduty_id.is_none());
            add(SCHEDULE, address(&[name, &schedule.name]), id);
        }
        if plan.inboxes.contains_key(name) {
            let id = team.origin.import(OF_ORCHESTRATION);
            add(ORCHESTRATION, address(&[name]), id);
            let id = team.origin.integration_import(OF_ORCHESTRATION);
            add(ORCHESTRATION_INTEGRATION, address(&[name]), id);
        }
    }
    for (key, (escalation, _)) in &plan.policies {
        let id = escalation.origin.import(import_key(key));
        add(POLICY, place(key), id);
    }
    for (name, (service, policy)) in &plan.services {
        if policy.is_some() {
            add(SERVICE, address(&[name]), service.origin.import(ITSELF));
            let id = service.origin.integration_import(ITSELF);
            add(INTEGRATION, address(&[name]), id);
        }
    }
    Document {
        import,
        ..Document::default()
    }
}

/// The key of a policy among the imports of its escalation.
fn import_key<'a>(key: &PolicyKey<'a>) -> &'a str {
    key.tier.unwrap_or(OTHER_ALERTS)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chain(types: &[&str], parts: &[&[&str]]) -> Vec<(String, String)> {
        let mut moves = Moves::default();
        moves.add(types, parts, address);
        let document = moves.document();
        let moved = document.map(|document| document.moved).unwrap_or_default();
        moved.into_iter().map(|one| (one.from, one.to)).collect()
    }

    #[test]
    fn a_name_moves_from_the_oldest_to_the_current_one() {
        let pair = |from: &str, to: &str| (from.to_owned(), to.to_owned());
        assert_eq!(chain(&["t"], &[&["a"]]), []);
        assert_eq!(
            chain(&["t"], &[&["a", "b", "c"]]),
            [pair("t.a", "t.b"), pair("t.b", "t.c")]
        );
        assert_eq!(
            chain(&["t", "u"], &[&["a", "b"]]),
            [pair("t.a", "t.b"), pair("u.a", "u.b")]
        );
    }

    #[test]
    fn several_renamed_parts_are_one_chain() {
        let moved = chain(&["t"], &[&["a", "b"], &["1", "2"], &["x"]]);
        let before: Vec<&str> = moved.iter().map(|(from, _)| from.as_str()).collect();
        let name = |one: &str, two: &str| format!("t.{}", address(&[one, two, "x"]));
        assert_eq!(before, [name("a", "1"), name("a", "2"), name("b", "1")]);
        assert_eq!(moved.last().map(|(_, to)| to.clone()), Some(name("b", "2")));
        let tos: BTreeSet<&String> = moved.iter().map(|(_, to)| to).collect();
        assert_eq!(tos.len(), moved.len(), "each address is moved to once");
    }

    #[test]
    fn nothing_moves_from_where_something_is() {
        let mut moves = Moves::default();
        moves.add(&["t"], &[&["a", "b"]], address);
        moves.add(&["t"], &[&["a"]], address);
        assert!(matches!(moves.document(), Err(Error::StillInUse(at)) if at == "t.a"));
    }
}
