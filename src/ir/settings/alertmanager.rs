//! `[alertmanager]`: how routes and receivers are written, and how email is sent.

use std::collections::BTreeMap;

use super::{Kind, setting_choices, settings_table, texts};

setting_choices! {
    /// How routes and receivers are wrapped.
    AlertmanagerFormat, "unknown Alertmanager format", "not a format of the Alertmanager configuration";
    /// A whole `alertmanager.yml`.
    Plain = "plain",
    /// An `AlertmanagerConfig` resource of the Prometheus operator.
    AlertmanagerConfig = "alertmanager-config",
    /// Routes, receivers, inhibition rules and templates, each to be added to those of an existing configuration.
    Fragment = "fragment",
}

setting_choices! {
    /// Which alerts the Prometheus operator gives to an `AlertmanagerConfig`: `alertmanagerConfigMatcherStrategy` of its
    /// `Alertmanager`.
    MatcherStrategy, "unknown matcher strategy", "not a strategy of `alertmanagerConfigMatcherStrategy`";
    /// Those whose label `namespace` is that of the resource, which is the operator's default. Every alert gets that label.
    OnNamespace = "on-namespace",
    /// All alerts.
    None = "none",
}

settings_table! {
    /// Routes, receivers and inhibition rules.
    "alertmanager" => AlertmanagerSettings;

    /// Whether a whole configuration is written or a resource of the Prometheus operator.
    format: AlertmanagerFormat = AlertmanagerFormat::Plain, Kind::Choice(&AlertmanagerFormat::CHOICES);

    /// An existing `alertmanager.yml`, relative to the directory of `nth.toml`. The build adds its routes, receivers and inhibition
    /// rules to it. `{environment}` in it is the name of the environment.
    base: Option<String> = None, Kind::Text(texts::BASE_FILE),
        unset = "none: the configuration contains nothing else", example = "\"alertmanager.base.yml\"";

    /// Directory of the files with keys and URLs, on the Alertmanager host.
    secrets: String = "/etc/alertmanager/secrets".to_owned(), Kind::Text(texts::ALERTMANAGER_DIRECTORY);

    /// The Kubernetes Secret with them, for a resource.
    secret: Option<String> = None, Kind::Text(texts::SECRET),
        unset = "`alertmanager-secrets`, with the environment appended", example = "\"alertmanager-secrets\"";

    /// Which alerts the operator gives to the resource: `alertmanagerConfigMatcherStrategy` of its `Alertmanager`.
    matcher_strategy: MatcherStrategy = MatcherStrategy::OnNamespace, Kind::Choice(&MatcherStrategy::CHOICES);

    /// The namespace of the resource, and the label `namespace` of every alert.
    namespace: Option<String> = None, Kind::Text(texts::NAMESPACE), unset = "none", example = "\"monitoring\"";

    /// Labels of the resource, by which an Alertmanager selects it.
    labels: BTreeMap<String, String> = BTreeMap::new(), Kind::Labels,
        unset = "none", example = "{ alertmanager = \"main\" }";

    /// The team that receives alerts without a known `team` label.
    default_team: Option<String> = None, Kind::Text(texts::FILLED),
        unset = "none: the receiver `nobody`", example = "\"platform\"";

    /// The SMTP server with its port. Required for email receivers, with `from`.
    smarthost: Option<String> = None, Kind::Text(texts::HOST_AND_PORT),
        unset = "no email is sent", example = "\"mail.example.com:587\"";

    /// The sender's address. Required for email receivers, with `smarthost`.
    from: Option<String> = None, Kind::Text(texts::FILLED),
        unset = "no email is sent", example = "\"alerts@example.com\"";

    /// The SMTP user, with the password in the file `smtp-password`.
    username: Option<String> = None, Kind::Text(texts::FILLED),
        unset = "no authentication", example = "\"alerts\"";

    /// Whether email requires TLS.
    require_tls: bool = true, Kind::Boolean;

    /// Whether a service's burn-rate page inhibits the burn-rate alerts of its hard dependents.
    inhibit_dependents: bool = true, Kind::Boolean;
}

/// The settings with which Alertmanager sends email.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MailSettings<'s> {
    /// The server and its port, `mail.example.com:587`.
    pub smarthost: &'s str,
    /// The sender's address.
    pub from: &'s str,
    /// The SMTP user, with the password in the file or key `smtp-password`; `None` if there is no authentication.
    pub username: Option<&'s str>,
    /// True if email requires TLS.
    pub require_tls: bool,
}

impl AlertmanagerSettings {
    /// The settings of email; `None` if they are not set.
    pub fn mail(&self) -> Option<MailSettings<'_>> {
        Some(MailSettings {
            smarthost: self.smarthost.as_deref()?,
            from: self.from.as_deref()?,
            username: self.username.as_deref(),
            require_tls: self.require_tls,
        })
    }

    /// Returns whether email can be sent. The Prometheus operator, and a configuration with a fragment in it, may have their own
    /// settings for that.
    pub fn sends_mail(&self) -> bool {
        self.mail().is_some() || self.format != AlertmanagerFormat::Plain
    }

    /// Returns whether the routes are for a place below those of others, in a base file or wherever a fragment is added.
    pub fn is_beside_others(&self) -> bool {
        match self.format {
            AlertmanagerFormat::Plain => self.base.is_some(),
            AlertmanagerFormat::Fragment => true,
            AlertmanagerFormat::AlertmanagerConfig => false,
        }
    }
}
