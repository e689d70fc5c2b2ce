//! Runbooks: a Markdown page for each service, `docs/<service>.md`, and an index page of all services,
//! `docs/README.md`.
//!
//! They are rendered by GitHub and by tools based on Python-Markdown (MkDocs, Backstage): their text has the same
//! meaning in both.

mod alert;
mod author_sections;
mod call;
mod detection;
mod explore_links;
mod graph;
mod headings;
mod index;
mod log_alerts;
mod mermaid;
mod page;
mod pagerduty;
mod runbook;
mod slo_alerts;
mod text;
mod words;

use super::{Artifact, EmitError, Target, WriteError, links};
use nth_model::{Project, Service, Settings, TargetName};

/// The target: a page for each service and an index page.
pub struct Docs;

impl Target for Docs {
    fn name(&self) -> TargetName {
        TargetName::Docs
    }

    fn service_artifacts(
        &self,
        service: &Service,
        project: &Project<'_>,
        settings: &Settings,
    ) -> Result<Vec<Artifact>, EmitError> {
        let contents = runbook::page(service, project, settings)
            .map_err(|error| WriteError::new("a link of the runbook", error))?;
        let file = format!("{}.md", links::runbook_stem(&service.name));
        Ok(vec![Artifact::new(TargetName::Docs, file, contents)])
    }

    fn project_artifacts(
        &self,
        project: &Project<'_>,
        settings: &Settings,
    ) -> Result<Vec<Artifact>, EmitError> {
        if project.services().next().is_none() {
            return Ok(Vec::new());
        }
        let contents = index::page(project, settings);
        Ok(vec![Artifact::new(TargetName::Docs, "README.md", contents)])
    }
}
