//! The files that a build would generate for the current texts, and lists of them. Paths of a project without
//! environments contain no environment.

mod documents;
mod listing;
mod paths;

pub use documents::document;
pub use paths::{in_environment, project_name, service_file_path};

/// A text without a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// The text.
    pub text: String,
    /// The language identifier in editors.
    pub language: &'static str,
}
