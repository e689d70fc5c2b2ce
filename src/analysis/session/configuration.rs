//! What a project says of itself outside of its sources, as far as sessions need it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::levels::Levels;
use nth_metrics::Lock;
use nth_model::{self as ir, Duration, PolicyForm, PrometheusVersion, Settings, TargetName};

/// What a project says of itself outside of its sources.
#[derive(Debug, Clone)]
pub struct Configuration {
    /// The project's name, by which its own modules can be imported too.
    pub project: String,
    /// Whether other projects share its Prometheus.
    pub shared: bool,
    /// Whether every service's runbook stands at a base URL of the project's.
    pub has_runbooks: bool,
    /// How often Prometheus scrapes what queries read.
    pub scrape_interval: Duration,
    /// Which Prometheus reads the rules.
    pub prometheus_version: PrometheusVersion,
    /// What `page` and `ticket` are called in the label `severity`.
    pub severity_labels: BTreeMap<ir::Severity, String>,
    /// The labels that settings put on rules, with their values.
    pub given_labels: BTreeMap<ir::RuleLabel, String>,
    /// The forms in which gates are written.
    pub policy_forms: BTreeSet<PolicyForm>,
    /// What was pulled of a Prometheus, where the project has a lock file.
    pub catalogue: Option<Arc<Lock>>,
    /// How loudly warnings are told. No query reads it.
    pub levels: Levels,
    /// Whether Alertmanager can send mail. No query reads it.
    pub sends_mail: bool,
    /// The label `namespace` that every alert needs, where it needs one. No query reads it.
    pub alert_namespace: Option<String>,
    /// The team that is told of alerts that are no known team's. No query reads it.
    pub default_team: Option<String>,
}

impl Configuration {
    /// That of a project with these settings, this lock file and these levels.
    pub fn new(settings: &Settings, catalogue: Option<Arc<Lock>>, levels: Levels) -> Self {
        Self {
            project: settings.project.clone(),
            shared: settings.shared,
            has_runbooks: settings.runbook_base_url.is_some(),
            scrape_interval: settings.prometheus.scrape_interval,
            prometheus_version: settings.prometheus.version,
            severity_labels: settings.severity_labels.clone(),
            given_labels: given_labels(settings),
            policy_forms: settings.policy.forms.clone(),
            catalogue,
            levels,
            sends_mail: settings.alertmanager.sends_mail()
                || !settings.targets.contains(&TargetName::Alertmanager),
            alert_namespace: settings.alert_namespace().map(str::to_owned),
            default_team: settings.alertmanager.default_team.clone(),
        }
    }
}

/// The labels that settings put on rules.
fn given_labels(settings: &Settings) -> BTreeMap<ir::RuleLabel, String> {
    // `namespace` has a check of its own, which knows what the Prometheus operator does with it.
    let project = settings.shared_as();
    let project = project.map(|project| (ir::RuleLabel::Project, project.to_owned()));
    project.into_iter().collect()
}
