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
mod origins;
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

/// The first versions of Terraform that move and that import objects by a block; all versions of OpenTofu are later.
const VERSION_WITH_MOVES: &str = ">= 1.1";
const VERSION_WITH_IMPORTS: &str = ">= 1.5";

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
    let moves = origins::moves(&plan)?;
    let imports = origins::imports(&plan, settings);
    // Terraform accepts imports in a root module only.
    let is_module = settings.pagerduty.module.is_some();
    let main = Document {
        terraform: Some(Terraform {
            required_version: match (imports.is_empty() || is_module, moves.is_empty()) {
                (false, _) => VERSION_WITH_IMPORTS,
                (true, false) => VERSION_WITH_MOVES,
                (true, true) => TERRAFORM_VERSION,
            },
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
        ("contacts", people::contact_methods(&plan)?),
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
        ("moved", moves),
        (if is_module { "root/imports" } else { "imports" }, imports),
    ];
    files
        .iter()
        .filter(|(_, document)| !document.is_empty())
        .map(|(stem, document)| {
            let text =
                crate::json::to_string(document).map_err(|cause| Error::Json { stem, cause })?;
            Ok(Artifact::new(
                TargetName::PagerDuty,
                format!("{stem}.tf.json"),
                format!("{text}\n"),
            ))
        })
        .collect()
}
