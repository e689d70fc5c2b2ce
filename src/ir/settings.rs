//! Settings of single targets, as `nth.toml` has them.

/// The Alertmanager target's settings.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct AlertmanagerSettings {}

/// The PagerDuty target's settings.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct PagerDutySettings {}

/// The OpenSLO target's settings.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct OpenSloSettings {}

/// The docs target's settings.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct DocsSettings {
    /// What follows a service's name in the URL of its runbook, by where runbooks are read: nothing, `.md`, `.html` or `/`.
    pub suffix: String,
}
