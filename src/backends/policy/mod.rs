//! The policy target: deployment gates in several output formats.
//!
//! | format | files | read by |
//! |---|---|---|
//! | `json` | `policy/<service>.json` | `nthc gate check --policy` |
//! | `rego` | `policy/rego/<service>.rego`, `nth.rego`, `gates.rego` | OPA and conftest, with the output of `nthc gate facts` as input |
//! | `argo-rollouts` | `policy/argo-rollouts/<service>/<gate>.yaml` | Argo Rollouts |
//! | `argo-cd` | `policy/argo-cd/<service>/<gate>.yaml`, `policy/argo-cd/sync-windows.yaml` | Argo CD |
//!
//! All are generated from one document ([`nth_policy::Policy`]), so that their conditions are the same.

mod argo_cd;
mod argo_rollouts;
mod document;
mod error;
mod pod;
mod promql;
mod query;
mod rego;
mod resource;
mod weekly;

use rayon::prelude::*;

use nth_model::{PolicyForm, Project, Service, Settings, TargetName};
use nth_policy::Policy;

pub use argo_cd::SYNC_WINDOWS;
pub use document::{Dependents, fact_name, policy};

use super::{Artifact, EmitError, Target, WriteError, file_stem};

/// The target: the gates of all services in the output formats that the settings select.
pub struct Gates;

impl Target for Gates {
    fn name(&self) -> TargetName {
        TargetName::Policy
    }

    fn project_artifacts(
        &self,
        project: &Project<'_>,
        settings: &Settings,
    ) -> Result<Vec<Artifact>, EmitError> {
        let services: Vec<&Service> = project.services().collect();
        project_files(&services, settings)
    }
}

fn project_files(services: &[&Service], settings: &Settings) -> Result<Vec<Artifact>, EmitError> {
    let dependents = Dependents::new(services);
    let policies: Vec<Policy> = services
        .par_iter()
        .filter(|service| !service.gates.is_empty())
        .map(|service| policy(service, &dependents, settings))
        .collect();
    if policies.is_empty() {
        return Ok(Vec::new());
    }
    let mut files = Vec::new();
    for form in &settings.policy.forms {
        match form {
            PolicyForm::Json => {
                let made = policies.par_iter().map(json);
                files.extend(made.collect::<Result<Vec<_>, _>>()?);
            }
            PolicyForm::Rego => files.extend(rego::files(&policies)?),
            PolicyForm::ArgoRollouts => {
                for policy in &policies {
                    files.extend(argo_rollouts::files(policy, settings)?);
                }
            }
            PolicyForm::ArgoCd => {
                for policy in &policies {
                    files.extend(argo_cd::jobs(policy, settings)?);
                }
                files.extend(argo_cd::windows(&policies, settings)?);
            }
        }
    }
    Ok(files)
}

/// The text of a policy's document.
fn text(policy: &Policy) -> Result<String, WriteError> {
    let mut text = crate::json::to_string(policy)
        .map_err(|error| WriteError::new("the gates as JSON", error))?;
    text.push('\n');
    Ok(text)
}

fn json(policy: &Policy) -> Result<Artifact, WriteError> {
    let file = format!("{}.json", file_stem(&policy.service));
    let artifact = Artifact::new(TargetName::Policy, file, text(policy)?);
    Ok(artifact.owned_by(&policy.service))
}
