//! The PagerDuty target: Terraform for PagerDuty's own provider, in Terraform's JSON.
//!
//! There is a file for each subject, so that a review shows the subject of a change. Addresses and names depend only on
//! the names of objects. The files contain neither a provider block nor a secret, so they work as a module and as a
//! root.

mod address;
mod document;
mod error;
mod escalations;
mod naming;
mod orchestrations;
mod people;
mod plan;
mod schedules;
mod services;
mod text;

use std::collections::BTreeMap;

use document::{Document, Provider, Terraform};
use error::Error;
use naming::Naming;
use plan::Plan;

use super::{Artifact, EmitError, Target};
use nth_model::{self as ir, TargetName};

/// The first version of Terraform with the syntax of these files; all versions of OpenTofu are later.
const TERRAFORM_VERSION: &str = ">= 1.0";

/// The target: a file for each subject, `pagerduty/*.tf.json`.
pub struct PagerDuty;

impl Target for PagerDuty {
    fn name(&self) -> TargetName {
        TargetName::PagerDuty
    }

    fn project_artifacts(
        &self,
        project: &ir::Project<'_>,
        settings: &ir::Settings,
    ) -> Result<Vec<Artifact>, EmitError> {
        Ok(project_files(project, settings)?)
    }
}

/// The files of a project; empty if nobody is notified of anything.
fn project_files(
    project: &ir::Project<'_>,
    settings: &ir::Settings,
) -> Result<Vec<Artifact>, Error> {
    let plan = Plan::new(project, settings);
    if plan.is_empty() {
        return Ok(Vec::new());
    }
    let naming = Naming::new(settings);
    let name = settings.project.as_str();
    let main = Document {
        terraform: Some(Terraform {
            required_version: TERRAFORM_VERSION,
            required_providers: BTreeMap::from([(
                "pagerduty",
                Provider {
                    source: "PagerDuty/pagerduty",
                    version: settings.pagerduty.provider_version.clone(),
                },
            )]),
        }),
        ..Document::default()
    };
    let files = [
        ("main", main),
        ("lookups", people::looked_up(&plan)?),
        ("teams", people::teams(&plan, naming, name)?),
        ("schedules", schedules::schedules(&plan, naming, name)?),
        ("escalations", escalations::policies(&plan, naming, name)?),
        (
            "services",
            services::services(&plan, project, naming, settings)?,
        ),
        (
            "orchestrations",
            orchestrations::orchestrations(&plan, naming, settings)?,
        ),
    ];
    files
        .iter()
        .filter(|(_, document)| !document.is_empty())
        .map(|(stem, document)| {
            let text = serde_json::to_string_pretty(document)
                .map_err(|cause| Error::Json { stem, cause })?;
            Ok(Artifact::new(
                TargetName::PagerDuty,
                format!("{stem}.tf.json"),
                format!("{text}\n"),
            ))
        })
        .collect()
}
