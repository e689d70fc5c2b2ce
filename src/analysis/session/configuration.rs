//! What a project says of itself outside of its sources, as far as sessions need it.

use std::sync::Arc;

use super::Session;
use crate::db::{AnalysisSettings, Database, Workspace};
use crate::suppressions::Levels;
use nth_metrics::Lock;
use nth_model::Settings;
use salsa::Setter as _;

/// What a project says of itself outside of its sources.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Configuration {
    /// What queries read.
    pub analysis: Arc<AnalysisSettings>,
    /// The levels of warnings. No query reads them, nor what follows.
    pub levels: Levels,
    /// Whether Alertmanager can send email.
    pub sends_mail: bool,
    /// The label `namespace` that every alert needs, where it needs one.
    pub alert_namespace: Option<String>,
    /// The team that receives alerts of no known team.
    pub default_team: Option<String>,
}

impl Configuration {
    /// The configuration of a project with these settings, this lock file and these levels.
    pub fn new(settings: &Settings, catalogue: Option<Arc<Lock>>, levels: Levels) -> Self {
        Self {
            analysis: Arc::new(AnalysisSettings::new(settings, catalogue)),
            levels,
            sends_mail: settings.sends_mail(),
            alert_namespace: settings.alert_namespace().map(str::to_owned),
            default_team: settings.alertmanager.default_team.clone(),
        }
    }
}

impl Session {
    /// Sets what the project says of itself outside of its sources. Only what reads something that changed is computed
    /// again.
    pub fn configure(&mut self, configuration: &Configuration) {
        if self.workspace.settings(&self.db) != &configuration.analysis {
            let settings = Arc::clone(&configuration.analysis);
            self.workspace.set_settings(&mut self.db).to(settings);
        }
        if *self.configuration != *configuration {
            self.configuration = Arc::new(configuration.clone());
        }
    }

    /// Sets what queries read to that of another workspace.
    pub fn configure_like(&mut self, other: &Database, of: Workspace) {
        self.configure(&Configuration {
            analysis: Arc::clone(of.settings(other)),
            ..(*self.configuration).clone()
        });
    }
}
