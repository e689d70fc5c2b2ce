//! An environment with its tests and mutants.

use nth_model::{Project, Service, Settings};
use smol_str::SmolStr;

use super::all;
use super::mutant::{Mutant, MutationKind};
use super::suite::Suite;
use crate::db::{ItemClass, ItemKey, Span};
use crate::diagnostics::position::Positions;
use crate::eval::{Instance, Value, instance};
use crate::schema::names::{field, kind};
use crate::session::Session;
use crate::testing::run::{self, Placed, Selection};

/// What makes a mutant the same change of the source in several environments.
pub type Identity = (String, usize, String, MutationKind, String);

/// An environment with its tests and mutants.
pub struct View<'v> {
    /// The session.
    pub session: &'v Session,
    /// The environment; `None` if the project declares none.
    pub environment: &'v Option<SmolStr>,
    /// The selected tests, run without a change.
    pub suite: Suite<'v>,
    /// The selected tests, with their places.
    pub placed: &'v [Placed<'v>],
    /// The mutants, in the order of the source.
    pub mutants: Vec<Mutant>,
    positions: &'v Positions<'v>,
}

/// Calls `act` with the tests and mutants of an environment. Without a selection, it has no tests.
pub fn in_environment<T>(
    session: &Session,
    settings: &Settings,
    environment: &Option<SmolStr>,
    selection: Option<Selection<'_>>,
    act: impl FnOnce(View<'_>) -> T,
) -> T {
    run::in_environment(session, settings, environment, |mut all| {
        match selection {
            Some(selection) => all.select(selection),
            None => all.tests.clear(),
        }
        let tests = all.tests.iter().map(|placed| placed.test);
        act(View {
            session,
            environment,
            mutants: mutants(session, environment, all.runner.project),
            suite: Suite::new(all.runner, tests),
            placed: &all.tests,
            positions: all.positions,
        })
    })
}

/// Returns the mutants of all services, teams and alerts of teams of the project.
fn mutants(session: &Session, environment: &Option<SmolStr>, project: &Project<'_>) -> Vec<Mutant> {
    let blocks = |kind: &'static str| {
        let entries = session.entries(ItemClass::Block);
        let own = move |key: &ItemKey| !key.file.package(&session.db);
        let of_kind = entries.filter(move |entry| entry.kind == kind);
        of_kind
            .map(|entry| entry.key)
            .filter(own)
            .collect::<Vec<_>>()
    };
    let evaluated = |key| {
        instance(&session.db, session.workspace, key, environment.clone())
            .instance
            .as_ref()
    };
    let mut found = Vec::new();
    let owners = [kind::SERVICE, kind::DEPENDENCY]
        .into_iter()
        .flat_map(blocks);
    for block in owners.filter_map(evaluated) {
        if let Some(service) = project.service(&block.name) {
            found.extend(all::of_service(session, (service, block), project));
        }
    }
    for key in blocks(kind::TEAM) {
        let Some(block) = evaluated(key) else {
            continue;
        };
        // The alerts of the team outside of any service are in a model of its own.
        let rules = Service::name_of_team_rules(&block.name);
        if let Some(service) = project.service(&rules) {
            let is_own = |rule: &&Instance| match rule.get(field::TEAM) {
                Value::Block(team) => team.item == key,
                _ => false,
            };
            let own = session.outside_rules().iter().copied();
            let own = own.filter_map(evaluated).filter(is_own);
            let mut block = block.clone();
            block.children.extend(own.cloned());
            found.extend(all::of_team_rules(session, (service, &block), project));
        }
        if let Some(team) = project.team(&block.name) {
            found.extend(all::of_team(session, team, block));
        }
    }
    found
}

impl View<'_> {
    /// The file and the line of a place.
    pub fn position(&self, span: Span) -> (String, usize) {
        let span = self.session.file_span(span);
        let line = self.positions.range(span).0.line;
        (self.positions.path(span.file).to_owned(), line)
    }

    /// The identity of a mutant.
    pub fn identity(&self, mutant: &Mutant) -> Identity {
        let (file, line) = self.position(mutant.place);
        let (subject, change) = (mutant.subject.clone(), mutant.change.clone());
        (file, line, subject, mutant.kind, change)
    }
}
