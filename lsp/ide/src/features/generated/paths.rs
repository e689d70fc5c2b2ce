//! Paths of generated files, below a project's output folder.

use nthc::backends::{file_stem, prometheus};
use nthc::compile::Build as _;
use nthc::db::{Diag, ItemKey, item_name};
use nthc::ir::{Service, TargetName};
use smol_str::SmolStr;

use crate::features::source::Source;
use crate::view::ProjectView;

/// The folder of lists.
pub(super) const LISTINGS: &str = "index";

/// The path of the list of services.
pub(super) const ROOT: &str = "index.md";

/// The name that identifies a project's documents.
pub fn project_name(project: &ProjectView) -> String {
    file_stem(&project.targets.project)
}

/// A path in the folder of its environment.
pub fn in_environment(environment: &Option<SmolStr>, path: &str) -> String {
    match environment {
        Some(environment) => format!("{}/{path}", file_stem(environment)),
        None => path.to_owned(),
    }
}

/// The path of the list of a service's files in an environment.
pub(super) fn listing_path(environment: &Option<SmolStr>, service: &str) -> String {
    let path = format!("{LISTINGS}/{}.md", file_stem(service));
    in_environment(environment, &path)
}

/// The path of a service's rule file, or of the list of its files if it has no rules.
pub fn service_file_path(
    project: &ProjectView,
    environment: &Option<SmolStr>,
    service: &Service,
    has_rules: bool,
) -> String {
    let settings = &project.session.settings_in(&project.targets, environment);
    if has_rules && settings.targets.contains(&TargetName::Prometheus) {
        in_environment(environment, &prometheus::rules_path(service, settings))
    } else {
        listing_path(environment, &service.name)
    }
}

/// Splits a path into its environment and the rest. A project without environments has no folders for them.
pub(super) fn split_environment<'p>(
    project: &ProjectView,
    path: &'p str,
) -> Option<(Option<SmolStr>, &'p str)> {
    let declared = project.workspace().environments(project.db());
    if declared.is_empty() {
        return Some((None, path));
    }
    let (folder, rest) = path.split_once('/')?;
    let environment = declared.keys().find(|name| file_stem(name) == folder)?;
    Some((Some(environment.clone()), rest))
}

/// The project's own services.
pub(super) fn services(project: &ProjectView) -> Vec<ItemKey> {
    project.session.services()
}

/// The paths of all files of a service in an environment, including those generated for all services together.
///
/// # Errors
/// If a target reports an error.
pub(super) fn artifact_paths(
    project: &ProjectView,
    environment: &Option<SmolStr>,
    service: ItemKey,
) -> Result<Vec<String>, Box<Diag>> {
    let (session, settings) = (&project.session, &project.targets);
    let name = item_name(project.db(), service);
    let own = session.service_artifacts(settings, environment, service)?;
    let all = session.project_artifacts(settings, environment)?;
    let all = all
        .into_iter()
        .filter(|made| made.owner.as_ref() == Some(&name));
    Ok(own.into_iter().chain(all).map(|made| made.path).collect())
}

/// The environments of a project, or `None` alone if it has none.
pub(super) fn environments(project: &ProjectView) -> Vec<Option<SmolStr>> {
    let file = project.workspace().prelude(project.db());
    Source::new(project, file).environments()
}
