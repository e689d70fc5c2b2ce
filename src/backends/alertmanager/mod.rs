//! The Alertmanager target: routes, receivers and inhibitions.

use super::Artifact;
use crate::ir;

/// The files of a project.
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
