//! Makes mutants of a service.

use nth_model::{Project, Service};

use super::mutant::{Mutant, MutationKind, Replacement, Target};
use super::places::Places;
use crate::db::Span;

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
    /// Starts without mutants.
    pub fn new(places: Places<'m>, service: &'m Service, project: &'m Project<'m>) -> Self {
        Self {
            places,
            service,
            project,
            mutants: Vec::new(),
        }
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
            // An alert of a team is outside of any service.
            Target::Alert(part) if !self.service.has_service_label() => part.to_string(),
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

/// The words "`before` becomes `after`".
pub fn becomes(before: impl std::fmt::Display, after: impl std::fmt::Display) -> String {
    format!("`{before}` becomes `{after}`")
}

/// Removes an element if there is one.
pub fn remove<T>(all: &mut Vec<T>, index: usize) -> Option<()> {
    (index < all.len()).then(|| drop(all.remove(index)))
}
