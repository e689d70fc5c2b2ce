//! A loaded project: what was read, what the compiler holds of it, and what was found.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use nthc::catalogue::LOCK;
use nthc::compile::SourceInput;
use nthc::db::Database;
use nthc::diagnostics::{Diagnostic, FileSpan, SourceMap};
use nthc::levels::Levels;
use nthc::project::{self, Error, Loaded, MANIFEST, paths};
use nthc::session::{Configuration, Session};

use crate::convert::Finding;

/// A file of the project.
struct Source {
    path: PathBuf,
    input: SourceInput,
}

/// A project, be it one of a single document.
pub struct Project {
    /// The folder that paths are shown from.
    folder: PathBuf,
    configuration: Configuration,
    files: Vec<Source>,
    /// The places of the files among `files`.
    places: BTreeMap<PathBuf, usize>,
    /// Files that are read, but are no sources: the manifests, and files whose names are no modules' names.
    others: BTreeSet<PathBuf>,
    /// What was wrong on the way to the sources.
    sources: SourceMap,
    diagnostics: Vec<Diagnostic<FileSpan>>,
    session: Option<Session>,
    /// The files whose texts the session has not got yet.
    edited: BTreeSet<PathBuf>,
    /// Whether something changed since the last check.
    pub is_dirty: bool,
    /// Whether its files have to be read again.
    pub is_stale: bool,
    /// What the last check found.
    pub found: Vec<Finding>,
}

/// What a check found, with the path of each file that it points into.
pub struct Checked {
    /// The files.
    pub sources: SourceMap,
    /// Where they are; `None` for the standard library's.
    pub paths: Vec<Option<PathBuf>>,
    /// What was found.
    pub diagnostics: Vec<Diagnostic<FileSpan>>,
}

impl Project {
    /// Reads the project in a folder. `text` gives the texts of open documents.
    ///
    /// # Errors
    /// Where a file or folder cannot be read.
    pub fn load(folder: &Path, text: impl Fn(&Path) -> Option<Arc<str>>) -> Result<Self, Error> {
        let loaded = project::load(folder, folder)?;
        let mut project = Self::empty(folder);
        project.take(loaded, text);
        Ok(project)
    }

    /// Reads the files again, and keeps what was computed of those that did not change.
    ///
    /// # Errors
    /// Where a file or folder cannot be read. Nothing is changed then.
    pub fn reload(&mut self, text: impl Fn(&Path) -> Option<Arc<str>>) -> Result<(), Error> {
        let loaded = project::load(&self.folder, &self.folder)?;
        self.take(loaded, text);
        Ok(())
    }

    /// A document that belongs to no project.
    pub fn alone(path: &Path, text: Arc<str>) -> Self {
        let folder = path.parent().unwrap_or(path);
        let file = path.file_name().map(Path::new).unwrap_or(path);
        let stem = path
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let shown = paths::slashes(file);
        // The name of a module that nothing can import matters to nobody.
        let module = project::module_name(file)
            .ok()
            .or_else(|| project::to_identifier(&stem))
            .unwrap_or_else(|| "untitled".to_owned());
        let mut project = Self::empty(folder);
        project.configuration =
            Configuration::new(&project::default_settings(&stem), None, Levels::default());
        project.set_files(vec![Source {
            path: path.to_path_buf(),
            input: SourceInput {
                module,
                path: shown,
                text,
                package: false,
            },
        }]);
        project
    }

    fn empty(folder: &Path) -> Self {
        Self {
            folder: folder.to_path_buf(),
            configuration: Configuration::new(
                &project::default_settings(""),
                None,
                Levels::default(),
            ),
            files: Vec::new(),
            places: BTreeMap::new(),
            others: BTreeSet::new(),
            sources: SourceMap::default(),
            diagnostics: Vec::new(),
            session: None,
            edited: BTreeSet::new(),
            is_dirty: true,
            is_stale: false,
            found: Vec::new(),
        }
    }

    fn take(&mut self, loaded: Loaded, text: impl Fn(&Path) -> Option<Arc<str>>) {
        self.configuration = Configuration::new(
            &loaded.project.settings,
            loaded.project.catalogue,
            loaded.project.levels,
        );
        self.others = loaded
            .sources
            .files()
            .iter()
            .map(|file| paths::absolute(Path::new(&file.path), &self.folder))
            .collect();
        self.sources = loaded.sources;
        self.diagnostics = loaded.diagnostics;
        let files = loaded.project.files.into_iter().map(|file| Source {
            input: SourceInput {
                module: file.module,
                path: file.shown,
                text: text(&file.path).unwrap_or(file.text),
                package: file.package.is_some(),
            },
            path: file.path,
        });
        self.set_files(files.collect());
        self.is_stale = false;
    }

    fn set_files(&mut self, files: Vec<Source>) {
        self.places = files
            .iter()
            .enumerate()
            .map(|(place, file)| (file.path.clone(), place))
            .collect();
        self.files = files;
        self.edited.clear();
        self.is_dirty = true;
        let inputs = self.inputs();
        if let Some(session) = &mut self.session {
            session.configure(&self.configuration);
            session.set_files(&inputs);
        }
    }

    fn inputs(&self) -> Vec<SourceInput> {
        self.files.iter().map(|file| file.input.clone()).collect()
    }

    /// Whether a file is one of the project's, be it one that could not be taken in.
    pub fn knows(&self, path: &Path) -> bool {
        self.places.contains_key(path)
            || self.others.contains(path)
            || path == self.folder.join(MANIFEST)
            || path == self.folder.join(LOCK)
    }

    /// Gives a file a new text, if it is one of the project's sources.
    pub fn edit(&mut self, path: &Path, text: &Arc<str>) {
        let file = self
            .places
            .get(path)
            .and_then(|place| self.files.get_mut(*place));
        if let Some(file) = file
            && file.input.text != *text
        {
            file.input.text = Arc::clone(text);
            self.edited.insert(path.to_path_buf());
            self.is_dirty = true;
        }
    }

    /// Forgets everything that was computed.
    pub fn forget(&mut self) {
        self.session = None;
        self.edited.clear();
    }

    /// Everything that is wrong, first what was found on the way to the sources.
    pub fn check(&mut self) -> [Checked; 2] {
        let inputs = if self.session.is_none() {
            self.inputs()
        } else {
            Vec::new()
        };
        let session = self.session.get_or_insert_with(|| {
            self.edited.clear();
            let mut session = Session::new(Database::default(), &inputs);
            session.configure(&self.configuration);
            session
        });
        for path in std::mem::take(&mut self.edited) {
            let place = self.places.get(&path).copied();
            let source = place.and_then(|place| self.files.get(place));
            let known = place.and_then(|place| session.files().get(place).copied());
            if let (Some(source), Some(known)) = (source, known) {
                session.edit(known, Arc::clone(&source.input.text));
            }
        }
        let compilation = session.check(None);
        let read = self.sources.files().iter();
        [
            Checked {
                paths: read
                    .map(|file| Some(paths::absolute(Path::new(&file.path), &self.folder)))
                    .collect(),
                sources: self.sources.clone(),
                diagnostics: self.diagnostics.clone(),
            },
            Checked {
                // The session's own files come first, in their order.
                paths: (0..compilation.sources.files().len())
                    .map(|place| self.files.get(place).map(|file| file.path.clone()))
                    .collect(),
                sources: compilation.sources,
                diagnostics: compilation.diagnostics,
            },
        ]
    }
}
