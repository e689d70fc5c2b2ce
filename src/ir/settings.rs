//! Settings of single targets, as `nth.toml` has them.

/// The Alertmanager target's settings.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct AlertmanagerSettings {}

/// The PagerDuty target's settings.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PagerDutySettings {
    /// Which versions of PagerDuty's Terraform provider are good; where nothing is said, `~> 3.32`: 3.32.4 is what the files are
    /// validated with.
    pub provider_version: String,
    /// What the name of everything in PagerDuty begins with; empty for nothing.
    pub name_prefix: String,
    /// Whether names end with the environment, so that several live in one account.
    pub environment_in_names: bool,
    /// The name of an escalation policy in PagerDuty for services without an escalation; these are left out where absent.
    pub escalation_policy: Option<String>,
}

impl Default for PagerDutySettings {
    fn default() -> Self {
        Self {
            provider_version: "~> 3.32".to_owned(),
            name_prefix: String::new(),
            environment_in_names: true,
            escalation_policy: None,
        }
    }
}

/// The OpenSLO target's settings.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct OpenSloSettings {}

/// The docs target's settings.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct DocsSettings {}
