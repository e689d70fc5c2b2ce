//! What a target is.

use nth_model::{Artifact, Project, Service, Settings, TargetName};

use super::error::EmitError;

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
