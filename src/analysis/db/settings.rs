//! The settings that queries read: one input of the database, with a tracked getter for each, so that a change of one
//! reaches only what reads it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use nth_metrics::Lock;
use nth_model as ir;
use nth_model::Settings;
use smol_str::SmolStr;

use super::Workspace;

/// What queries read of a project's settings, and its lock file. A query asks [`Workspace`] for one of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnalysisSettings {
    project: SmolStr,
    shared: bool,
    has_runbooks: bool,
    scrape_interval: ir::Duration,
    prometheus_version: ir::PrometheusVersion,
    severity_labels: BTreeMap<ir::Severity, String>,
    given_labels: BTreeMap<ir::RuleLabel, String>,
    policy_forms: BTreeSet<ir::PolicyForm>,
    catalogue: Option<Arc<Lock>>,
}

impl AnalysisSettings {
    /// What queries read of these settings, with this lock file.
    pub fn new(settings: &Settings, catalogue: Option<Arc<Lock>>) -> Self {
        Self {
            project: settings.project.as_str().into(),
            shared: settings.shared,
            has_runbooks: settings.runbook_base_url.is_some(),
            scrape_interval: settings.prometheus.scrape_interval,
            prometheus_version: settings.prometheus.version,
            severity_labels: settings.severity_labels.clone(),
            given_labels: given_labels(settings),
            policy_forms: settings.policy.forms.clone(),
            catalogue,
        }
    }
}

/// The labels that settings put on rules. `namespace` has a check of its own, which knows what the Prometheus operator
/// does with it.
fn given_labels(settings: &Settings) -> BTreeMap<ir::RuleLabel, String> {
    let project = settings.shared_as();
    let project = project.map(|project| (ir::RuleLabel::Project, project.to_owned()));
    project.into_iter().collect()
}

#[salsa::tracked]
impl Workspace {
    /// The project's name, by which its own modules can be imported too.
    #[salsa::tracked(returns(ref))]
    pub fn project(self, db: &dyn salsa::Database) -> SmolStr {
        self.settings(db).project.clone()
    }

    /// Whether other projects share its Prometheus, so that its recordings carry its name.
    #[salsa::tracked(returns(copy))]
    pub fn shared(self, db: &dyn salsa::Database) -> bool {
        self.settings(db).shared
    }

    /// Whether every service's runbook is at a base URL of the project's.
    #[salsa::tracked(returns(copy))]
    pub fn has_runbooks(self, db: &dyn salsa::Database) -> bool {
        self.settings(db).has_runbooks
    }

    /// How often Prometheus scrapes what queries read.
    #[salsa::tracked(returns(copy))]
    pub fn scrape_interval(self, db: &dyn salsa::Database) -> ir::Duration {
        self.settings(db).scrape_interval
    }

    /// Which Prometheus reads the rules.
    #[salsa::tracked(returns(copy))]
    pub fn prometheus_version(self, db: &dyn salsa::Database) -> ir::PrometheusVersion {
        self.settings(db).prometheus_version
    }

    /// What `page` and `ticket` are called in the label `severity`.
    #[salsa::tracked(returns(ref))]
    pub fn severity_labels(self, db: &dyn salsa::Database) -> BTreeMap<ir::Severity, String> {
        self.settings(db).severity_labels.clone()
    }

    /// The labels that settings put on rules, with their values.
    #[salsa::tracked(returns(ref))]
    pub fn given_labels(self, db: &dyn salsa::Database) -> BTreeMap<ir::RuleLabel, String> {
        self.settings(db).given_labels.clone()
    }

    /// The output formats of gates.
    #[salsa::tracked(returns(ref))]
    pub fn policy_forms(self, db: &dyn salsa::Database) -> BTreeSet<ir::PolicyForm> {
        self.settings(db).policy_forms.clone()
    }

    /// What was pulled of a Prometheus, where the project has a lock file.
    #[salsa::tracked(returns(ref))]
    pub fn catalogue(self, db: &dyn salsa::Database) -> Option<Arc<Lock>> {
        self.settings(db).catalogue.clone()
    }
}
