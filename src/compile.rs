//! Compiles the files of a project to its outputs and diagnostics: the entry point of the command line.

use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use smol_str::SmolStr;

use crate::artifacts::{
    Listed, check_limits, kustomizations, project_artifacts, service_artifacts,
};
use crate::backends::policy::SYNC_WINDOWS;
use crate::backends::{self, Artifact};
use crate::db::name_span;
use crate::db::{Database, Diag, ItemKey};
use crate::detection::with_reactions;
use crate::diagnostics::{Diagnostic, FileSpan, Severity, codes};
use crate::ir::settings::texts::ENVIRONMENT;
use crate::ir::{self, Settings, TargetName};
use crate::partial::{self, Partial};
use crate::session::{Configuration, Session, conclude};

pub use crate::session::{Compilation, Input, SourceInput};

/// How many files are checked before the intermediate results are freed.
const PART: usize = 256;

/// Compiles a project.
pub fn compile(input: &Input) -> Compilation {
    checked(session(input), input).compile(input)
}

/// Compiles a project, and gives each file to `take` as soon as it is generated. The compilation holds none of them.
pub fn compile_into(input: &Input, take: Take<'_>) -> Compilation {
    checked(session(input), input).compile_into(input, take)
}

/// Compiles a project as of `now`, by which parts of it may have expired.
pub fn compile_at(input: &Input, now: Timestamp) -> Compilation {
    let mut session = session(input);
    session.set_now(now);
    checked(session, input).compile(input)
}

/// Checks a project without generating outputs.
pub fn check(input: &Input) -> Compilation {
    checked(session(input), input).check(input.environment.as_deref())
}

/// Checks a project as of `now`, by which parts of it may have expired.
pub fn check_at(input: &Input, now: Timestamp) -> Compilation {
    let mut session = session(input);
    session.set_now(now);
    checked(session, input).check(input.environment.as_deref())
}

/// Computes the findings of a project in parts, so that it is not in memory with all its evaluated blocks at once. Those of a single
/// environment are not kept in a session.
pub(crate) fn checked(mut session: Session, input: &Input) -> Session {
    let mut from = 0;
    while input.environment.is_none() && from < session.files().len() {
        from = session.compute_findings(from, PART);
        session.evict_stale();
    }
    session
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
        compile_noting(self, input, take, &|_, _, _| {})
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

/// Compiles as [`Build::compile_into`] does, and calls `note` for each service.
pub(crate) fn compile_noting(
    session: &Session,
    input: &Input,
    take: Take<'_>,
    note: Note<'_>,
) -> Compilation {
    let (mut diagnostics, environments) = session.diagnostics(input.environment.as_deref());
    if is_sound(&diagnostics) {
        let mut listed = Vec::new();
        let mut problems = Vec::new();
        for environment in &environments {
            for built in build(session, &input.settings, environment, take, note) {
                match built {
                    Ok(built) => listed.extend(built),
                    Err(problem) => problems.push(*problem),
                }
            }
        }
        problems.extend(shared_windows(session, &listed, &input.settings));
        diagnostics.extend(session.locate(problems));
    }
    let signals = session.signals(&environments);
    conclude(
        session.sources(),
        diagnostics,
        environments,
        Vec::new(),
        signals,
    )
}

/// Generates the artifacts of all services in an environment and those of the project, in the folder of the environment.
fn build(
    session: &Session,
    settings: &Settings,
    environment: &Option<SmolStr>,
    take: Take<'_>,
    note: Note<'_>,
) -> Vec<Result<Vec<Listed>, Box<Diag>>> {
    session.with_project(environment, |project, models| {
        let settings = session.settings_in(settings, environment);
        let all: Vec<&ir::Service> = project.services().collect();
        let project = &*with_reactions(project, &all, &settings);
        let keys = session.services();
        let hand_over = |artifacts: Vec<Artifact>| -> Vec<Listed> {
            let listed = artifacts.iter().map(Listed::of).collect();
            artifacts.into_iter().for_each(take);
            listed
        };
        let mut built = session.par_query(&keys, |db, key| {
            let Some(service) = models.get(&key) else {
                return Ok(Vec::new());
            };
            let artifacts = service_artifacts(db, key, service, project, &settings)?;
            let listed = hand_over(artifacts);
            note(key, service, &listed);
            Ok(listed)
        });
        built.push(project_artifacts(session, project, &settings).map(hand_over));
        built.push(check_limits(session, project, &settings).map(|()| Vec::new()));
        if settings.kustomization {
            let all = built.iter().flatten().flatten();
            built.push(kustomizations(session, all, &settings).map(hand_over));
        }
        built
    })
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
