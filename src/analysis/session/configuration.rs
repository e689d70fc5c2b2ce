//! The configuration that a session needs from outside of the sources.

use std::collections::BTreeSet;
use std::sync::Arc;

use smol_str::SmolStr;

use super::Session;
use crate::codes;
use crate::db::{AnalysisSettings, Database, Diag, Workspace, name_span};
use crate::environment::environment_settings;
use crate::suppressions::Levels;
use nth_metrics::Lock;
use nth_model::settings::texts::ENVIRONMENT;
use nth_model::{Settings, TargetName};
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
    /// `base` of `[alertmanager]`, if it has a placeholder, with the environments that it has a file for.
    pub base_files: Option<(String, BTreeSet<SmolStr>)>,
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
            base_files: base_files(settings),
        }
    }
}

fn base_files(settings: &Settings) -> Option<(String, BTreeSet<SmolStr>)> {
    let path = settings.alertmanager.base.as_ref()?;
    let is_built = settings.targets.contains(&TargetName::Alertmanager);
    let environments = settings.alertmanager_bases.keys().flatten().cloned();
    (is_built && path.contains(ENVIRONMENT)).then(|| (path.clone(), environments.collect()))
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

    /// Diagnostics about environments without a base file of Alertmanager.
    pub(super) fn missing_base_files(&self, environments: &[Option<SmolStr>]) -> Vec<Diag> {
        let Some((path, known)) = &self.configuration.base_files else {
            return Vec::new();
        };
        let builds_alertmanager = |environment: &Option<SmolStr>| {
            let own = environment_settings(&self.db, self.workspace, environment.clone());
            let targets = own.targets.as_ref();
            targets.is_none_or(|targets| targets.contains(&TargetName::Alertmanager))
        };
        let missing = environments.iter().filter(|environment| {
            environment
                .as_ref()
                .is_none_or(|name| !known.contains(name))
                && builds_alertmanager(environment)
        });
        let diagnostic = |environment: &Option<SmolStr>| {
            let Some(name) = environment else {
                return Diag::new(
                    &codes::PROJECT_BAD_SETTING,
                    format!("`{ENVIRONMENT}` in `alertmanager.base`, but the project has no environments"),
                    self.fallback_span(),
                )
                .help("name one file in `base`, or declare an environment");
            };
            let declared = self.workspace.environments(&self.db).get(name);
            let span =
                declared.map_or_else(|| self.fallback_span(), |key| name_span(&self.db, *key));
            let path = path.replace(ENVIRONMENT, name);
            Diag::new(
                &codes::PROJECT_BAD_SETTING,
                format!("environment `{name}` has no Alertmanager base file"),
                span,
            )
            .label(format!("`{path}` does not exist"))
            .help(format!(
                "create `{path}`, or change `base` in `[alertmanager]` of `nth.toml`"
            ))
        };
        missing.map(diagnostic).collect()
    }

    /// Copies the settings that queries read from another workspace.
    pub fn configure_like(&mut self, other: &Database, of: Workspace) {
        self.configure(&Configuration {
            analysis: Arc::clone(of.settings(other)),
            ..(*self.configuration).clone()
        });
    }
}
