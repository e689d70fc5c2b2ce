//! What is generated.

use smol_str::SmolStr;

use super::TargetName;

/// A file that a target gives.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Artifact {
    /// Where it goes, relative to the output folder, with `/` between its parts.
    pub path: String,
    /// All of it.
    pub contents: String,
    /// The service that it is of alone; none where it is of the project.
    pub owner: Option<SmolStr>,
    /// The target that it is for.
    pub target: Option<TargetName>,
}
