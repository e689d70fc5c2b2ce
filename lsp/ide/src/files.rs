//! The files of a project, and what was wrong on the way to them.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use nthc::db::SourceFile;
use nthc::diagnostics::{Diagnostic, FileSpan, SourceMap};

/// Where a file is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileName {
    /// On disk, or where an editor has it open.
    Disk(PathBuf),
    /// Nowhere but in the compiler: a module of the standard library.
    Standard {
        /// Its path as shown, `std/http.nth`.
        shown: String,
        /// Its text.
        text: Arc<str>,
    },
}

impl FileName {
    /// Its path, if it is on disk.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::Disk(path) => Some(path),
            Self::Standard { .. } => None,
        }
    }
}

/// The files of a project: the paths of the session's own, in its order.
#[derive(Debug, Default)]
pub struct FileTable {
    paths: Vec<PathBuf>,
    sources: Vec<SourceFile>,
    places: HashMap<PathBuf, usize>,
    numbers: HashMap<SourceFile, usize>,
}

impl FileTable {
    /// These files, each with its input.
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

    /// The input of a file.
    pub fn source(&self, path: &Path) -> Option<SourceFile> {
        self.sources.get(*self.places.get(path)?).copied()
    }

    /// Where a file is; nothing for one of the standard library's.
    pub fn path(&self, file: SourceFile) -> Option<&Path> {
        let number = *self.numbers.get(&file)?;
        self.paths.get(number).map(PathBuf::as_path)
    }

    /// All paths, in the order of the session's files.
    pub fn paths(&self) -> &[PathBuf] {
        &self.paths
    }
}

/// What was wrong on the way to the sources, with the files that it points into.
#[derive(Debug, Default)]
pub struct LoadReport {
    /// The files.
    pub sources: SourceMap,
    /// Where they are.
    pub paths: Vec<PathBuf>,
    /// What was wrong.
    pub diagnostics: Vec<Diagnostic<FileSpan>>,
}
