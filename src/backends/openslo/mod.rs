//! The OpenSLO target: documents of `openslo/v1`.

use super::Artifact;
use crate::ir;

/// The file of a service.
///
/// # Errors
///
/// What the serialiser refused, as a sentence.
pub fn service_files(
    _service: &ir::Service,
    _project: &ir::Project<'_>,
    _settings: &ir::Settings,
) -> Result<Vec<Artifact>, String> {
    Ok(Vec::new())
}

/// The files of a project besides those of its services.
///
/// # Errors
///
/// What the serialiser refused, as a sentence.
pub fn project_files(
    _project: &ir::Project<'_>,
    _settings: &ir::Settings,
) -> Result<Vec<Artifact>, String> {
    Ok(Vec::new())
}
