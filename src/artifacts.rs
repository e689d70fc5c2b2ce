//! The files of an environment, in its folder.

use smol_str::SmolStr;

use crate::backends::{self, Artifact, Problem};
use crate::check::project;
use crate::db::{Database, Diag, ItemClass, ItemKey, Span};
use crate::diagnostics::codes;
use crate::ir::{self, Settings};
use crate::session::Session;

/// The settings for an environment.
pub(crate) fn settings_in(settings: &Settings, environment: &Option<SmolStr>) -> Settings {
    Settings {
        environment: environment.clone(),
        ..settings.clone()
    }
}

/// Artifacts in the folder of their environment, where there are environments.
pub(crate) fn in_folder(mut artifacts: Vec<Artifact>, settings: &Settings) -> Vec<Artifact> {
    if let Some(environment) = &settings.environment {
        for artifact in &mut artifacts {
            artifact.path = format!("{}/{}", backends::file_stem(environment), artifact.path);
        }
    }
    artifacts
}

/// What is said of files that cannot be made, at the place of what they are made of.
pub(crate) fn told(problem: Problem, span: Span) -> Diag {
    match problem {
        Problem::Unwritable(problem) => Diag::new(&codes::UNWRITABLE, problem, span),
        Problem::TooLarge(excess) => {
            Diag::new(&codes::TOO_LARGE, excess.message, span).help(excess.help)
        }
    }
}

/// What is said where there are more groups of rules than are taken, at the service that crosses the limit.
pub(crate) fn too_many_groups<'a>(
    services: impl IntoIterator<Item = (ItemKey, &'a ir::Service)>,
    db: &Database,
    settings: &Settings,
) -> Option<Diag> {
    let most = settings.prometheus.max_groups?;
    let mut before = 0;
    let mut crosses = None;
    for (key, service) in services {
        let count = backends::prometheus::rule_groups(service, settings).len();
        if crosses.is_none() && before + count > most {
            crosses = Some((key, before, count));
        }
        before += count;
    }
    let (key, sum, count) = crosses?;
    let of = match &settings.environment {
        Some(environment) => format!(" in the environment `{environment}`"),
        None => String::new(),
    };
    Some(
        Diag::new(
            &codes::TOO_MANY_GROUPS,
            format!("too many rule groups{of}: {before}, and `max_groups` is {most}"),
            project::name_span(db, key),
        )
        .label(format!(
            "its {count} groups come after {sum} of other services"
        ))
        .help(
            "raise `ruler_max_rule_groups_per_tenant` of Mimir or Cortex, and `max_groups` in \
            `[prometheus]` of `nth.toml` with it, or give some of the services their own tenant",
        ),
    )
}

/// The artifacts of a service; what could not be written is told at its name.
pub(crate) fn of_service(
    db: &Database,
    key: ItemKey,
    service: &ir::Service,
    project: &ir::Project<'_>,
    settings: &Settings,
) -> Result<Vec<Artifact>, Box<Diag>> {
    let made = backends::service_artifacts(service, project, settings);
    made.map(|artifacts| in_folder(artifacts, settings))
        .map_err(|problem| Box::new(told(problem, project::name_span(db, key))))
}

/// The artifacts of a project besides those of its services.
pub(crate) fn artifacts_of_all(
    session: &Session,
    project: &ir::Project<'_>,
    settings: &Settings,
) -> Result<Vec<Artifact>, Box<Diag>> {
    let made = backends::project_artifacts(project, settings);
    made.map(|artifacts| in_folder(artifacts, settings))
        .map_err(|problem| {
            let span = match &problem {
                Problem::TooLarge(excess) => excess.service.as_deref(),
                Problem::Unwritable(_) => None,
            }
            .and_then(|name| service_named(session, name))
            .map_or_else(
                || session.nowhere(),
                |key| crate::check::project::name_span(&session.db, key),
            );
            Box::new(told(problem, span))
        })
}

fn service_named(session: &Session, name: &str) -> Option<ItemKey> {
    session
        .entries(ItemClass::Block)
        .find(|entry| {
            entry.kind == "service" && entry.name == name && !entry.key.file.package(&session.db)
        })
        .map(|entry| entry.key)
}
