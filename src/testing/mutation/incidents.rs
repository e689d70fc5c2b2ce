//! Incidents in which a mutant may behave differently.

use std::collections::HashSet;

use nth_model::{Project, Service};

use super::mutant::{Mutant, MutationKind, Replacement, Target};
use super::route::teams_of;
use crate::testing::incidents::{Aspects, Incident, Scope, of_alert, of_gate, of_service, of_slo};

/// The largest number of incidents that are tried for one mutant: each one is simulated with and without it.
const MOST: usize = 12;

/// The incidents that are tried for a mutant.
#[derive(Debug)]
pub struct Chosen {
    /// Those that are tried, the most probable first.
    pub tried: Vec<Incident>,
    /// How many more are known.
    pub untried: usize,
}

/// Returns incidents in which a mutant may behave differently, the most probable first.
pub fn incidents(mutant: &Mutant, project: &Project<'_>, scope: &Scope) -> Chosen {
    let mut found = match (&mutant.replacement, project.service(&mutant.of)) {
        (Replacement::Service(mutated), Some(service)) => match &mutant.target {
            Target::Slo(name) => {
                let of =
                    |service: &Service| service.slos.iter().find(|slo| slo.name == *name).cloned();
                match (of(service), of(mutated)) {
                    (Some(slo), Some(mutated)) => {
                        of_slo(aspects(mutant.kind), service, &slo, &mutated)
                    }
                    _ => Vec::new(),
                }
            }
            Target::Alert(name) => {
                let of = |service: &Service| {
                    service
                        .alerts
                        .iter()
                        .find(|alert| alert.name == *name)
                        .cloned()
                };
                of(service).map_or_else(Vec::new, |alert| {
                    of_alert(service, &alert, of(mutated).as_ref(), scope)
                })
            }
            Target::Gate(name) => {
                let gates = [service, mutated]
                    .map(|service| service.gates.iter().find(|gate| gate.name == *name));
                of_gate(service, gates.into_iter().flatten())
            }
            Target::Service | Target::Team => of_service(service, scope),
        },
        (Replacement::Team(team), _) => project
            .services()
            .filter(|service| teams_of(service).any(|name| *name == team.name))
            .take(3)
            .flat_map(|service| of_service(service, scope))
            .collect(),
        _ => Vec::new(),
    };
    let mut seen = HashSet::new();
    found.retain(|incident| seen.insert(incident.clone()));
    let untried = found.len().saturating_sub(MOST);
    found.truncate(MOST);
    Chosen {
        tried: found,
        untried,
    }
}

/// What a mutant of an SLO may change.
fn aspects(kind: MutationKind) -> Aspects {
    Aspects {
        burn_rates: matches!(kind, MutationKind::BurnRate | MutationKind::Objective),
        budgets: kind == MutationKind::Budget,
        missing_data: kind == MutationKind::MissingData,
        traffic: kind == MutationKind::Threshold,
    }
}
