//! The settings of a project, each declared once: see [`settings_table!`].

mod alertmanager;
mod alertmanager_base;
mod backstage;
mod destination;
mod docs;
mod grafana;
mod openslo;
mod ownership;
mod pagerduty;
mod policy;
mod project;
mod prometheus;
mod setting;
pub mod texts;
mod toleration;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use smol_str::SmolStr;

use crate::{Severities, Severity, TargetName};

pub use alertmanager::{AlertmanagerFormat, AlertmanagerSettings, MailSettings, MatcherStrategy};
pub use alertmanager_base::{AlertmanagerBase, BaseName, YamlNode};
pub use backstage::BackstageSettings;
pub use destination::{DestinationTable, DestinationType};
pub use docs::DocsSettings;
pub use grafana::{DashboardFormat, GrafanaSettings};
pub use openslo::OpenSloSettings;
pub use ownership::{Owners, Ownership, OwnershipSettings};
pub use pagerduty::{EnvironmentInNames, PagerDutySettings};
pub use policy::{PolicyForm, PolicySettings};
pub use project::{KubernetesTable, ProjectTable, SeverityTable, UrlTable};
pub use prometheus::{
    DEFAULT_INTERVAL, DEFAULT_SCRAPE_INTERVAL, MAX_QUERY_OFFSET, PartialResponseStrategy,
    PrometheusSettings, RuleFormat, Ruler,
};
pub use toleration::Toleration;

pub use setting::{
    Choice, Choices, Kind, Named, Setting, SettingValue, SettingsTable, Table, Value, by_name,
    setting_choices, settings_table,
};

/// The tables of `nth.toml`, in the order in which they are documented.
pub const TABLES: [Table; 13] = [
    ProjectTable::TABLE,
    PrometheusSettings::TABLE,
    GrafanaSettings::TABLE,
    DocsSettings::TABLE,
    AlertmanagerSettings::TABLE,
    OpenSloSettings::TABLE,
    PagerDutySettings::TABLE,
    PolicySettings::TABLE,
    BackstageSettings::TABLE,
    OwnershipSettings::TABLE,
    KubernetesTable::TABLE,
    SeverityTable::TABLE,
    UrlTable::TABLE,
];

/// The settings that targets read.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Settings {
    /// The project's name.
    pub project: String,
    /// True if other projects are built for the same Prometheus, Grafana or accounts, so that all names there have to
    /// include the project's name.
    pub shared: bool,
    /// The environment that is built, if the project declares any.
    pub environment: Option<SmolStr>,
    /// True if Kubernetes objects are applied on the server, which keeps no copy of them in an annotation.
    pub server_side_apply: bool,
    /// True if files of Kustomize list the Kubernetes objects.
    pub kustomization: bool,
    /// The targets of a build.
    pub targets: BTreeSet<TargetName>,
    /// The Prometheus target's settings.
    pub prometheus: PrometheusSettings,
    /// The owners of services, as other programs know them.
    pub ownership: Ownership,
    /// The severities of alerts.
    pub severities: Severities,
    /// The base URL of runbooks, which are at `<base>/<service>`; without it, alerts have a `runbook_url` only if they
    /// set one.
    pub runbook_base_url: Option<String>,
    /// The base URL of dashboards, which are at `<base>/d/<uid>`.
    pub dashboard_base_url: Option<String>,
    /// The Grafana target's settings.
    pub grafana: GrafanaSettings,
    /// The Alertmanager target's settings.
    pub alertmanager: AlertmanagerSettings,
    /// The contents of `base` in it, by environment; by `None` that of all environments. A file with an error has none.
    pub alertmanager_bases: BTreeMap<Option<SmolStr>, Option<Arc<AlertmanagerBase>>>,
    /// The PagerDuty target's settings.
    pub pagerduty: PagerDutySettings,
    /// The OpenSLO target's settings.
    pub openslo: OpenSloSettings,
    /// The docs target's settings.
    pub docs: DocsSettings,
    /// The policy target's settings.
    pub policy: PolicySettings,
    /// The Backstage target's settings.
    pub backstage: BackstageSettings,
}

/// The settings of a project of this name that sets nothing else.
pub fn default_settings(name: &str) -> Settings {
    let mut settings = Settings {
        project: String::new(),
        shared: false,
        environment: None,
        server_side_apply: false,
        kustomization: false,
        targets: BTreeSet::new(),
        prometheus: PrometheusSettings::default(),
        ownership: Ownership::default(),
        severities: Severities::default(),
        runbook_base_url: None,
        dashboard_base_url: None,
        grafana: GrafanaSettings::default(),
        alertmanager: AlertmanagerSettings::default(),
        alertmanager_bases: BTreeMap::new(),
        pagerduty: PagerDutySettings::default(),
        openslo: OpenSloSettings::default(),
        docs: DocsSettings::default(),
        policy: PolicySettings::default(),
        backstage: BackstageSettings::default(),
    };
    settings.set_project(ProjectTable {
        name: name.to_owned(),
        ..ProjectTable::default()
    });
    settings.set_kubernetes(KubernetesTable::default());
    settings.set_severity(SeverityTable::default());
    settings.set_urls(UrlTable::default());
    settings
}

impl Settings {
    /// Takes over `[project]`.
    pub fn set_project(&mut self, table: ProjectTable) {
        self.project = table.name;
        self.targets = table.targets;
        self.shared = table.shared;
    }

    /// Takes over `[kubernetes]`.
    pub fn set_kubernetes(&mut self, table: KubernetesTable) {
        self.server_side_apply = table.server_side_apply;
        self.kustomization = table.kustomization;
    }

    /// Takes over `[severity]`.
    pub fn set_severity(&mut self, table: SeverityTable) {
        self.severities = Severities::new([
            Severity::page().labeled(&table.page),
            Severity::ticket().labeled(&table.ticket),
        ]);
    }

    /// Takes over `[urls]`.
    pub fn set_urls(&mut self, table: UrlTable) {
        self.runbook_base_url = table.runbooks;
        self.dashboard_base_url = table.dashboards;
    }

    /// The project's name if other projects share its Prometheus, Grafana or accounts; otherwise `None`.
    pub fn shared_as(&self) -> Option<&str> {
        self.shared.then_some(self.project.as_str())
    }

    /// The labels that distinguish the series of this build from those of other environments and, if it is shared, of
    /// other projects.
    pub fn scope(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let environment = self.environment.as_deref();
        let environment = environment.map(|environment| ("environment", environment));
        let project = self.shared_as().map(|project| ("project", project));
        environment.into_iter().chain(project)
    }

    /// Returns whether a base file of Alertmanager for this environment was looked for, with or without errors.
    pub fn has_read_alertmanager_base(&self) -> bool {
        let bases = &self.alertmanager_bases;
        bases.contains_key(&self.environment) || bases.contains_key(&None)
    }

    /// The existing configuration of Alertmanager in this environment; `None` if there is none, or it could not be read.
    pub fn alertmanager_base(&self) -> Option<&AlertmanagerBase> {
        let bases = &self.alertmanager_bases;
        let base = bases.get(&self.environment).or_else(|| bases.get(&None));
        base?.as_deref()
    }

    /// Returns whether the configuration of Alertmanager, or every existing one that it is added to, can send email.
    pub fn alertmanager_sends_mail(&self) -> bool {
        let target = &self.alertmanager;
        let mut bases = self.alertmanager_bases.iter();
        let is_own = |of: &Option<SmolStr>| {
            self.environment.is_none() || of.is_none() || *of == self.environment
        };
        let has_base = target.base.is_some() && !self.alertmanager_bases.is_empty();
        target.sends_mail()
            || (has_base
                && bases.all(|(of, base)| {
                    !is_own(of) || base.as_ref().is_none_or(|base| base.sends_mail())
                }))
    }

    /// The title of the folder of dashboards and alerts in Grafana.
    pub fn grafana_folder(&self) -> &str {
        self.grafana.folder.as_ref().unwrap_or(&self.project)
    }

    /// The targets whose files are Kubernetes objects that belong to no application.
    pub fn resource_targets(&self) -> impl Iterator<Item = TargetName> {
        let formats = [
            (
                TargetName::Prometheus,
                self.prometheus.format == RuleFormat::PrometheusRule,
            ),
            (
                TargetName::Grafana,
                self.grafana.format == DashboardFormat::ConfigMap,
            ),
            (
                TargetName::Alertmanager,
                self.alertmanager.format == AlertmanagerFormat::AlertmanagerConfig,
            ),
        ];
        formats
            .into_iter()
            .filter(|(target, is_resource)| *is_resource && self.targets.contains(target))
            .map(|(target, _)| target)
    }

    /// Returns whether email can be sent, as far as the project defines it: true if no configuration of Alertmanager is
    /// generated.
    pub fn sends_mail(&self) -> bool {
        self.alertmanager_sends_mail() || !self.targets.contains(&TargetName::Alertmanager)
    }

    /// Returns whether the output for Alertmanager is a resource of the Prometheus operator.
    pub fn is_for_operator(&self) -> bool {
        self.alertmanager.format == AlertmanagerFormat::AlertmanagerConfig
            && self.targets.contains(&TargetName::Alertmanager)
    }

    /// The value of the label `namespace` by which the Prometheus operator routes alerts to the configuration of a
    /// namespace; every alert needs it then.
    pub fn alert_namespace(&self) -> Option<&str> {
        let target = &self.alertmanager;
        let is_matched = target.format == AlertmanagerFormat::AlertmanagerConfig
            && target.matcher_strategy == MatcherStrategy::OnNamespace
            && self.targets.contains(&TargetName::Alertmanager);
        target.namespace.as_deref().filter(|_| is_matched)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_key_is_declared_once_and_documented() {
        let mut tables = BTreeSet::new();
        for table in TABLES {
            assert!(tables.insert(table.name), "{}", table.name);
            let mut keys = BTreeSet::new();
            for setting in table.settings {
                let path = format!("{}.{}", table.name, setting.key);
                assert!(keys.insert(setting.key), "{path}");
                assert!(setting.doc.trim().ends_with('.'), "{path}: {}", setting.doc);
                // Either a value or a text documents the default, unless the setting is required.
                let default = (table.default)(setting.key);
                assert!(
                    default.is_some() || setting.unset.is_some() || setting.is_required,
                    "{path}"
                );
                // A setting with a default has an example only if the example of another one needs it.
                let needs_example = setting.unset.is_some() || setting.is_required;
                assert!(!needs_example || setting.example.is_some(), "{path}");
            }
        }
    }

    #[test]
    fn a_default_is_a_value_that_can_be_set() {
        fn check<T: SettingsTable + PartialEq + std::fmt::Debug>() {
            for setting in T::TABLE.settings {
                let mut table = T::default();
                if let Some(value) = table.get(setting.key) {
                    assert!(table.set(setting.key, value), "{}", setting.key);
                }
                assert_eq!(table, T::default(), "{}", setting.key);
                assert!(!table.set("no-such-key", Value::Boolean(true)));
            }
        }
        check::<ProjectTable>();
        check::<PrometheusSettings>();
        check::<GrafanaSettings>();
        check::<DocsSettings>();
        check::<AlertmanagerSettings>();
        check::<OpenSloSettings>();
        check::<PagerDutySettings>();
        check::<PolicySettings>();
        check::<BackstageSettings>();
        check::<OwnershipSettings>();
        check::<KubernetesTable>();
        check::<SeverityTable>();
        check::<UrlTable>();
    }
}
