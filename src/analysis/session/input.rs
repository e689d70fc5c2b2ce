//! What is compiled, and what comes of it.

use std::sync::Arc;

use crate::suppressions::Levels;
use nth_diagnostics::{Diagnostic, FileSpan, SourceMap};
use nth_metrics::Lock;
use nth_model::{Artifact, Settings, Tally};

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
