#![forbid(unsafe_code)]
//! Owns the targets. Each reads the model and gives files; none knows another, and none does I/O.

pub mod alertmanager;
mod alerts;
mod anchors;
pub mod docs;
pub mod go_template;
pub mod grafana;
pub mod limits;
mod links;
mod markdown;
pub mod openslo;
pub mod pagerduty;
pub mod policy;
pub mod prometheus;
pub(crate) mod recorded;
mod resource;

use smol_str::SmolStr;

pub use nth_model::Artifact;
pub use nth_model::names::{
    alert_names, camel_case, dashboard_uid, dashboard_uid_in, dashboard_uid_of, file_stem, fnv1a,
    words,
};
use nth_model::{self as ir, TargetName};

/// Why a target gives no files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Problem {
    /// A serialiser refused a document: a sentence.
    Unwritable(String),
    /// A document is larger than its reader takes.
    TooLarge(limits::Excess),
}

impl From<String> for Problem {
    fn from(problem: String) -> Self {
        Self::Unwritable(problem)
    }
}

impl From<limits::Excess> for Problem {
    fn from(excess: limits::Excess) -> Self {
        Self::TooLarge(excess)
    }
}

impl Problem {
    /// An error of a target, which is of what `what` could not be.
    fn of(error: Box<dyn std::error::Error>, what: &str) -> Self {
        match error.downcast::<limits::Excess>() {
            Ok(excess) => Self::TooLarge(*excess),
            Err(error) => Self::Unwritable(format!("cannot write {what}: {error}")),
        }
    }
}

/// Notes whose the artifacts of a target are, where that is not known yet.
fn of_target(target: TargetName, owner: Option<&SmolStr>, artifacts: &mut [Artifact]) {
    for artifact in artifacts.iter_mut().filter(|made| made.target.is_none()) {
        artifact.target = Some(target);
        artifact.owner = artifact.owner.take().or_else(|| owner.cloned());
    }
}

/// Every artifact that a service of a project has in every target.
///
/// # Errors
///
/// What a serialiser refused, or a reader would.
pub fn service_artifacts(
    service: &ir::Service,
    project: &ir::Project<'_>,
    settings: &ir::Settings,
) -> Result<Vec<Artifact>, Problem> {
    let mut artifacts = Vec::new();
    for target in &settings.targets {
        match target {
            TargetName::Prometheus => {
                let rules = prometheus::service_rules(service, settings);
                artifacts
                    .extend(rules.map_err(|error| Problem::of(error, "the Prometheus rules"))?);
            }
            TargetName::Grafana => {
                let dashboard = grafana::service_dashboard(service, settings);
                artifacts.extend(
                    dashboard.map_err(|error| Problem::of(error, "the Grafana dashboard"))?,
                );
            }
            TargetName::OpenSlo => {
                artifacts.extend(openslo::service_files(service, project, settings)?);
            }
            TargetName::Docs => artifacts.extend(docs::service_files(service, project, settings)?),
            TargetName::Alertmanager | TargetName::PagerDuty | TargetName::Policy => {}
        }
        of_target(*target, Some(&service.name), &mut artifacts);
    }
    Ok(artifacts)
}

/// Every artifact that a project has in every target besides those of its services.
///
/// # Errors
///
/// What a serialiser refused, or a reader would.
pub fn project_artifacts(
    project: &ir::Project<'_>,
    settings: &ir::Settings,
) -> Result<Vec<Artifact>, Problem> {
    let mut artifacts = Vec::new();
    for target in &settings.targets {
        match target {
            TargetName::Prometheus => {}
            TargetName::Grafana => {
                let services: Vec<&ir::Service> = project.services().collect();
                let files = grafana::project_files(&services, settings);
                artifacts
                    .extend(files.map_err(|error| Problem::of(error, "the Grafana overview"))?);
            }
            TargetName::Alertmanager => {
                artifacts.extend(alertmanager::project_files(project, settings)?);
            }
            TargetName::PagerDuty => artifacts.extend(pagerduty::project_files(project, settings)?),
            TargetName::OpenSlo => artifacts.extend(openslo::project_files(project, settings)?),
            TargetName::Docs => artifacts.extend(docs::project_files(project, settings)?),
            TargetName::Policy => {
                let services: Vec<&ir::Service> = project.services().collect();
                artifacts.extend(policy::project_files(&services, settings)?);
            }
        }
        of_target(*target, None, &mut artifacts);
    }
    Ok(artifacts)
}
