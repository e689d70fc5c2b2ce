//! Gates, in the forms that decide about deployments.
//!
//! | form | files | read by |
//! |---|---|---|
//! | `json` | `policy/<service>.json` | `nthc gate check --policy` |
//! | `rego` | `policy/rego/<service>.rego`, `nth.rego`, `gates.rego` | OPA and conftest, over what `nthc gate facts` writes |
//! | `argo-rollouts` | `policy/argo-rollouts/<service>/<gate>.yaml` | Argo Rollouts |
//! | `argo-cd` | `policy/argo-cd/<service>/<gate>.yaml`, `policy/argo-cd/sync-windows.yaml` | Argo CD |
//!
//! All are made of one document ([`nth_policy::Policy`]), so that none can decide by other conditions than the rest.

mod argo_cd;
mod argo_rollouts;
mod document;
mod promql;
mod query;
mod rego;
mod resource;
mod weekly;

use rayon::prelude::*;

use nth_model::{PolicyForm, Service, Settings};
use nth_policy::Policy;

pub use argo_cd::SYNC_WINDOWS;
pub use document::{Dependents, policy};

use super::{Artifact, Problem, file_stem};

/// The files of all gates of a project.
///
/// # Errors
///
/// What a serialiser refused, as a sentence.
pub fn project_files(services: &[&Service], settings: &Settings) -> Result<Vec<Artifact>, Problem> {
    let dependents = Dependents::of(services);
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

/// A policy's text.
fn text(policy: &Policy) -> Result<String, String> {
    let mut text = serde_json::to_string_pretty(policy)
        .map_err(|error| format!("cannot write the gates as JSON: {error}"))?;
    text.push('\n');
    Ok(text)
}

fn json(policy: &Policy) -> Result<Artifact, String> {
    Ok(Artifact {
        path: format!("policy/{}.json", file_stem(&policy.service)),
        contents: text(policy)?,
        owner: Some(policy.service.as_str().into()),
        ..Artifact::default()
    })
}
