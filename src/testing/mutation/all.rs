//! The mutants of services and teams.

use nth_model::{Project, Service, Team};

use super::mutant::{Mutant, MutationKind, Replacement, Target};
use super::mutator::Mutator;
use super::places::Places;
use super::{alert, gate, route, slo};
use crate::eval::Instance;
use crate::session::Session;

/// Returns the mutants of a service, in the order of the source.
pub fn of_service<'m>(
    session: &'m Session,
    (service, block): (&'m Service, &'m Instance),
    project: &'m Project<'m>,
) -> Vec<Mutant> {
    let mut mutator = Mutator::new(Places::new(session, block), service, project);
    route::of_service(&mut mutator);
    slo::mutants(&mut mutator);
    alert::mutants(&mut mutator);
    gate::mutants(&mut mutator);
    mutator.mutants
}

/// Returns the mutants of a team's alerts outside of any service, in the order of the source. `block` has them as children.
pub fn of_team_rules(
    session: &Session,
    (service, block): (&Service, &Instance),
    project: &Project<'_>,
) -> Vec<Mutant> {
    let mut mutator = Mutator::new(Places::new(session, block), service, project);
    alert::mutants(&mut mutator);
    mutator.mutants
}

/// Returns the mutants of a team that the project itself declares.
pub fn of_team(session: &Session, team: &Team, block: &Instance) -> Vec<Mutant> {
    let places = Places::new(session, block);
    if !places.is_own(block.head) {
        return Vec::new();
    }
    let mutants = route::of_team(team).into_iter();
    mutants
        .map(|(change, mutated)| Mutant {
            kind: MutationKind::Route,
            of: team.name.clone(),
            target: Target::Team,
            subject: format!("team {}", team.name),
            change,
            place: block.head,
            replacement: Replacement::Team(Box::new(mutated)),
        })
        .collect()
}
