//! From the files of a project to its outputs and what is wrong with it: the one entry for the command line.

use std::sync::Arc;

use jiff::Timestamp;

use crate::backends::Artifact;
use crate::catalogue::Lock;
use crate::db::Database;
use crate::diagnostics::{Diagnostic, FileSpan, SourceMap};
use crate::ir::{Settings, Tally};
use crate::levels::Levels;
use crate::session::{Configuration, Session};

/// A file of a project or of a package.
#[derive(Debug, Clone)]
pub struct SourceInput {
    /// The module's name, `teams.payments`.
    pub module: String,
    /// The path to show.
    pub path: String,
    /// The text.
    pub text: Arc<str>,
    /// Whether it belongs to a package: what it declares can be used, and its services are not built.
    pub package: bool,
}

/// What is compiled.
#[derive(Debug, Clone)]
pub struct Input {
    /// The project's settings; the environment in them is overwritten.
    pub settings: Settings,
    /// The project's files and those of its packages.
    pub files: Vec<SourceInput>,
    /// What was pulled of a Prometheus, where the project has a lock file.
    pub catalogue: Option<Arc<Lock>>,
    /// The levels that the project sets for warnings.
    pub levels: Levels,
    /// The environment to build; all that are declared where absent.
    pub environment: Option<String>,
}

/// What came of it.
#[derive(Debug, Clone)]
pub struct Compilation {
    /// The files that diagnostics point into.
    pub sources: SourceMap,
    /// What is wrong, in the order of files and places.
    pub diagnostics: Vec<Diagnostic<FileSpan>>,
    /// The files to write; none if there is an error.
    pub artifacts: Vec<Artifact>,
    /// The environments that were built; none where the project declares none.
    pub environments: Vec<String>,
    /// How many signals have a metric, in all environments that were built; `None` where nothing was built or
    /// there is no catalogue.
    pub signals: Option<Tally>,
}

/// Compiles a project.
pub fn compile(input: &Input) -> Compilation {
    session(input).compile(input)
}

/// The same at a time, at which some of it may have expired.
pub fn compile_at(input: &Input, now: Timestamp) -> Compilation {
    let mut session = session(input);
    session.set_now(now);
    session.compile(input)
}

/// Says what is wrong with a project, and makes nothing of it.
pub fn check(input: &Input) -> Compilation {
    session(input).check(input.environment.as_deref())
}

/// Says what is wrong with a project at a time, at which some of it may have expired.
pub fn check_at(input: &Input, now: Timestamp) -> Compilation {
    let mut session = session(input);
    session.set_now(now);
    session.check(input.environment.as_deref())
}

/// A project, loaded to be asked.
pub fn session(input: &Input) -> Session {
    let mut session = Session::new(Database::default(), &input.files);
    session.configure(&Configuration::new(
        &input.settings,
        input.catalogue.clone(),
        input.levels.clone(),
    ));
    session
}
