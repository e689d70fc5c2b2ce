//! Generated files.

use std::fmt;

use smol_str::SmolStr;

use super::TargetName;

/// A file that a target generates.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Artifact {
    /// The path relative to the output folder, with `/` between its parts: the environment's folder if there are
    /// environments, the target's, and the file's place in it.
    pub path: String,
    /// The whole text.
    pub contents: String,
    /// The target that generates it.
    pub target: TargetName,
    /// The service that it is about; `None` if it is about the project.
    pub owner: Option<SmolStr>,
}

impl Artifact {
    /// A file of the project in its target's folder: `file` is `README.md` for `docs/README.md`.
    pub fn new(target: TargetName, file: impl fmt::Display, contents: impl Into<String>) -> Self {
        Self {
            path: format!("{target}/{file}"),
            contents: contents.into(),
            target,
            owner: None,
        }
    }

    /// The same file, about a service.
    #[must_use]
    pub fn owned_by(self, service: &str) -> Self {
        Self {
            owner: Some(service.into()),
            ..self
        }
    }
}
