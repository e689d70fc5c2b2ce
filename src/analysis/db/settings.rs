//! The settings that queries read: one input of the database with a tracked getter for each setting, so that a change affects
//! only the queries that read it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use nth_metrics::Lock;
use nth_model as ir;
use nth_model::Settings;
use nth_model::settings::Ownership;
use smol_str::SmolStr;

use super::Workspace;

/// The settings and the lock file that queries read, with getters on [`Workspace`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnalysisSettings {
    project: SmolStr,
    shared: bool,
    has_runbooks: bool,
    scrape_interval: ir::Duration,
    prometheus_version: ir::PrometheusVersion,
    ruler: ir::settings::Ruler,
    rule_format: ir::RuleFormat,
    source_tenants: Vec<String>,
    severities: ir::Severities,
    given_labels: BTreeMap<ir::RuleLabel, String>,
    policy_forms: BTreeSet<ir::PolicyForm>,
    targets: BTreeSet<ir::TargetName>,
    catalogue: Option<Arc<Lock>>,
    ownership: Ownership,
}

impl AnalysisSettings {
    /// Takes the settings that queries read from a project's settings and lock file.
    pub fn new(settings: &Settings, catalogue: Option<Arc<Lock>>) -> Self {
        Self {
            project: settings.project.as_str().into(),
            shared: settings.shared,
            has_runbooks: settings.runbook_base_url.is_some(),
            scrape_interval: settings.prometheus.scrape_interval,
            prometheus_version: settings.prometheus.version,
            ruler: settings.prometheus.ruler,
            rule_format: settings.prometheus.format,
            source_tenants: settings.prometheus.source_tenants.clone(),
            severities: settings.severities.clone(),
            given_labels: given_labels(settings),
            policy_forms: settings.policy.forms.clone(),
            targets: settings.targets.clone(),
            catalogue,
            ownership: settings.ownership.clone(),
        }
    }
}

/// The labels that settings add to rules, without `namespace`, which has its own check.
fn given_labels(settings: &Settings) -> BTreeMap<ir::RuleLabel, String> {
    let project = settings.shared_as();
    let project = project.map(|project| (ir::RuleLabel::Project, project.to_owned()));
    project.into_iter().collect()
}

#[salsa::tracked]
impl Workspace {
    /// The project's name. Its own modules can also be imported by it.
    #[salsa::tracked(returns(ref))]
    pub fn project(self, db: &dyn salsa::Database) -> SmolStr {
        self.settings(db).project.clone()
    }

    /// True if other projects share its Prometheus, so that its recording rules have a label with its name.
    #[salsa::tracked(returns(copy))]
    pub fn shared(self, db: &dyn salsa::Database) -> bool {
        self.settings(db).shared
    }

    /// True if the project sets a base URL for runbooks.
    #[salsa::tracked(returns(copy))]
    pub fn has_runbooks(self, db: &dyn salsa::Database) -> bool {
        self.settings(db).has_runbooks
    }

    /// The scrape interval of the queried targets.
    #[salsa::tracked(returns(copy))]
    pub fn scrape_interval(self, db: &dyn salsa::Database) -> ir::Duration {
        self.settings(db).scrape_interval
    }

    /// The version of Prometheus that loads the rules.
    #[salsa::tracked(returns(copy))]
    pub fn prometheus_version(self, db: &dyn salsa::Database) -> ir::PrometheusVersion {
        self.settings(db).prometheus_version
    }

    /// What evaluates the rules.
    #[salsa::tracked(returns(copy))]
    pub fn ruler(self, db: &dyn salsa::Database) -> ir::settings::Ruler {
        self.settings(db).ruler
    }

    /// How rule files are wrapped.
    #[salsa::tracked(returns(copy))]
    pub fn rule_format(self, db: &dyn salsa::Database) -> ir::RuleFormat {
        self.settings(db).rule_format
    }

    /// The tenants whose series rules read; empty for that of the rules.
    #[salsa::tracked(returns(ref))]
    pub fn source_tenants(self, db: &dyn salsa::Database) -> Vec<String> {
        self.settings(db).source_tenants.clone()
    }

    /// The severities that every project has.
    #[salsa::tracked(returns(ref))]
    pub fn severities(self, db: &dyn salsa::Database) -> ir::Severities {
        self.settings(db).severities.clone()
    }

    /// The labels that settings add to rules, with their values.
    #[salsa::tracked(returns(ref))]
    pub fn given_labels(self, db: &dyn salsa::Database) -> BTreeMap<ir::RuleLabel, String> {
        self.settings(db).given_labels.clone()
    }

    /// The output formats of gates.
    #[salsa::tracked(returns(ref))]
    pub fn policy_forms(self, db: &dyn salsa::Database) -> BTreeSet<ir::PolicyForm> {
        self.settings(db).policy_forms.clone()
    }

    /// The targets of a build.
    #[salsa::tracked(returns(ref))]
    pub fn targets(self, db: &dyn salsa::Database) -> BTreeSet<ir::TargetName> {
        self.settings(db).targets.clone()
    }

    /// The owners that other programs know.
    #[salsa::tracked(returns(ref))]
    pub fn ownership(self, db: &dyn salsa::Database) -> Ownership {
        self.settings(db).ownership.clone()
    }

    /// The metrics that were pulled from Prometheus; `None` without a lock file.
    #[salsa::tracked(returns(ref))]
    pub fn catalogue(self, db: &dyn salsa::Database) -> Option<Arc<Lock>> {
        self.settings(db).catalogue.clone()
    }
}
