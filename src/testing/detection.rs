//! How soon the alerts of a project's SLOs fire, without any test.

use rayon::prelude::*;
use rust_decimal::Decimal;
use smol_str::SmolStr;

use super::Selection;
use crate::check::item_index;
use crate::db::{ItemKey, Span, name_span};
use crate::detection::{reaction, reference};
use crate::diagnostics::position::Positions;
use crate::ir::detection::Reaction;
use crate::ir::test::SloRef;
use crate::ir::{Duration, Service, Settings, Slo};
use crate::schema::names::kind;
use crate::session::Session;

/// An SLO in an environment, and how its alerts react.
#[derive(Debug, Clone)]
pub struct SloDetection {
    /// The SLO.
    pub slo: SloRef,
    /// The environment.
    pub environment: Option<SmolStr>,
    /// The file that declares it, as in diagnostics.
    pub file: String,
    /// Its line, from 1.
    pub line: usize,
    /// The objective, from 0 to 1.
    pub objective: Decimal,
    /// The SLO window.
    pub window: Duration,
    /// What the simulation found.
    pub reaction: Reaction,
}

/// Returns the names of all SLOs in these environments, in order, each once.
pub fn known_slos(session: &Session, environments: &[Option<SmolStr>]) -> Vec<String> {
    let mut names: Vec<String> = environments
        .iter()
        .flat_map(|environment| {
            let models = session.models(environment.as_deref());
            let services = models.iter().filter_map(|lowered| lowered.service.as_ref());
            let names = services.flat_map(|service| {
                let slos = service.slos.iter();
                slos.map(|slo| format!("{}.{}", service.name, slo.name))
            });
            names.collect::<Vec<_>>()
        })
        .collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// Simulates SLOs whose names, such as `checkout.availability`, are selected: by environment, then by name. `settings` are those
/// of the project.
pub fn detect(
    session: &Session,
    settings: &Settings,
    selection: Selection<'_>,
) -> Vec<SloDetection> {
    let environments = selection.environments.iter();
    environments
        .flat_map(|environment| in_environment(session, settings, environment, selection))
        .collect()
}

fn in_environment(
    session: &Session,
    settings: &Settings,
    environment: &Option<SmolStr>,
    selection: Selection<'_>,
) -> Vec<SloDetection> {
    let settings = session.settings_in(settings, environment);
    let sources = session.sources();
    let positions = Positions::new(&sources);
    session.with_project(environment, |_, models| {
        let mut chosen: Vec<(ItemKey, &Service, &Slo)> = models
            .iter()
            .flat_map(|(key, service)| service.slos.iter().map(|slo| (*key, *service, slo)))
            .filter(|(_, service, slo)| {
                selection.includes(&format!("{}.{}", service.name, slo.name))
            })
            .collect();
        chosen.sort_by(|(_, service, slo), (_, other_service, other)| {
            (&service.name, &slo.name).cmp(&(&other_service.name, &other.name))
        });
        let reactions: Vec<Reaction> = chosen
            .par_iter()
            .map(|(_, service, slo)| reaction(service, slo, &settings))
            .collect();
        chosen
            .into_iter()
            .zip(reactions)
            .map(|((key, service, slo), reaction)| {
                let place = session.file_span(place(session, key, slo));
                SloDetection {
                    slo: reference(service, slo),
                    environment: environment.clone(),
                    file: positions.path(place.file).to_owned(),
                    line: positions.range(place).0.line,
                    objective: slo.objective,
                    window: slo.window,
                    reaction,
                }
            })
            .collect()
    })
}

/// Returns where an SLO is declared in its service; if it is declared by a template, the name of the service.
fn place(session: &Session, service: ItemKey, slo: &Slo) -> Span {
    let index = item_index(&session.db, session.workspace, service);
    let mut blocks = index.blocks.iter();
    let found = blocks.find(|names| {
        names.block.kind == kind::SLO
            && names.block.name == slo.name
            && names.block.path.len() == 1
            && names.block.item == service
    });
    let declared = found.and_then(|names| names.places.first().copied());
    declared.unwrap_or_else(|| name_span(&session.db, service))
}
