//! What a service needs.

use smol_str::SmolStr;

/// Something that a service needs.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Dependency {
    /// Its name, unique in its service.
    pub name: SmolStr,
    /// The service it is, if it is one of the project's.
    pub service: Option<SmolStr>,
    /// What it runs on, `PostgreSQL`.
    pub technology: Option<String>,
    /// Whether the service works without it.
    pub criticality: Criticality,
    /// What customers notice when it fails, in Markdown.
    pub impact: Option<String>,
    /// What it is for, from its doc comment.
    pub description: Option<String>,
}

/// Whether a service works without what it depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Criticality {
    /// It does not: the dependency's failures are its own.
    Hard,
    /// It does, with less comfort.
    Soft,
}
