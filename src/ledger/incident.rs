//! Incidents that people name.

use serde::{Deserialize, Serialize};

/// An incident that was named by hand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamedIncident {
    /// Identifies the incident: `INC-1234`.
    pub id: String,
    /// The project's name.
    pub project: String,
    /// The environment's name; `None` in a project without environments.
    pub environment: Option<String>,
    /// The names of the affected services.
    pub services: Vec<String>,
    /// What happened.
    pub title: String,
    /// The start, in seconds since 1970.
    pub from: i64,
    /// The end; `None` while it lasts.
    pub until: Option<i64>,
    /// A page about it.
    pub url: Option<String>,
    /// Who named it.
    pub by: Option<String>,
}
