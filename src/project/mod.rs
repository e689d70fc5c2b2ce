//! Projects: the folder with `nth.toml`, its sources, and the packages it imports.
//!
//! This module reads everything that a build needs from the file system; later phases do no I/O. Errors in files are
//! [`Diagnostic`]s; a failure of the file system is an [`Error`].

mod alertmanager_base;
mod bounded;
mod catalog;
mod change_levels;
mod checks;
mod codeowners;
mod dependencies;
mod destinations;
mod discover;
pub mod edit;
mod error;
mod lints;
mod load;
mod manifest;
mod output;
pub mod paths;
mod read;
mod resolve_file;
pub mod schema;
mod secret_fields;
mod skipped;
mod source;
mod table;
#[cfg(test)]
mod tests;
mod value;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use smol_str::SmolStr;

pub use bounded::{read_at_most, read_file_at_most, size};
pub use change_levels::ChangeLevels;
pub use dependencies::Dependency;
pub use destinations::Destination;
pub use discover::{
    Discovered, EXTENSION, FoundSource, IGNORES, Unlisted, discover, module_name, projects_below,
};
pub use error::{Error, io_cause};
pub use load::{load, load_edited, load_file};
pub use manifest::{Manifest, parse as parse_manifest};
pub use nth_metrics::LOCK;
pub use resolve_file::resolve_file;
pub use skipped::SkippedSource;
pub use source::{NotUtf8, decode, not_utf8, read_source, read_source_from};
pub use table::{Findings, Located};

pub use crate::ir::settings::texts::{is_identifier, is_url, to_identifier};
pub use crate::ir::{DEFAULT_INTERVAL, DEFAULT_SCRAPE_INTERVAL, default_settings};

use crate::compile;
use crate::diagnostics::{Diagnostic, FileSpan, SourceMap};
use crate::ir::Settings;
use crate::suppressions::Levels;
use nth_metrics::Lock;

/// The manifest's file name.
pub const MANIFEST: &str = "nth.toml";

/// The name of the file of accepted changes, beside the manifest.
pub const ACCEPTED: &str = "nth.accepted.toml";

/// A project with all of its sources.
#[derive(Debug, Clone)]
pub struct Project {
    /// The folder of `nth.toml`, or of the standalone file.
    pub root: PathBuf,
    /// The folder that builds write to.
    pub output: PathBuf,
    /// The settings of the targets from `nth.toml`, without an environment.
    pub settings: Settings,
    /// The lock file with the pulled metrics; `None` if there is none, or it cannot be read.
    pub catalogue: Option<Arc<Lock>>,
    /// The levels of warnings.
    pub levels: Levels,
    /// The levels of changes.
    pub change_levels: ChangeLevels,
    /// Where `nthc apply` writes what a build generates.
    pub destinations: Vec<Destination>,
    /// True if a build keeps its sources in the output folder.
    pub record_sources: bool,
    /// The sources of the project sorted by path, then those of each package.
    pub files: Vec<SourceFile>,
    /// The files of other programs that `nth.toml` names, with their texts, which may contain secrets.
    pub outside: Vec<(PathBuf, Arc<str>)>,
}

impl Project {
    /// Returns the input of the compiler, for one environment or for all.
    pub fn input(&self, environment: Option<&str>) -> compile::Input {
        let files = self.files.iter().map(|file| compile::SourceInput {
            module: file.module.clone(),
            path: file.shown.clone(),
            text: file.text.clone(),
            package: file.package.is_some(),
        });
        compile::Input {
            settings: self.settings.clone(),
            catalogue: self.catalogue.clone(),
            levels: self.levels.clone(),
            files: files.collect(),
            environment: environment.map(str::to_owned),
        }
    }
}

/// A source file with its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceFile {
    /// The package it belongs to; `None` for the project itself.
    pub package: Option<SmolStr>,
    /// The name of its module, which begins with that of the package: `platform.teams.payments`.
    pub module: String,
    /// Its path.
    pub path: PathBuf,
    /// Its path for messages: relative to the working directory, with `/`.
    pub shown: String,
    /// Its text.
    pub text: Arc<str>,
}

/// A project with the diagnostics of reading it.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The project, without the parts that could not be read.
    pub project: Project,
    /// The files that the diagnostics point into.
    pub sources: SourceMap,
    /// The diagnostics, in the order of reading.
    pub diagnostics: Vec<Diagnostic<FileSpan>>,
}

/// Returns the nearest folder with an `nth.toml`, from `from` upwards.
pub fn find(from: &Path) -> Option<PathBuf> {
    from.ancestors()
        .find(|folder| folder.join(MANIFEST).is_file())
        .map(Path::to_path_buf)
}
