//! Compiles the files of a project to its outputs and diagnostics: the entry point of the command line.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use smol_str::SmolStr;

use crate::artifacts::{
    Listed, check_limits, kustomizations, project_artifacts, service_artifacts,
};
use crate::backends::policy::SYNC_WINDOWS;
use crate::backends::{self, Artifact};
use crate::db::name_span;
use crate::db::{Database, Diag, ItemKey, SourceFile};
use crate::detection::with_reactions;
use crate::diagnostics::{Diagnostic, FileSpan, Severity, codes};
use crate::ir::settings::texts::ENVIRONMENT;
use crate::ir::{self, Settings, Tally, TargetName};
use crate::lower::service_model;
use crate::partial::{self, Partial};
use crate::session::{Configuration, Session, conclude};

pub use crate::session::{Compilation, Input, SourceInput};

/// How many files or services are worked on before the intermediate results are freed.
const PART: usize = 256;

/// A project with more models than this, one for each service and environment, is built without all of them in memory: each service is
/// evaluated a second time instead.
pub(crate) const MOST_MODELS: usize = 4096;

/// Compiles a project.
pub fn compile(input: &Input) -> Compilation {
    compile_session(session(input), input)
}

/// Compiles a project, and gives each file to `take` as soon as it is generated. The compilation holds none of them.
pub fn compile_into(input: &Input, take: Take<'_>) -> Compilation {
    Checked::new(session(input), input, MOST_MODELS).compile(input, take, &|_, _, _| {})
}

/// Compiles a project as of `now`, by which parts of it may have expired.
pub fn compile_at(input: &Input, now: Timestamp) -> Compilation {
    let mut session = session(input);
    session.set_now(now);
    compile_session(session, input)
}

fn compile_session(mut session: Session, input: &Input) -> Compilation {
    if input.environment.is_none() {
        compute_findings(&mut session, false, |_, _| {});
    }
    session.compile(input)
}

/// Checks a project without generating outputs.
pub fn check(input: &Input) -> Compilation {
    check_session(session(input), input)
}

/// Checks a project as of `now`, by which parts of it may have expired.
pub fn check_at(input: &Input, now: Timestamp) -> Compilation {
    let mut session = session(input);
    session.set_now(now);
    check_session(session, input)
}

fn check_session(mut session: Session, input: &Input) -> Compilation {
    if input.environment.is_none() {
        let is_large = count_models(&session) > MOST_MODELS;
        compute_findings(&mut session, is_large, |_, _| {});
    }
    session.check(input.environment.as_deref())
}

/// The number of models of a project in all of its environments.
fn count_models(session: &Session) -> usize {
    session.services().len() * session.declared_environments().len()
}

/// Computes the findings of a project in parts, so that it is not in memory with all its evaluated blocks at once. In a large project,
/// models are not kept either, and `part` is called with the files of each part before: tests are checked together with the services
/// that they are of, so that no model is made twice.
fn compute_findings(
    session: &mut Session,
    is_large: bool,
    mut part: impl FnMut(&Session, &[SourceFile]),
) {
    if is_large {
        session.limit_models();
        for files in session.files_with_tests_nearby().chunks(PART) {
            session.compute_findings_of(files);
            part(session, files);
            session.evict_stale();
        }
        return;
    }
    let mut from = 0;
    while from < session.files().len() {
        from = session.compute_findings(from, PART);
        session.evict_stale();
    }
}

/// A project whose findings are computed.
pub(crate) struct Checked {
    /// The session.
    pub(crate) session: Session,
    /// The outlines of the services in each environment, in the order of their declaration, if the models are not kept.
    outlines: Option<Vec<Vec<ir::Service>>>,
}

impl Checked {
    /// Computes the findings. Those of a single environment are not kept in a session. Keeps at most about `most_models` models.
    pub(crate) fn new(mut session: Session, input: &Input, most_models: usize) -> Self {
        if input.environment.is_some() {
            let outlines = None;
            return Self { session, outlines };
        }
        // The limit on all groups counts those of whole models.
        let is_large =
            count_models(&session) > most_models && input.settings.prometheus.max_groups.is_none();
        let environments = session.declared_environments();
        let keys = session.services();
        let mut outlines = vec![Vec::new(); environments.len()];
        compute_findings(&mut session, is_large, |session, files| {
            let files: HashSet<SourceFile> = files.iter().copied().collect();
            let keys = keys.iter().copied();
            let keys: Vec<ItemKey> = keys.filter(|key| files.contains(&key.file)).collect();
            let workspace = session.workspace;
            for (environment, outlines) in environments.iter().zip(&mut outlines) {
                let found = session.par_query(&keys, |db, key| {
                    let model = service_model(db, workspace, key, environment.clone());
                    model.service.as_ref().map(ir::Service::outlined)
                });
                outlines.extend(found.into_iter().flatten());
            }
        });
        Self {
            session,
            outlines: is_large.then_some(outlines),
        }
    }

    /// Compiles as [`Build::compile_into`] does, and calls `note` for each service.
    pub(crate) fn compile(&mut self, input: &Input, take: Take<'_>, note: Note<'_>) -> Compilation {
        let session = &mut self.session;
        let Some(outlines) = &self.outlines else {
            return compile_models(session, input, take, note);
        };
        let (diagnostics, environments) = session.diagnostics(None);
        if !is_sound(&diagnostics) {
            let signals = session.signals(&environments);
            return conclude_built(
                session,
                input,
                diagnostics,
                environments,
                Vec::new(),
                signals,
            );
        }
        let mut built = Vec::new();
        let mut signals = Tally::default();
        for (environment, services) in environments.iter().zip(outlines) {
            let whole = Whole {
                settings: session.settings_in(&input.settings, environment),
                environment,
                services,
            };
            built.extend(whole.build(session, take, note, &mut signals));
        }
        let has_catalogue = session.workspace.catalogue(&session.db).is_some();
        let signals = has_catalogue.then_some(signals);
        conclude_built(session, input, diagnostics, environments, built, signals)
    }
}

/// The files of services, or of a project; the error of a target instead.
pub(crate) type Built = Result<Vec<Listed>, Box<Diag>>;

/// The services of a project in an environment, by their outlines.
struct Whole<'w> {
    settings: Settings,
    environment: &'w Option<SmolStr>,
    services: &'w [ir::Service],
}

impl Whole<'_> {
    /// Generates what [`build`] does, with the models of a part of the services in memory at a time, and counts their signals.
    fn build(
        &self,
        session: &mut Session,
        take: Take<'_>,
        note: Note<'_>,
        signals: &mut Tally,
    ) -> Vec<Built> {
        let Self {
            settings,
            environment,
            services,
        } = self;
        let workspace = session.workspace;
        let teams = session.teams_of(services.iter(), environment);
        let teams = teams.iter().filter_map(|lowered| lowered.team.as_ref());
        let project = ir::Project::new(services.iter(), teams);
        let mut built = Vec::new();
        for keys in session.services().chunks(PART) {
            let lowered = session.par_query(keys, |db, key| {
                Arc::clone(service_model(db, workspace, key, (*environment).clone()))
            });
            let models: HashMap<ItemKey, &ir::Service> = keys
                .iter()
                .zip(&lowered)
                .filter_map(|(key, lowered)| Some((*key, lowered.service.as_ref()?)))
                .collect();
            for model in models.values() {
                signals.merge(Tally::of(&model.signals));
            }
            built.extend(build_services(
                session, keys, &models, &project, settings, take, note,
            ));
            session.evict_stale();
        }
        built.extend(build_project(session, &project, settings, take, &built));
        built
    }
}

/// Loads a project into a session for several queries.
pub fn session(input: &Input) -> Session {
    let mut session = Session::new(Database::default(), &input.files);
    session.configure(&Configuration::new(
        &input.settings,
        input.catalogue.clone(),
        input.levels.clone(),
    ));
    session
}

/// Takes a generated file, from several threads.
pub type Take<'t> = &'t (dyn Fn(Artifact) + Sync);

/// Generates outputs from a [`Session`]: the targets write the models of its services.
pub trait Build {
    /// Compiles the loaded files, with their edits. The files of `input` are not read again.
    fn compile(&self, input: &Input) -> Compilation;

    /// The same, and gives each file to `take` as soon as it is generated, in any order. The compilation holds none of them. If it
    /// has errors, those that were taken are of no use.
    fn compile_into(&self, input: &Input, take: Take<'_>) -> Compilation;

    /// Generates the artifacts of one service in an environment, as a build does. Empty if errors in the service leave it
    /// without a model.
    ///
    /// # Errors
    ///
    /// The diagnostic of a target that failed.
    fn service_artifacts(
        &self,
        settings: &Settings,
        environment: &Option<SmolStr>,
        key: ItemKey,
    ) -> Result<Vec<Artifact>, Box<Diag>>;

    /// Generates the artifacts of the project in an environment that do not belong to a service, as a build does.
    ///
    /// # Errors
    ///
    /// The diagnostic of a target that failed.
    fn project_artifacts(
        &self,
        settings: &Settings,
        environment: &Option<SmolStr>,
    ) -> Result<Vec<Artifact>, Box<Diag>>;

    /// Builds the services without errors. `diagnostics` are those of the project in these environments.
    fn compile_sound(
        &self,
        input: &Input,
        diagnostics: &[Diagnostic<FileSpan>],
        environments: &[String],
    ) -> Partial;
}

impl Build for Session {
    fn compile(&self, input: &Input) -> Compilation {
        let artifacts = Mutex::new(Vec::new());
        let mut compilation = self.compile_into(input, &|artifact| {
            let mut artifacts = artifacts.lock().unwrap_or_else(PoisonError::into_inner);
            artifacts.push(artifact);
        });
        if is_sound(&compilation.diagnostics) {
            compilation.artifacts = artifacts.into_inner().unwrap_or_default();
            compilation
                .artifacts
                .sort_by(|left, right| left.path.cmp(&right.path));
        }
        compilation
    }

    fn compile_into(&self, input: &Input, take: Take<'_>) -> Compilation {
        compile_models(self, input, take, &|_, _, _| {})
    }

    fn service_artifacts(
        &self,
        settings: &Settings,
        environment: &Option<SmolStr>,
        key: ItemKey,
    ) -> Result<Vec<Artifact>, Box<Diag>> {
        self.with_project(environment, |project, models| match models.get(&key) {
            Some(service) => {
                let settings = self.settings_in(settings, environment);
                let project = with_reactions(project, &[service], &settings);
                service_artifacts(&self.db, key, service, &project, &settings)
            }
            None => Ok(Vec::new()),
        })
    }

    fn project_artifacts(
        &self,
        settings: &Settings,
        environment: &Option<SmolStr>,
    ) -> Result<Vec<Artifact>, Box<Diag>> {
        self.with_project(environment, |project, _| {
            project_artifacts(self, project, &self.settings_in(settings, environment))
        })
    }

    fn compile_sound(
        &self,
        input: &Input,
        diagnostics: &[Diagnostic<FileSpan>],
        environments: &[String],
    ) -> Partial {
        partial::compile_sound(self, input, diagnostics, environments)
    }
}

/// Takes note of a service whose artifacts were generated in an environment, from several threads. Environments come one after
/// another.
pub(crate) type Note<'n> = &'n (dyn Fn(ItemKey, &ir::Service, &[Listed]) + Sync);

/// Compiles from the models of all services, and calls `note` for each of them.
fn compile_models(session: &Session, input: &Input, take: Take<'_>, note: Note<'_>) -> Compilation {
    let (diagnostics, environments) = session.diagnostics(input.environment.as_deref());
    let mut built = Vec::new();
    if is_sound(&diagnostics) {
        for environment in &environments {
            built.extend(build(session, &input.settings, environment, take, note));
        }
    }
    let signals = session.signals(&environments);
    conclude_built(session, input, diagnostics, environments, built, signals)
}

/// Concludes a compilation with what was built in all environments.
fn conclude_built(
    session: &Session,
    input: &Input,
    mut diagnostics: Vec<Diagnostic<FileSpan>>,
    environments: Vec<Option<SmolStr>>,
    built: Vec<Built>,
    signals: Option<Tally>,
) -> Compilation {
    let mut listed = Vec::new();
    let mut problems = Vec::new();
    for built in built {
        match built {
            Ok(built) => listed.extend(built),
            Err(problem) => problems.push(*problem),
        }
    }
    problems.extend(shared_windows(session, &listed, &input.settings));
    diagnostics.extend(session.locate(problems));
    let (sources, artifacts) = (session.sources(), Vec::new());
    conclude(sources, diagnostics, environments, artifacts, signals)
}

/// Generates the artifacts of all services in an environment and those of the project, in the folder of the environment.
fn build(
    session: &Session,
    settings: &Settings,
    environment: &Option<SmolStr>,
    take: Take<'_>,
    note: Note<'_>,
) -> Vec<Built> {
    session.with_project(environment, |project, models| {
        let settings = session.settings_in(settings, environment);
        let keys = session.services();
        let mut built = build_services(session, &keys, models, project, &settings, take, note);
        built.extend(build_project(session, project, &settings, take, &built));
        built
    })
}

/// Generates the artifacts of these services from their models.
pub(crate) fn build_services(
    session: &Session,
    keys: &[ItemKey],
    models: &HashMap<ItemKey, &ir::Service>,
    project: &ir::Project<'_>,
    settings: &Settings,
    take: Take<'_>,
    note: Note<'_>,
) -> Vec<Built> {
    let services: Vec<&ir::Service> = keys
        .iter()
        .filter_map(|key| models.get(key).copied())
        .collect();
    let project = &*with_reactions(project, &services, settings);
    session.par_query(keys, |db, key| {
        let Some(service) = models.get(&key) else {
            return Ok(Vec::new());
        };
        let artifacts = service_artifacts(db, key, service, project, settings)?;
        let listed = hand_over(artifacts, take);
        note(key, service, &listed);
        Ok(listed)
    })
}

/// Gives artifacts to `take`, and lists them.
fn hand_over(artifacts: Vec<Artifact>, take: Take<'_>) -> Vec<Listed> {
    let listed = artifacts.iter().map(Listed::of).collect();
    artifacts.into_iter().for_each(take);
    listed
}

/// Generates what belongs to no service alone, and checks the limits across services. `built` is what was generated before.
fn build_project(
    session: &Session,
    project: &ir::Project<'_>,
    settings: &Settings,
    take: Take<'_>,
    built: &[Built],
) -> Vec<Built> {
    let hand_over = |artifacts| hand_over(artifacts, take);
    let mut more = vec![
        project_artifacts(session, project, settings).map(hand_over),
        check_limits(session, project, settings).map(|()| Vec::new()),
    ];
    if settings.kustomization {
        let all = built.iter().chain(&more).flatten().flatten();
        more.push(kustomizations(session, all, settings).map(hand_over));
    }
    more
}

fn is_sound(diagnostics: &[Diagnostic<FileSpan>]) -> bool {
    diagnostics
        .iter()
        .all(|found| found.severity != Severity::Error)
}

/// Returns the error of several environments whose sync windows would be in one Argo CD project.
fn shared_windows(session: &Session, artifacts: &[Listed], settings: &Settings) -> Option<Diag> {
    let name = settings.policy.argo_project.as_deref()?;
    let with_windows: Vec<(&SmolStr, &ItemKey)> = session
        .workspace
        .environments(&session.db)
        .iter()
        .filter(|(environment, _)| {
            let folder = backends::file_stem(environment);
            let path = format!("{folder}/{}/{SYNC_WINDOWS}", TargetName::Policy);
            artifacts.iter().any(|artifact| artifact.path == path)
        })
        .collect();
    let (false, [(first, before), (second, key), ..]) =
        (name.contains(ENVIRONMENT), with_windows.as_slice())
    else {
        return None;
    };
    let diagnostic = Diag::new(
            &codes::SHARED_WINDOWS,
            format!(
                "the sync windows of `{first}` and `{second}` share one Argo CD project, `{name}`"
            ),
            name_span(&session.db, **key),
        )
        .label("replaces the other sync windows when applied")
        .because(name_span(&session.db, **before), "applied to the same Argo CD project")
        .help(format!(
            "set `argo_project = \"{name}-{ENVIRONMENT}\"` in `[policy]` of `nth.toml`, and put each environment's \
             applications in its own project"
        ));
    Some(diagnostic)
}
