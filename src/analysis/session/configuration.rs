//! What a project says of itself outside of its sources, as far as sessions need it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Session;
use crate::db::{Database, Workspace};
use crate::levels::Levels;
use nth_metrics::Lock;
use nth_model::{self as ir, Duration, PolicyForm, PrometheusVersion, Settings, TargetName};
use salsa::Setter as _;

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

impl Session {
    /// Tells what the project says of itself outside of its sources. Only what changed is asked again.
    pub fn configure(&mut self, configuration: &Configuration) {
        let Configuration {
            project,
            shared,
            has_runbooks,
            scrape_interval,
            prometheus_version,
            severity_labels,
            given_labels,
            policy_forms,
            catalogue,
            levels,
            sends_mail,
            alert_namespace,
            default_team,
        } = configuration;
        self.levels.clone_from(levels);
        self.sends_mail = *sends_mail;
        self.alert_namespace.clone_from(alert_namespace);
        self.default_team.clone_from(default_team);
        let (workspace, db) = (self.workspace, &mut self.db);
        if workspace.project(db) != project {
            workspace.set_project(db).to(project.as_str().into());
        }
        if workspace.shared(db) != *shared {
            workspace.set_shared(db).to(*shared);
        }
        if workspace.runbooks(db) != *has_runbooks {
            workspace.set_runbooks(db).to(*has_runbooks);
        }
        if workspace.scrape_interval(db) != *scrape_interval {
            workspace.set_scrape_interval(db).to(*scrape_interval);
        }
        if workspace.prometheus_version(db) != *prometheus_version {
            workspace.set_prometheus_version(db).to(*prometheus_version);
        }
        if workspace.severity_labels(db) != severity_labels {
            workspace
                .set_severity_labels(db)
                .to(severity_labels.clone());
        }
        if workspace.given_labels(db) != given_labels {
            workspace.set_given_labels(db).to(given_labels.clone());
        }
        if workspace.policy_forms(db) != policy_forms {
            workspace.set_policy_forms(db).to(policy_forms.clone());
        }
        if workspace.catalogue(db) != catalogue {
            workspace.set_catalogue(db).to(catalogue.clone());
        }
    }

    /// Tells what the project of another workspace says of itself.
    pub fn configure_like(&mut self, other: &Database, of: Workspace) {
        self.configure(&Configuration {
            project: of.project(other).to_string(),
            shared: of.shared(other),
            has_runbooks: of.runbooks(other),
            scrape_interval: of.scrape_interval(other),
            prometheus_version: of.prometheus_version(other),
            severity_labels: of.severity_labels(other).clone(),
            given_labels: of.given_labels(other).clone(),
            policy_forms: of.policy_forms(other).clone(),
            catalogue: of.catalogue(other).clone(),
            levels: self.levels.clone(),
            sends_mail: self.sends_mail,
            alert_namespace: self.alert_namespace.clone(),
            default_team: self.default_team.clone(),
        });
    }
}
