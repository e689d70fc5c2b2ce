//! Reads the project and creates the models of the preview.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use crate::report::Findings;
use crate::select::Source;
use nthc::compile::Build as _;
use nthc::db::Database;
use nthc::detection::known_or_now;
use nthc::diagnostics::{Severity, render};
use nthc::ir::detection::Reaction;
use nthc::ir::{DashboardFormat, Service, Settings};
use nthc::lower::Lowered;
use nthc::preview::{self, Alert, DashboardValues, Model, OVERVIEW, Problems, Samples};
use nthc::project::Loaded;
use nthc::session::{Configuration, Session};

/// The models to show, by environment.
#[derive(Debug, Clone, Default)]
pub struct Models {
    /// The name of the project.
    pub project: String,
    /// The models by environment; the key is `None` for a project without environments. Requests share them.
    pub models: BTreeMap<Option<String>, Arc<Model>>,
    /// What detection times and sample data are simulated of, by environment.
    pub sources: BTreeMap<Option<String>, Arc<Simulated>>,
}

/// What detection times and sample data are simulated of.
#[derive(Debug)]
pub struct Simulated {
    /// The services.
    services: Vec<Arc<Lowered>>,
    /// The settings, in the environment.
    settings: Settings,
    /// The sample data.
    samples: Samples,
}

impl Simulated {
    /// Simulates an SLO; `None` if it does not exist.
    pub fn reaction(&self, service: &str, slo: &str) -> Option<Arc<Reaction>> {
        let services = self.services.iter();
        let mut services = services.filter_map(|lowered| lowered.service.as_ref());
        let service = services.find(|known| known.name == service)?;
        let slo = service.slos.iter().find(|known| known.name == slo)?;
        Some(known_or_now(service, slo, &self.settings))
    }

    /// Returns the sample values of a dashboard of this model; `None` if it does not exist.
    pub fn dashboard(&self, model: &Model, name: &str) -> Option<DashboardValues> {
        let services = self.services();
        let dashboards = model.services.iter();
        let dashboards =
            dashboards.filter_map(|of| Some((of.name.as_str(), of.dashboard.as_ref()?)));
        let dashboards: BTreeMap<&str, &serde_json::Value> = dashboards.collect();
        if name == OVERVIEW {
            let overview = model.overview.as_ref()?;
            let samples = &self.samples;
            return Some(samples.overview(&services, overview, &dashboards, &self.settings));
        }
        let dashboard = dashboards.get(name).copied();
        self.samples
            .service(&services, name, dashboard, &self.settings)
    }

    /// Returns the alerts of a service, without their states; `None` if it does not exist.
    pub fn alerts(&self, name: &str) -> Option<Vec<Alert>> {
        let services = self.services();
        let service = services.into_iter().find(|service| service.name == name)?;
        Some(preview::alerts(service, &self.settings))
    }

    fn services(&self) -> Vec<&Service> {
        let services = self.services.iter();
        services
            .filter_map(|lowered| lowered.service.as_ref())
            .collect()
    }
}

/// A project that is read repeatedly. Only results that an edit affects are computed again.
pub struct LiveProject {
    session: Session,
    source: Source,
    cwd: PathBuf,
    live: bool,
    /// The last models, which are kept while the project has errors.
    last: Models,
}

impl LiveProject {
    /// Creates the state of the project in `source`, which is kept in `db`. Paths are shown relative to `cwd`.
    pub fn new(db: Database, source: Source, cwd: PathBuf, live: bool) -> Self {
        Self {
            session: Session::new(db, &[]),
            source,
            cwd,
            live,
            last: Models::default(),
        }
    }

    /// Reads the project again. `None` if it cannot be read, for example while an editor replaces a file.
    pub fn reload(&mut self) -> Option<Models> {
        let loaded = self.source.load(&self.cwd).ok()?;
        Some(self.update(loaded))
    }

    /// Updates the models from a project that was read.
    pub fn update(&mut self, loaded: Loaded) -> Models {
        let mut input = loaded.project.input(None);
        // The same documents without the wrapping of the target.
        input.settings.grafana.format = DashboardFormat::Json;
        self.session.configure(&Configuration::new(
            &input.settings,
            input.catalogue.clone(),
            input.levels.clone(),
        ));
        self.session.set_files(&input.files);
        let compilation = self.session.compile(&input);
        let mut findings = Findings::default();
        findings.add(&loaded.sources, loaded.diagnostics);
        findings.add(&compilation.sources, compilation.diagnostics);
        let problems = problems(&findings);
        let project = input.settings.project.clone();
        let names: Vec<String> = compilation.environments.clone();
        let mut environments: Vec<Option<String>> = names.iter().cloned().map(Some).collect();
        if environments.is_empty() {
            environments.push(None);
        }
        let mut sources = BTreeMap::new();
        let models = environments
            .into_iter()
            .map(|environment| {
                let before = self.last.models.get(&environment);
                let (services, overview) = if problems.errors > 0 {
                    let kept = self.last.sources.get(&environment);
                    sources.extend(kept.map(|kept| (environment.clone(), Arc::clone(kept))));
                    before
                        .map(|model| (model.services.clone(), model.overview.clone()))
                        .unwrap_or_default()
                } else {
                    let models = self.session.models(environment.as_deref());
                    let of = environment.as_deref().map(Into::into);
                    let settings = self.session.settings_in(&input.settings, &of);
                    let shown = preview::model(
                        models.iter().filter_map(|lowered| lowered.service.as_ref()),
                        &compilation.artifacts,
                        &settings,
                    );
                    let known = self.last.sources.get(&environment);
                    let source = Simulated {
                        services: models,
                        settings,
                        samples: Samples::following(known.map(|known| &known.samples)),
                    };
                    sources.insert(environment.clone(), Arc::new(source));
                    shown
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
                (environment, Arc::new(model))
            })
            .collect();
        self.last = Models {
            project,
            models,
            sources,
        };
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::fs;
    use std::path::Path;
    use std::sync::Mutex;

    use super::*;

    const CHECKOUT: &str = r#"import std.http

team payments { }

service checkout {
  team     = payments
  selector = { job = "checkout" }

  slo availability : http.availability { objective = 99% }
}
"#;

    /// Returns a project reader, and a log of the queries that it runs.
    fn work(source: Source, root: &Path) -> (LiveProject, Arc<Mutex<Vec<String>>>) {
        let ran = Arc::new(Mutex::new(Vec::new()));
        let notes = ran.clone();
        let db = Database::with_listener(move |event| {
            if let salsa::EventKind::WillExecute { database_key } = event.kind {
                notes.lock().unwrap().push(format!("{database_key:?}"));
            }
        });
        (LiveProject::new(db, source, root.to_path_buf(), false), ran)
    }

    fn objectives(shown: &Models) -> Vec<String> {
        let services = shown.models.values().flat_map(|model| &model.services);
        let slos = services.flat_map(|service| &service.slos);
        slos.map(|slo| slo.objective.clone()).collect()
    }

    #[test]
    fn an_edit_computes_what_it_touches() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        fs::write(root.join("nth.toml"), "[project]\nname = \"shop\"\n").unwrap();
        fs::write(root.join("checkout.nth"), CHECKOUT).unwrap();
        let ledger = CHECKOUT
            .replace("checkout", "ledger")
            .replace("team payments { }", "import checkout.{payments}");
        fs::write(root.join("ledger.nth"), ledger).unwrap();
        let (mut work, ran) = work(Source::Folder(root.to_path_buf()), root);
        let models = |ran: &Mutex<Vec<String>>| {
            let ran = std::mem::take(&mut *ran.lock().unwrap());
            ran.iter()
                .filter(|name| name.starts_with("service_model"))
                .count()
        };
        assert_eq!(objectives(&work.reload().unwrap()), ["99%", "99%"]);
        assert_eq!(models(&ran), 2);

        fs::write(root.join("checkout.nth"), CHECKOUT.replace("99%", "98%")).unwrap();
        assert_eq!(objectives(&work.reload().unwrap()), ["98%", "99%"]);
        assert_eq!(models(&ran), 1);

        assert_eq!(objectives(&work.reload().unwrap()), ["98%", "99%"]);
        assert_eq!(models(&ran), 0);

        // The last models from before the error are kept.
        fs::write(root.join("checkout.nth"), CHECKOUT.replace("99%", "many")).unwrap();
        let shown = work.reload().unwrap();
        assert_eq!(objectives(&shown), ["98%", "99%"]);
        assert!(shown.models[&None].problems.errors > 0);

        fs::remove_file(root.join("ledger.nth")).unwrap();
        fs::write(root.join("checkout.nth"), CHECKOUT.replace("99%", "97%")).unwrap();
        assert_eq!(objectives(&work.reload().unwrap()), ["97%"]);
    }

    #[test]
    fn a_file_by_itself_is_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("checkout.nth");
        fs::write(&file, CHECKOUT).unwrap();
        // The file belongs to no project, so no other file is read.
        fs::write(folder.path().join("other.nth"), "nonsense").unwrap();
        let (mut work, _) = work(Source::File(file.clone()), folder.path());
        let shown = work.reload().unwrap();
        assert_eq!(shown.project, "checkout");
        assert_eq!(objectives(&shown), ["99%"]);
        fs::write(&file, CHECKOUT.replace("99%", "98%")).unwrap();
        assert_eq!(objectives(&work.reload().unwrap()), ["98%"]);
        fs::remove_file(&file).unwrap();
        assert!(work.reload().is_none());
    }
}
