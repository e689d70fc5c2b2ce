//! The files of an environment, in its folder.

use smol_str::SmolStr;

use crate::backends::{self, Artifact};
use crate::check::project;
use crate::db::{Database, Diag, ItemKey};
use crate::diagnostics::codes;
use crate::ir::{self, Settings};

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
        .map_err(|problem| {
            Box::new(Diag::new(
                &codes::UNWRITABLE,
                problem,
                project::name_span(db, key),
            ))
        })
}
