//! The input and the result of a compilation.

use std::sync::Arc;

use crate::standard_library::{self, STANDARD_LIBRARY};
use crate::suppressions::Levels;
use nth_diagnostics::{Diagnostic, FileSpan, SourceMap};
use nth_metrics::Lock;
use nth_model::{Artifact, Settings, Tally};

/// A file of a project or of a package.
#[derive(Debug, Clone)]
pub struct SourceInput {
    /// The module's name, `teams.payments`.
    pub module: String,
    /// The path to show in diagnostics.
    pub path: String,
    /// The text.
    pub text: Arc<str>,
    /// True if it belongs to a package: its declarations can be used, and its services are not built.
    pub package: bool,
}

/// The input of a compilation.
#[derive(Debug, Clone)]
pub struct Input {
    /// The project's settings; the environment in them is overwritten.
    pub settings: Settings,
    /// The project's files and those of its packages.
    pub files: Vec<SourceInput>,
    /// The metrics that were pulled from Prometheus; `None` without a lock file.
    pub catalogue: Option<Arc<Lock>>,
    /// The levels that the project sets for warnings.
    pub levels: Levels,
    /// The environment to build. Default: all that are declared.
    pub environment: Option<String>,
}

impl Input {
    /// The files that the diagnostics of its compilation point into, in the order of [`Session::sources`](super::Session::sources).
    pub fn sources(&self) -> SourceMap {
        let mut sources = SourceMap::default();
        for file in &self.files {
            sources.add(file.path.clone(), file.text.clone());
        }
        for (module, text) in STANDARD_LIBRARY {
            sources.add(standard_library::path(module), *text);
        }
        sources
    }
}

/// The result of a compilation.
#[derive(Debug, Clone)]
pub struct Compilation {
    /// The files that diagnostics point into.
    pub sources: SourceMap,
    /// The diagnostics, sorted by file and place.
    pub diagnostics: Vec<Diagnostic<FileSpan>>,
    /// The files to write; none if there is an error.
    pub artifacts: Vec<Artifact>,
    /// The environments that were built; empty if the project declares none.
    pub environments: Vec<String>,
    /// The number of signals with and without a metric in all environments that were built; `None` if nothing was built or there
    /// is no catalog.
    pub signals: Option<Tally>,
}
