//! Settings of single targets, as `nth.toml` has them.

use std::collections::BTreeMap;

/// The Alertmanager target's settings.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AlertmanagerSettings {
    /// A whole configuration or a Kubernetes resource.
    pub format: AlertmanagerFormat,
    /// Which alerts the Prometheus operator lets the resource have.
    pub matcher_strategy: MatcherStrategy,
    /// The folder of the files that hold keys and URLs, on the machine that Alertmanager runs on; it has no `/` at its end.
    pub secrets: String,
    /// The `Secret` that holds them, beside an `AlertmanagerConfig` resource; that of the environment where absent.
    pub secret: Option<String>,
    /// The namespace of the resource.
    pub namespace: Option<String>,
    /// Labels of the resource, by which an Alertmanager selects it.
    pub resource_labels: BTreeMap<String, String>,
    /// The team that is told of alerts that are no known team's.
    pub default_team: Option<String>,
    /// How mail is sent.
    pub mail: Option<MailSettings>,
    /// Whether a service that pages silences what the services that cannot work without it burn of their budgets.
    pub inhibit_dependents: bool,
}

/// What is made for Alertmanager.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AlertmanagerFormat {
    /// A whole `alertmanager.yml`.
    Plain,
    /// An `AlertmanagerConfig` of the Prometheus operator (`monitoring.coreos.com/v1alpha1`).
    AlertmanagerConfig,
}

/// Which alerts the Prometheus operator lets an `AlertmanagerConfig` have: `alertmanagerConfigMatcherStrategy` of its
/// `Alertmanager`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MatcherStrategy {
    /// Those whose label `namespace` is that of the resource, which is what the operator does unless told otherwise.
    OnNamespace,
    /// All.
    None,
}

/// How Alertmanager sends mail.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct MailSettings {
    /// The server and its port, `mail.example.com:587`.
    pub smarthost: String,
    /// Who it is from.
    pub from: String,
    /// Who logs in, with the password in the file or key `smtp-password`; nobody where absent.
    pub username: Option<String>,
    /// Whether mail goes by TLS or not at all.
    pub require_tls: bool,
}

impl Default for AlertmanagerSettings {
    fn default() -> Self {
        Self {
            format: AlertmanagerFormat::Plain,
            matcher_strategy: MatcherStrategy::OnNamespace,
            secrets: "/etc/alertmanager/secrets".to_owned(),
            secret: None,
            namespace: None,
            resource_labels: BTreeMap::new(),
            default_team: None,
            mail: None,
            inhibit_dependents: true,
        }
    }
}

impl AlertmanagerSettings {
    /// Whether mail can be sent. The Prometheus operator may have its own settings for that.
    pub fn sends_mail(&self) -> bool {
        self.mail.is_some() || self.format == AlertmanagerFormat::AlertmanagerConfig
    }
}

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
pub struct DocsSettings {
    /// What follows a service's name in the URL of its runbook, by where runbooks are read: nothing, `.md`, `.html` or `/`.
    pub suffix: String,
}
