//! What holds where a project says nothing.

use std::collections::BTreeMap;

use super::{
    AlertmanagerSettings, DocsSettings, Duration, GrafanaSettings, OpenSloSettings,
    PagerDutySettings, PolicySettings, PrometheusSettings, PrometheusVersion, RuleFormat, Settings,
    Severity, TargetName,
};

/// How often rules are evaluated where `nth.toml` does not say: 30 s, half of Prometheus's own default, so that
/// the 5 min window of a page alert holds ten samples.
pub const DEFAULT_INTERVAL: Duration = Duration(30_000);

/// How many rules a group has at most where a project says nothing else: what Mimir and Cortex take by default.
pub const DEFAULT_RULES_PER_GROUP: usize = 20;

/// How often Prometheus scrapes where `nth.toml` does not say: 15 s, as in the configuration that Prometheus comes
/// with. A longer guess would call ranges too short that are not.
pub const DEFAULT_SCRAPE_INTERVAL: Duration = Duration(15_000);

/// The settings of a project that says nothing.
pub fn default_settings(name: &str) -> Settings {
    Settings {
        project: name.to_owned(),
        shared: false,
        server_side_apply: false,
        environment: None,
        targets: TargetName::ALL.into(),
        prometheus: PrometheusSettings {
            format: RuleFormat::Plain,
            interval: DEFAULT_INTERVAL,
            scrape_interval: DEFAULT_SCRAPE_INTERVAL,
            version: PrometheusVersion::default(),
            rules_per_group: DEFAULT_RULES_PER_GROUP,
            namespace: None,
            resource_labels: BTreeMap::new(),
            max_groups: None,
        },
        severity_labels: BTreeMap::from([
            (Severity::Page, "page".to_owned()),
            (Severity::Ticket, "ticket".to_owned()),
        ]),
        runbook_base_url: None,
        dashboard_base_url: None,
        grafana: GrafanaSettings::default(),
        alertmanager: AlertmanagerSettings::default(),
        pagerduty: PagerDutySettings::default(),
        openslo: OpenSloSettings::default(),
        docs: DocsSettings::default(),
        policy: PolicySettings::default(),
    }
}
