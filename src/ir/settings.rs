//! Settings of single targets, as `nth.toml` has them.

/// The Alertmanager target's settings.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct AlertmanagerSettings {}

/// The PagerDuty target's settings.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct PagerDutySettings {}

/// The OpenSLO target's settings.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct OpenSloSettings {
    /// The name of the data source that queries are asked of.
    pub datasource: String,
    /// Where that data source is.
    pub url: String,
}

impl Default for OpenSloSettings {
    fn default() -> Self {
        Self {
            datasource: "prometheus".to_owned(),
            url: "http://localhost:9090".to_owned(),
        }
    }
}

/// The docs target's settings.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct DocsSettings {}
