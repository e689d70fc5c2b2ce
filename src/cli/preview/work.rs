//! Reading the project, and making what is shown of it.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::cli::report::Findings;
use crate::compile;
use crate::diagnostics::{Severity, render};
use crate::ir::DashboardFormat;
use crate::preview::{self, Model, Problems};
use crate::project::{self, Loaded};

/// What is shown: a model for each environment, or for none.
#[derive(Debug, Clone, Default)]
pub struct Shown {
    /// The project's name.
    pub project: String,
    /// The models by environment.
    pub models: BTreeMap<Option<String>, Model>,
}

/// A project that is read again and again.
pub struct Work {
    root: PathBuf,
    cwd: PathBuf,
    live: bool,
    /// What was shown last: an error in a file does not take away what was there before it.
    last: Shown,
}

impl Work {
    /// The project in `root`; paths are shown from `cwd`.
    pub fn new(root: PathBuf, cwd: PathBuf, live: bool) -> Self {
        Self {
            root,
            cwd,
            live,
            last: Shown::default(),
        }
    }

    /// Reads the project again. `None` where it cannot be read, as while an editor replaces a file: what was shown
    /// stays.
    pub fn again(&mut self) -> Option<Shown> {
        let loaded = project::load(&self.root, &self.cwd).ok()?;
        Some(self.take(loaded))
    }

    /// What is shown of a project.
    pub fn take(&mut self, loaded: Loaded) -> Shown {
        let mut input = loaded.project.input(None);
        // The same documents in another wrapping.
        input.settings.grafana.format = DashboardFormat::Json;
        let session = compile::session(&input);
        let compilation = session.compile(&input);
        let mut findings = Findings::default();
        findings.add(&loaded.sources, loaded.diagnostics);
        findings.add(&compilation.sources, compilation.diagnostics);
        let problems = problems(&findings);
        let project = input.settings.project;
        let names: Vec<String> = compilation.environments.clone();
        let mut environments: Vec<Option<String>> = names.iter().cloned().map(Some).collect();
        if environments.is_empty() {
            environments.push(None);
        }
        let models = environments
            .into_iter()
            .map(|environment| {
                let before = self.last.models.get(&environment);
                let (services, overview) = if problems.errors > 0 {
                    before
                        .map(|model| (model.services.clone(), model.overview.clone()))
                        .unwrap_or_default()
                } else {
                    let models = session.models(environment.as_deref());
                    preview::model(
                        models.iter().filter_map(|lowered| lowered.service.as_ref()),
                        &compilation.artifacts,
                        environment.as_deref(),
                    )
                };
                let model = Model {
                    project: project.clone(),
                    environments: names.clone(),
                    environment: environment.clone(),
                    live: self.live,
                    problems: problems.clone(),
                    services,
                    overview,
                };
                (environment, model)
            })
            .collect();
        self.last = Shown { project, models };
        self.last.clone()
    }
}

fn problems(findings: &Findings) -> Problems {
    let shown = render::in_order(&findings.diagnostics, &findings.sources);
    let errors = shown
        .iter()
        .filter(|found| found.severity == Severity::Error)
        .count();
    let mut text = Vec::new();
    // Writing to memory does not fail.
    let _ = render::render(
        &findings.diagnostics,
        &findings.sources,
        render::Format::Human,
        false,
        &mut text,
    );
    Problems {
        errors,
        warnings: shown.len() - errors,
        text: String::from_utf8_lossy(&text).into_owned(),
    }
}
