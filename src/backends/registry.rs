//! The registry of targets: a target is a folder and a line of [`TARGETS`].

use nth_model::{Artifact, Project, Service, Settings, TargetName};

use super::error::EmitError;
use super::target::Target;
use super::{
    alertmanager, backstage, docs, grafana, grafana_alerting, loki, openslo, pagerduty, policy,
    prometheus,
};

/// All targets, in the order of the declaration of their names. The length makes a missing one a compiler error.
pub static TARGETS: [&dyn Target; TargetName::ALL.len()] = [
    &prometheus::Prometheus,
    &grafana::Grafana,
    &grafana_alerting::GrafanaAlerting,
    &loki::Loki,
    &alertmanager::Alertmanager,
    &pagerduty::PagerDuty,
    &openslo::OpenSlo,
    &policy::Gates,
    &docs::Docs,
    &backstage::Backstage,
];

/// Returns the target of this name.
pub fn target(name: TargetName) -> &'static dyn Target {
    TARGETS[name as usize]
}

/// The targets that the settings select.
fn selected_targets(settings: &Settings) -> impl Iterator<Item = &'static dyn Target> {
    settings.targets.iter().map(|name| target(*name))
}

/// Generates the artifacts of a service in all selected targets.
///
/// # Errors
///
/// The first target's error.
pub fn service_artifacts(
    service: &Service,
    project: &Project<'_>,
    settings: &Settings,
) -> Result<Vec<Artifact>, EmitError> {
    let mut artifacts = Vec::new();
    for target in selected_targets(settings) {
        let made = target.service_artifacts(service, project, settings)?;
        artifacts.extend(made.into_iter().map(|made| made.owned_by(&service.name)));
    }
    Ok(artifacts)
}

/// Generates the artifacts of a project in all selected targets, except [those of its services](service_artifacts).
///
/// # Errors
///
/// The first target's error.
pub fn project_artifacts(
    project: &Project<'_>,
    settings: &Settings,
) -> Result<Vec<Artifact>, EmitError> {
    let mut artifacts = Vec::new();
    for target in selected_targets(settings) {
        artifacts.extend(target.project_artifacts(project, settings)?);
    }
    Ok(artifacts)
}

/// Checks the limits of all selected targets.
///
/// # Errors
///
/// The first limit that the project exceeds.
pub fn check_limits(project: &Project<'_>, settings: &Settings) -> Result<(), EmitError> {
    selected_targets(settings).try_for_each(|target| target.check_limits(project, settings))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_leads_to_its_target() {
        for name in TargetName::ALL {
            assert_eq!(target(name).name(), name);
        }
    }
}
