//! Dependencies of a service.

use rust_decimal::Decimal;
use smol_str::SmolStr;

/// A dependency of a service.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Dependency {
    /// The name, unique in the service.
    pub name: SmolStr,
    /// The name of the service it refers to, if that is one of the project's.
    pub service: Option<SmolStr>,
    /// The technology that it runs on, such as `PostgreSQL`.
    pub technology: Option<String>,
    /// The effect of its failure on the service.
    pub criticality: Criticality,
    /// The availability that it promises, above 0 and at most 1; `None` for the objective of its service, if it has one.
    pub availability: Option<Decimal>,
    /// The impact on customers when it fails, in Markdown.
    pub impact: Option<String>,
    /// Its purpose, from its doc comment.
    pub description: Option<String>,
}

/// The effect of a dependency's failure on the service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Criticality {
    /// A hard dependency: the service fails with it.
    Hard,
    /// A soft dependency: the service is degraded without it.
    Soft,
}
