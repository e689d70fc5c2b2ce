//! Where what is generated is, below a project's output folder.

use nthc::backends::{file_stem, prometheus};
use nthc::compile::Build as _;
use nthc::db::{ItemKey, item_name};
use nthc::ir::{Service, TargetName};
use smol_str::SmolStr;

use crate::features::source::Source;
use crate::view::ProjectView;

/// Where listings are.
pub(super) const LISTINGS: &str = "index";

/// The path of the list of services.
pub(super) const ROOT: &str = "index.md";

/// The name by which a project's documents are told from another's.
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

/// The path of the list of what a service generates in an environment.
pub(super) fn of_listing(environment: &Option<SmolStr>, service: &str) -> String {
    let path = format!("{LISTINGS}/{}.md", file_stem(service));
    in_environment(environment, &path)
}

/// The path of a service's rule file; that of the list of its files if it has no rules.
pub fn file_of_service(
    project: &ProjectView,
    environment: &Option<SmolStr>,
    service: &Service,
    has_rules: bool,
) -> String {
    let settings = &project.targets;
    if has_rules && settings.targets.contains(&TargetName::Prometheus) {
        in_environment(environment, &prometheus::rules_path(service, settings))
    } else {
        of_listing(environment, &service.name)
    }
}

/// The environment whose folder a path begins with, and the rest. A project without environments has no such folders.
pub(super) fn environment_of<'p>(
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

/// The paths of all that a service has in an environment, those that are written for all services at once among them.
pub(super) fn paths_of(
    project: &ProjectView,
    environment: &Option<SmolStr>,
    service: ItemKey,
) -> Result<Vec<String>, String> {
    let (session, settings) = (&project.session, &project.targets);
    let name = item_name(project.db(), service);
    let own = session
        .service_artifacts(settings, environment, service)
        .map_err(|problem| problem.message)?;
    let all = session
        .project_artifacts(settings, environment)
        .map_err(|problem| problem.message)?;
    let all = all
        .into_iter()
        .filter(|made| made.owner.as_ref() == Some(&name));
    Ok(own.into_iter().chain(all).map(|made| made.path).collect())
}

/// The environments of a project, or the one without a name.
pub(super) fn environments(project: &ProjectView) -> Vec<Option<SmolStr>> {
    let file = project.workspace().prelude(project.db());
    Source::of(project, file).environments()
}
