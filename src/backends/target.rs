//! The interface of targets.

use nth_model::{Artifact, Project, Service, Settings, TargetName};

use super::error::EmitError;

/// A program or a format for which files are generated.
///
/// A target reads only the model and its settings. All its files are in the folder of its [name](Target::name), which
/// [`Artifact::new`] ensures.
pub trait Target: Sync {
    /// The name, which is also the name of the folder in the output.
    fn name(&self) -> TargetName;

    /// Generates the files of `service` alone, which an editor shows without building the others.
    ///
    /// # Errors
    ///
    /// If a document cannot be written, or its reader would reject it.
    fn service_artifacts(
        &self,
        service: &Service,
        project: &Project<'_>,
        settings: &Settings,
    ) -> Result<Vec<Artifact>, EmitError> {
        let _ = (service, project, settings);
        Ok(Vec::new())
    }

    /// Generates the files that need all services at once. A file about a single service sets its
    /// [owner](Artifact::owned_by).
    ///
    /// # Errors
    ///
    /// If a document cannot be written, or its reader would reject it.
    fn project_artifacts(
        &self,
        project: &Project<'_>,
        settings: &Settings,
    ) -> Result<Vec<Artifact>, EmitError> {
        let _ = (project, settings);
        Ok(Vec::new())
    }

    /// Checks limits across the files of all services.
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
