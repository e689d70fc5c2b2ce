//! The configuration that a session needs from outside of the sources.

use std::sync::Arc;

use super::Session;
use crate::db::{AnalysisSettings, Database, Workspace};
use crate::suppressions::Levels;
use nth_metrics::Lock;
use nth_model::Settings;
use salsa::Setter as _;

/// A project's configuration outside of its sources.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Configuration {
    /// The settings that queries read.
    pub analysis: Arc<AnalysisSettings>,
    /// The levels of warnings. Queries do not read them, nor the fields below.
    pub levels: Levels,
    /// True if Alertmanager can send email.
    pub sends_mail: bool,
    /// True if the output for Alertmanager is a resource of the Prometheus operator.
    pub is_for_operator: bool,
    /// The value that the label `namespace` of every alert must have; `None` if any is allowed.
    pub alert_namespace: Option<String>,
    /// The team that receives alerts without a known team.
    pub default_team: Option<String>,
}

impl Configuration {
    /// The configuration of a project with these settings, this lock file and these levels.
    pub fn new(settings: &Settings, catalogue: Option<Arc<Lock>>, levels: Levels) -> Self {
        Self {
            analysis: Arc::new(AnalysisSettings::new(settings, catalogue)),
            levels,
            sends_mail: settings.sends_mail(),
            is_for_operator: settings.is_for_operator(),
            alert_namespace: settings.alert_namespace().map(str::to_owned),
            default_team: settings.alertmanager.default_team.clone(),
        }
    }
}

impl Session {
    /// Sets the configuration. Only queries that read a changed setting are recomputed.
    pub fn configure(&mut self, configuration: &Configuration) {
        if self.workspace.settings(&self.db) != &configuration.analysis {
            let settings = Arc::clone(&configuration.analysis);
            self.workspace.set_settings(&mut self.db).to(settings);
        }
        if *self.configuration != *configuration {
            self.configuration = Arc::new(configuration.clone());
        }
    }

    /// Copies the settings that queries read from another workspace.
    pub fn configure_like(&mut self, other: &Database, of: Workspace) {
        self.configure(&Configuration {
            analysis: Arc::clone(of.settings(other)),
            ..(*self.configuration).clone()
        });
    }
}
