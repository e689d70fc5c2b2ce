//! Alerts that fired.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// An alert from when it fired until it was resolved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlertEpisode {
    /// The project's name.
    pub project: String,
    /// The environment's name; `None` in a project without environments.
    pub environment: Option<String>,
    /// The service's name.
    pub service: String,
    /// The SLO's name; `None` for an alert that belongs to none.
    pub slo: Option<String>,
    /// The alert's name.
    pub alert: String,
    /// The severity: `page`, `ticket`.
    pub severity: String,
    /// When it fired, in seconds since 1970.
    pub from: i64,
    /// When it was resolved; `None` while it fires.
    pub until: Option<i64>,
    /// All labels of the alert.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
}
