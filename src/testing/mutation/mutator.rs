//! Makes the mutants of a project.

use nth_model::{Project, Service, Team};
use smol_str::SmolStr;

use super::mutant::{Mutant, MutationKind, Replacement, Target};
use super::places::Places;
use super::{alert, gate, route, slo};
use crate::db::Span;
use crate::eval::Instance;
use crate::session::Session;

/// Makes mutants of one service.
pub struct Mutator<'m> {
    /// The places of the service.
    pub places: Places<'m>,
    /// The service as it is.
    pub service: &'m Service,
    /// All services and teams.
    pub project: &'m Project<'m>,
    /// The mutants.
    pub mutants: Vec<Mutant>,
}

impl<'m> Mutator<'m> {
    /// Returns the mutants of a service, in the order of the source.
    pub fn mutants(
        session: &'m Session,
        (service, block): (&'m Service, &'m Instance),
        project: &'m Project<'m>,
    ) -> Vec<Mutant> {
        let mut mutator = Self {
            places: Places::new(session, block),
            service,
            project,
            mutants: Vec::new(),
        };
        route::of_service(&mut mutator);
        slo::mutants(&mut mutator);
        alert::mutants(&mut mutator);
        gate::mutants(&mut mutator);
        mutator.mutants
    }

    /// Adds the mutant that changes a copy of the service.
    pub fn add(
        &mut self,
        kind: MutationKind,
        (target, place): (Target, Span),
        change: impl Into<String>,
        mutate: impl FnOnce(&mut Service) -> Option<()>,
    ) {
        let mut service = self.service.clone();
        // What does not change anything is not a mutant.
        if mutate(&mut service).is_none() || service == *self.service {
            return;
        }
        let name = &self.service.name;
        let subject = match &target {
            Target::Slo(part) | Target::Alert(part) | Target::Gate(part) => {
                format!("{name}.{part}")
            }
            Target::Service | Target::Team => name.to_string(),
        };
        self.mutants.push(Mutant {
            kind,
            of: name.clone(),
            target,
            subject,
            change: change.into(),
            place,
            replacement: Replacement::Service(Box::new(service)),
        });
    }
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

/// The words "`before` becomes `after`".
pub fn becomes(before: impl std::fmt::Display, after: impl std::fmt::Display) -> String {
    format!("`{before}` becomes `{after}`")
}

/// The name of a severity.
pub fn severity(severity: nth_model::Severity) -> SmolStr {
    match severity {
        nth_model::Severity::Page => "page".into(),
        nth_model::Severity::Ticket => "ticket".into(),
    }
}
