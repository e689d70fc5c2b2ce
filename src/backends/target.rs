//! The registry of targets: a target is a folder and a line of [`TARGETS`].

use nth_model::{Artifact, Project, Service, Settings, TargetName};

use super::{EmitError, alertmanager, docs, grafana, openslo, pagerduty, policy, prometheus};

/// A program or a format that files are generated for.
///
/// A target reads the model and its settings alone. All its files stand in the folder of its [name](Target::name), which
/// [`Artifact::new`] sees to.
pub trait Target: Sync {
    /// The name, which is also that of the folder in the output.
    fn name(&self) -> TargetName;

    /// Generates the files that `service` has for itself, which an editor shows without building the others.
    ///
    /// # Errors
    ///
    /// A document that can't be written, or that its reader would refuse.
    fn service_artifacts(
        &self,
        service: &Service,
        project: &Project<'_>,
        settings: &Settings,
    ) -> Result<Vec<Artifact>, EmitError> {
        let _ = (service, project, settings);
        Ok(Vec::new())
    }

    /// Generates the files that need all services at once. One that is about a single service all the same says so by its
    /// [owner](Artifact::owned_by).
    ///
    /// # Errors
    ///
    /// A document that can't be written, or that its reader would refuse.
    fn project_artifacts(
        &self,
        project: &Project<'_>,
        settings: &Settings,
    ) -> Result<Vec<Artifact>, EmitError> {
        let _ = (project, settings);
        Ok(Vec::new())
    }

    /// Checks what is limited across the files of all services.
    ///
    /// # Errors
    ///
    /// The limit that the project exceeds.
    fn check_limits(&self, project: &Project<'_>, settings: &Settings) -> Result<(), EmitError> {
        let _ = (project, settings);
        Ok(())
    }

    /// True if a service's own files may name other services. They are not built while some of these have errors.
    fn describes_other_services(&self) -> bool {
        true
    }
}

/// All targets, in the order of their names' declaration. The length makes a missing one an error of the compiler.
pub static TARGETS: [&dyn Target; TargetName::ALL.len()] = [
    &prometheus::Prometheus,
    &grafana::Grafana,
    &alertmanager::Alertmanager,
    &pagerduty::PagerDuty,
    &openslo::OpenSlo,
    &policy::Gates,
    &docs::Docs,
];

/// Returns the target of that name.
pub fn target(name: TargetName) -> &'static dyn Target {
    TARGETS[name as usize]
}

/// The targets that the settings select.
fn selected(settings: &Settings) -> impl Iterator<Item = &'static dyn Target> {
    settings.targets.iter().map(|name| target(*name))
}

/// Generates the artifacts that a service has in all selected targets.
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
    for target in selected(settings) {
        let made = target.service_artifacts(service, project, settings)?;
        artifacts.extend(made.into_iter().map(|made| made.owned_by(&service.name)));
    }
    Ok(artifacts)
}

/// Generates the artifacts that a project has in all selected targets besides [those of its services](service_artifacts).
///
/// # Errors
///
/// The first target's error.
pub fn project_artifacts(
    project: &Project<'_>,
    settings: &Settings,
) -> Result<Vec<Artifact>, EmitError> {
    let mut artifacts = Vec::new();
    for target in selected(settings) {
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
    selected(settings).try_for_each(|target| target.check_limits(project, settings))
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
