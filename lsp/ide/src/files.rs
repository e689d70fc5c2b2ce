//! The files of a project, and the diagnostics from loading it.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use nthc::db::SourceFile;
use nthc::diagnostics::{Diagnostic, FileSpan, SourceMap};

/// Location of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileName {
    /// On disk, or open in an editor under this path.
    Disk(PathBuf),
    /// In the compiler only: a module of the standard library.
    Standard {
        /// The path as shown, `std/http.nth`.
        shown: String,
        /// The text.
        text: Arc<str>,
    },
}

impl FileName {
    /// The path, if the file is on disk.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::Disk(path) => Some(path),
            Self::Standard { .. } => None,
        }
    }
}

/// The files of a project: the paths of the session's files, in the session's order.
#[derive(Debug, Default)]
pub struct FileTable {
    paths: Vec<PathBuf>,
    sources: Vec<SourceFile>,
    places: HashMap<PathBuf, usize>,
    numbers: HashMap<SourceFile, usize>,
}

impl FileTable {
    /// Builds the table from paths and the inputs of the same files, in the same order.
    pub fn new(paths: Vec<PathBuf>, sources: Vec<SourceFile>) -> Self {
        let places = paths.iter().cloned().zip(0..).collect();
        let numbers = sources.iter().copied().zip(0..).collect();
        Self {
            paths,
            sources,
            places,
            numbers,
        }
    }

    /// The input of a file; `None` if the project does not contain it.
    pub fn source(&self, path: &Path) -> Option<SourceFile> {
        self.sources.get(*self.places.get(path)?).copied()
    }

    /// The path of a file; `None` for a module of the standard library.
    pub fn path(&self, file: SourceFile) -> Option<&Path> {
        let number = *self.numbers.get(&file)?;
        self.paths.get(number).map(PathBuf::as_path)
    }

    /// All paths, in the order of the session's files.
    pub fn paths(&self) -> &[PathBuf] {
        &self.paths
    }
}

/// Diagnostics from loading the project, with the files that they point to.
#[derive(Debug, Default)]
pub struct LoadReport {
    /// The files, numbered as the diagnostics number them.
    pub sources: SourceMap,
    /// The absolute paths of the files, by the same numbers.
    pub paths: Vec<PathBuf>,
    /// The diagnostics.
    pub diagnostics: Vec<Diagnostic<FileSpan>>,
}
