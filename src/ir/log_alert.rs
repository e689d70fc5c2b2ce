//! Alerts on logs, which Loki evaluates.

use std::collections::BTreeMap;

use smol_str::SmolStr;

use crate::{Duration, Severity, Text};

/// An alert on the logs of a service.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct LogAlert {
    /// Its name as written, `payment-errors`; unique in its service.
    pub name: SmolStr,
    /// The condition in LogQL.
    pub when: String,
    /// The duration for which the condition must hold; `None` for the severity's default.
    pub hold: Option<Duration>,
    /// The severity of the alert.
    pub severity: Severity,
    /// One line for small screens.
    pub summary: Option<Text>,
    /// The longer description.
    pub description: Option<Text>,
    /// Labels besides the service's.
    pub labels: BTreeMap<String, String>,
    /// Annotations besides summary, description and URLs.
    pub annotations: BTreeMap<String, Text>,
    /// The URL of its runbook, if it is not the service's.
    pub runbook_url: Option<String>,
}

impl LogAlert {
    /// The duration for which the condition must hold, including the default.
    pub fn hold(&self) -> Duration {
        self.hold.unwrap_or_else(|| self.severity.default_hold())
    }
}
