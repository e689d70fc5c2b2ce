//! The texts behind the addresses: made by what a build makes its files with, for the one that is asked for.

use nthc::backends::{Artifact, file_stem};
use nthc::compile::Build as _;
use nthc::db::{ItemKey, item_name};
use nthc::ir::{Settings, TargetName};
use smol_str::SmolStr;
use tower_lsp::lsp_types::Url;

use crate::features::source::Source;
use crate::view::{ProjectView, View};

use super::VirtualDocument;
use super::address::{Address, LISTINGS};
use super::listing;

/// The text of an address of what is generated; nothing where there is no such file.
pub fn document(view: &View, uri: &Url) -> Option<VirtualDocument> {
    let address = Address::read(view, uri)?;
    let project = address.project;
    if address.path.is_empty() || address.path == listing::ROOT {
        return Some(listing::of_project(view, project));
    }
    let (environment, path) = environment_of(project, &address.path)?;
    if let Some(listed) = path.strip_prefix(&format!("{LISTINGS}/")) {
        let stem = listed.strip_suffix(".md")?;
        let service = services(project)
            .into_iter()
            .find(|service| file_stem(&item_name(project.db(), *service)) == stem)?;
        return Some(listing::of_service(view, project, &environment, service));
    }
    let artifact = artifact(project, &environment, &address.path)?;
    Some(VirtualDocument {
        language_id: language(&artifact.path).to_owned(),
        text: artifact.contents,
    })
}

/// The environment whose folder a path begins with, and the rest. A project without environments has no such folders.
fn environment_of<'p>(project: &ProjectView, path: &'p str) -> Option<(Option<SmolStr>, &'p str)> {
    let declared = project.workspace().environments(project.db());
    if declared.is_empty() {
        return Some((None, path));
    }
    let (folder, rest) = path.split_once('/')?;
    let environment = declared.keys().find(|name| file_stem(name) == folder)?;
    Some((Some(environment.clone()), rest))
}

/// The project's own services.
pub fn services(project: &ProjectView) -> Vec<ItemKey> {
    project.session.services()
}

/// The file of that path below the output folder. What a target could not write has no file.
fn artifact(project: &ProjectView, environment: &Option<SmolStr>, path: &str) -> Option<Artifact> {
    let find = |made: Vec<Artifact>| made.into_iter().find(|artifact| artifact.path == path);
    let (session, settings) = (&project.session, &project.targets);
    // A service's files are called after it, as a dashboard is after its uid, which keeps what letters it can: the one whose
    // name the path holds is asked first.
    let scope = Settings {
        environment: environment.clone(),
        ..Settings::clone(settings)
    };
    let is_of = |service: &ItemKey| {
        let name = item_name(project.db(), *service);
        let uid = nthc::backends::dashboard_uid_of(&scope, &name);
        path.contains(&file_stem(&name)) || path.contains(&uid)
    };
    let mut all = services(project);
    all.sort_by_key(|service| !is_of(service));
    let of_services = all.into_iter().find_map(|service| {
        find(
            session
                .service_artifacts(settings, environment, service)
                .ok()?,
        )
    });
    of_services.or_else(|| find(session.project_artifacts(settings, environment).ok()?))
}

/// The paths of all that a service has in an environment, those that are written for all services at once among them.
pub fn paths_of(
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

/// The address of a service's rule file; that of the list of its files if it has no rules.
pub fn file_of_service(
    view: &View,
    project: &ProjectView,
    environment: &Option<SmolStr>,
    service: ItemKey,
) -> Option<Url> {
    let settings = &project.targets;
    let mut rules = None;
    if settings.targets.contains(&TargetName::Prometheus) {
        let only_rules = Settings {
            targets: [TargetName::Prometheus].into(),
            ..Settings::clone(settings)
        };
        let made = project
            .session
            .service_artifacts(&only_rules, environment, service);
        rules = made.ok().and_then(|made| made.into_iter().next());
    }
    match rules {
        Some(rules) => super::of_file(view, project, &rules.path),
        None => {
            let name = item_name(project.db(), service);
            super::of_listing(view, project, environment, &name)
        }
    }
}

/// The environments of a project, or the one without a name.
pub fn environments(project: &ProjectView) -> Vec<Option<SmolStr>> {
    let file = project.workspace().prelude(project.db());
    Source::of(project, file).environments()
}

/// What editors call a file's language.
pub fn language(path: &str) -> &'static str {
    match path.rsplit_once('.').map(|(_, extension)| extension) {
        Some("yaml" | "yml") => "yaml",
        Some("json") => "json",
        Some("md") => "markdown",
        Some("rego") => "rego",
        Some("nth") => "nth",
        _ => "plaintext",
    }
}
