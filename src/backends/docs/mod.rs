//! Runbooks: a Markdown page for each service, `docs/<service>.md`, and one of all services, `docs/README.md`.
//!
//! They are read on GitHub and by what is built on Python-Markdown (MkDocs, Backstage): what is written here means the same in both.

mod alert;
mod call;
mod graph;
mod headings;
mod index;
mod look;
mod mermaid;
mod own;
mod page;
mod runbook;
mod text;
mod words;

use super::{Artifact, links};
use nth_model as ir;

/// The runbook of a service.
///
/// # Errors
///
/// What the serialiser of a link refused, as a sentence.
pub fn service_files(
    service: &ir::Service,
    project: &ir::Project<'_>,
    settings: &ir::Settings,
) -> Result<Vec<Artifact>, String> {
    let contents = runbook::page(service, project, settings)
        .map_err(|error| format!("cannot write a link of the runbook: {error}"))?;
    Ok(vec![Artifact {
        path: format!("docs/{}.md", links::runbook_stem(&service.name)),
        contents,
        ..Artifact::default()
    }])
}

/// The page of all services; none where there is no service.
///
/// # Errors
///
/// None: it has nothing to be refused.
pub fn project_files(
    project: &ir::Project<'_>,
    settings: &ir::Settings,
) -> Result<Vec<Artifact>, String> {
    if project.services().next().is_none() {
        return Ok(Vec::new());
    }
    Ok(vec![Artifact {
        path: "docs/README.md".to_owned(),
        contents: index::page(project, settings),
        ..Artifact::default()
    }])
}
