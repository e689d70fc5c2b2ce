//! Generates the files of an environment in its folder.

use crate::backends::{self, Artifact, EmitError, TooManyGroups};
use crate::db::{Database, Diag, ItemClass, ItemKey, Span, name_span};
use crate::diagnostics::codes;
use crate::ir::{self, Settings, TargetName};
use crate::schema::names::kind;
use crate::session::Session;

/// A file whose contents were taken.
pub(crate) struct Listed {
    /// The path below the output folder, with `/`.
    pub(crate) path: String,
    /// The target that generates it.
    pub(crate) target: TargetName,
}

/// Moves artifacts to the folder of their environment, if there are environments.
pub(crate) fn move_to_environment(
    mut artifacts: Vec<Artifact>,
    settings: &Settings,
) -> Vec<Artifact> {
    if let Some(environment) = &settings.environment {
        for artifact in &mut artifacts {
            artifact.path = format!("{}/{}", backends::file_stem(environment), artifact.path);
        }
    }
    artifacts
}

impl Listed {
    /// Lists a file.
    pub(crate) fn of(artifact: &Artifact) -> Self {
        Self {
            path: artifact.path.clone(),
            target: artifact.target,
        }
    }
}

/// Converts the error of a target to a diagnostic. `place` returns the span of the name of a service; without a name, a span
/// for the project.
fn diagnostic(
    error: &EmitError,
    settings: &Settings,
    place: impl Fn(Option<&str>) -> Span,
) -> Box<Diag> {
    Box::new(match error {
        EmitError::Unwritable(error) => {
            Diag::new(&codes::UNWRITABLE, error.to_string(), place(None))
        }
        EmitError::TooLarge(excess) => {
            let span = place(excess.service.as_deref());
            Diag::new(&codes::TOO_LARGE, excess.message.clone(), span).help(excess.help.clone())
        }
        EmitError::Base(error) => {
            Diag::new(&codes::BASE_COLLISION, error.message.clone(), place(None))
                .help(error.help.clone())
        }
        EmitError::Unsupported(found) => {
            let span = place(found.service.as_deref());
            Diag::new(&codes::UNSUPPORTED_BY_TARGET, found.message.clone(), span)
                .help(found.help.clone())
        }
        EmitError::TooManyGroups(groups) => too_many_groups(groups, settings, place),
    })
}

/// Returns the diagnostic of the service whose rule groups exceed the limit.
fn too_many_groups(
    groups: &TooManyGroups,
    settings: &Settings,
    place: impl Fn(Option<&str>) -> Span,
) -> Diag {
    let TooManyGroups {
        own,
        before,
        all,
        max,
        ..
    } = groups;
    let of = match &settings.environment {
        Some(environment) => format!(" in the environment `{environment}`"),
        None => String::new(),
    };
    Diag::new(
        &codes::TOO_MANY_GROUPS,
        format!("too many rule groups{of}: {all}, and `max_groups` is {max}"),
        place(Some(&groups.service)),
    )
    .label(format!(
        "its {own} groups come after {before} of other services"
    ))
    .help(
        "raise `ruler_max_rule_groups_per_tenant` of Mimir or Cortex, and `max_groups` in \
        `[prometheus]` of `nth.toml` with it, or give some of the services their own tenant",
    )
}

/// Generates the artifacts of a service.
///
/// # Errors
///
/// The error of a target as a diagnostic at the name of the service.
pub(crate) fn service_artifacts(
    db: &Database,
    key: ItemKey,
    service: &ir::Service,
    project: &ir::Project<'_>,
    settings: &Settings,
) -> Result<Vec<Artifact>, Box<Diag>> {
    backends::service_artifacts(service, project, settings)
        .map(|artifacts| move_to_environment(artifacts, settings))
        .map_err(|error| diagnostic(&error, settings, |_| name_span(db, key)))
}

/// Generates the artifacts of a project that belong to no service, or to several.
///
/// # Errors
///
/// The error of a target as a diagnostic.
pub(crate) fn project_artifacts(
    session: &Session,
    project: &ir::Project<'_>,
    settings: &Settings,
) -> Result<Vec<Artifact>, Box<Diag>> {
    backends::project_artifacts(project, settings)
        .map(|artifacts| move_to_environment(artifacts, settings))
        .map_err(|error| diagnostic(&error, settings, |service| service_span(session, service)))
}

/// Generates the files of Kustomize that list the Kubernetes objects among the artifacts of an environment.
///
/// # Errors
///
/// The error of the YAML library as a diagnostic.
pub(crate) fn kustomizations<'l>(
    session: &Session,
    built: impl Iterator<Item = &'l Listed>,
    settings: &Settings,
) -> Result<Vec<Artifact>, Box<Diag>> {
    let folder = settings.environment.as_deref().map(backends::file_stem);
    let all = built.map(|listed| {
        let below = folder
            .as_ref()
            .and_then(|folder| listed.path.strip_prefix(folder)?.strip_prefix('/'));
        (listed.target, below.unwrap_or(&listed.path))
    });
    backends::kustomize::kustomizations(all, settings)
        .map(|artifacts| move_to_environment(artifacts, settings))
        .map_err(|error| diagnostic(&error, settings, |service| service_span(session, service)))
}

/// Checks the limits of the selected targets across all services.
///
/// # Errors
///
/// The error of a target as a diagnostic.
pub(crate) fn check_limits(
    session: &Session,
    project: &ir::Project<'_>,
    settings: &Settings,
) -> Result<(), Box<Diag>> {
    backends::check_limits(project, settings)
        .map_err(|error| diagnostic(&error, settings, |service| service_span(session, service)))
}

/// Returns the span of the name of a service; without a name, a span for the project.
fn service_span(session: &Session, service: Option<&str>) -> Span {
    let key = service.and_then(|name| find_service(session, name));
    key.map_or_else(
        || session.fallback_span(),
        |key| name_span(&session.db, key),
    )
}

fn find_service(session: &Session, name: &str) -> Option<ItemKey> {
    session
        .entries(ItemClass::Block)
        .find(|entry| match entry.kind.as_str() {
            kind::SERVICE | kind::DEPENDENCY => {
                entry.name == name && !entry.key.file.package(&session.db)
            }
            kind::TEAM => ir::Service::name_of_team_rules(&entry.name) == name,
            _ => false,
        })
        .map(|entry| entry.key)
}
