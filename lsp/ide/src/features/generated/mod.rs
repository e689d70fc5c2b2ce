//! What a project's services generate, as the texts are now: the files that a build would write below the output folder, and
//! lists of them. A project without environments has no environment in its paths.

mod documents;
mod listing;
mod paths;

pub use documents::document;
pub use paths::{file_of_service, in_environment, project_name};

/// A text that is in no file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// The text.
    pub text: String,
    /// The language, by the name that editors know it by.
    pub language: &'static str,
}
