//! The texts of generated files, computed on demand as in a build.

use nthc::backends::{Artifact, file_stem};
use nthc::compile::Build as _;
use nthc::db::{ItemKey, item_name};
use nthc::ir::Settings;
use smol_str::SmolStr;

use super::paths::{LISTINGS, ROOT, services, split_environment};
use super::{Document, listing};
use crate::view::{ProjectView, View};

/// The text of the file at a path below a project's output folder, or a list of what is there; `None` if there is
/// neither. Lists contain links if `address` returns addresses for paths.
pub fn document(
    view: &View,
    project: &ProjectView,
    path: &str,
    address: &dyn Fn(&str) -> Option<String>,
) -> Option<Document> {
    if path.is_empty() || path == ROOT {
        return Some(listing::project_listing(view, project, address));
    }
    let (environment, rest) = split_environment(project, path)?;
    if let Some(listed) = rest.strip_prefix(&format!("{LISTINGS}/")) {
        let stem = listed.strip_suffix(".md")?;
        let service = services(project)
            .into_iter()
            .find(|service| file_stem(&item_name(project.db(), *service)) == stem)?;
        return Some(listing::service_listing(
            project,
            &environment,
            service,
            address,
        ));
    }
    let artifact = artifact(project, &environment, path)?;
    Some(Document {
        language: language(&artifact.path),
        text: artifact.contents,
    })
}

/// The artifact with a path below the output folder. `None` if the target reports an error.
fn artifact(project: &ProjectView, environment: &Option<SmolStr>, path: &str) -> Option<Artifact> {
    let find = |made: Vec<Artifact>| made.into_iter().find(|artifact| artifact.path == path);
    let (session, settings) = (&project.session, &project.targets);
    // A service's files are named after it; a dashboard after its uid, which keeps as many letters as possible. The
    // service whose name the path contains is tried first.
    let scope = Settings {
        environment: environment.clone(),
        ..Settings::clone(settings)
    };
    let is_of = |service: &ItemKey| {
        let name = item_name(project.db(), *service);
        let uid = nthc::backends::project_dashboard_uid(&scope, &name);
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

/// The language identifier of a file in editors.
fn language(path: &str) -> &'static str {
    match path.rsplit_once('.').map(|(_, extension)| extension) {
        Some("yaml" | "yml") => "yaml",
        Some("json") => "json",
        Some("md") => "markdown",
        Some("rego") => "rego",
        Some("nth") => "nth",
        _ => "plaintext",
    }
}
