//! A loaded project: its files, its compiler session, and its diagnostics.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use nthc::catalogue::LOCK;
use nthc::compile::SourceInput;
use nthc::db::Database;
use nthc::diagnostics::{Diagnostic, FileSpan, Severity};
use nthc::ir::Settings;
use nthc::project::{self, Error, Loaded, MANIFEST, paths};
use nthc::session::{Configuration, Session};
use nthc::suppressions::Levels;

use crate::files::{FileTable, LoadReport};
use crate::findings::Finding;
use crate::view::ProjectView;

/// A file of the project.
struct Source {
    path: PathBuf,
    input: SourceInput,
}

/// A project, or a single document outside any project.
pub struct Project {
    /// The folder to which shown paths are relative.
    folder: PathBuf,
    configuration: Configuration,
    /// The settings of its targets.
    pub targets: Arc<Settings>,
    files: Vec<Source>,
    /// Indices into `files`, by path.
    places: BTreeMap<PathBuf, usize>,
    /// Files that are read but are not sources: manifests, and files whose names are not valid module names.
    others: BTreeSet<PathBuf>,
    load_report: Arc<LoadReport>,
    session: Option<Session>,
    table: Arc<FileTable>,
    /// Files with texts that the session does not have yet.
    edited: BTreeSet<PathBuf>,
    /// Incremented by every change.
    revision: u64,
    /// The revision that was last checked or is being checked; 0 if it has to be checked again.
    checked_revision: u64,
    /// The number of files that were checked so far, and in which revision.
    checked: (u64, usize),
    /// Number of checked parts whose results could not be released, because a request was using the session.
    held_parts: usize,
    /// The diagnostics, and their revision.
    findings: Option<(u64, Arc<Vec<Finding>>)>,
    /// True if the files have to be read again.
    pub is_stale: bool,
    /// Number of results that the session held after the first complete check.
    needed: Option<usize>,
    /// Number of texts that the session got since its results were last counted.
    uncounted: usize,
    /// Number of texts that it had got by then.
    counted: usize,
}

/// The results of a session are counted after this many new texts.
const COUNTED: usize = 100;

/// Maximum number of parts that are held while a request uses the session.
const MOST_PARTS: usize = 4;

/// A session is replaced after this many new texts: what remains of the old ones is scattered over all memory pages.
const RENEWED: usize = 10_000;

/// This many outdated results are acceptable, however small a project is.
const FEW: usize = if cfg!(test) { 100 } else { 1000 };

impl Project {
    /// Reads the project in a folder. `text` returns the texts of open documents.
    ///
    /// # Errors
    /// If a file or folder cannot be read.
    pub fn load(folder: &Path, text: impl Fn(&Path) -> Option<Arc<str>>) -> Result<Self, Error> {
        let loaded = read(folder, &text)?;
        let mut project = Self::empty(folder);
        project.take(loaded, text);
        Ok(project)
    }

    /// Reads the files again, and keeps the results for unchanged files.
    ///
    /// # Errors
    /// If a file or folder cannot be read. Then nothing is changed.
    pub fn reload(&mut self, text: impl Fn(&Path) -> Option<Arc<str>>) -> Result<(), Error> {
        let loaded = read(&self.folder, &text)?;
        self.take(loaded, text);
        Ok(())
    }

    /// Creates a project for a single document that belongs to no project.
    pub fn from_document(path: &Path, text: Arc<str>) -> Self {
        let folder = path.parent().unwrap_or(path);
        let file = path.file_name().map(Path::new).unwrap_or(path);
        let stem = path
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let shown = paths::slashes(file);
        // The name of a module that cannot be imported does not matter.
        let module = project::module_name(file)
            .ok()
            .or_else(|| project::to_identifier(&stem))
            .unwrap_or_else(|| "untitled".to_owned());
        let mut project = Self::empty(folder);
        project.targets = Arc::new(project::default_settings(&stem));
        project.configuration = Configuration::new(&project.targets, None, Levels::default());
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
        let targets = project::default_settings("");
        Self {
            folder: folder.to_path_buf(),
            configuration: Configuration::new(&targets, None, Levels::default()),
            targets: Arc::new(targets),
            files: Vec::new(),
            places: BTreeMap::new(),
            others: BTreeSet::new(),
            load_report: Arc::default(),
            session: None,
            table: Arc::default(),
            edited: BTreeSet::new(),
            revision: 1,
            checked_revision: 0,
            checked: (0, 0),
            held_parts: 0,
            findings: None,
            is_stale: false,
            needed: None,
            uncounted: 0,
            counted: 0,
        }
    }

    fn take(&mut self, loaded: Loaded, text: impl Fn(&Path) -> Option<Arc<str>>) {
        self.configuration = Configuration::new(
            &loaded.project.settings,
            loaded.project.catalogue,
            loaded.project.levels,
        );
        self.targets = Arc::new(loaded.project.settings);
        let read = loaded.sources.files().iter();
        let paths: Vec<PathBuf> = read
            .map(|file| paths::absolute(Path::new(&file.path), &self.folder))
            .collect();
        self.others = paths.iter().cloned().collect();
        self.load_report = Arc::new(LoadReport {
            sources: loaded.sources,
            paths,
            diagnostics: loaded.diagnostics,
        });
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
        self.revision += 1;
        // The number of changed files is unknown.
        self.uncounted += COUNTED;
        let inputs = self.inputs();
        if let Some(session) = &mut self.session {
            session.configure(&self.configuration);
            session.set_files(&inputs);
            self.table = table(&self.files, session);
        }
    }

    fn inputs(&self) -> Vec<SourceInput> {
        self.files.iter().map(|file| file.input.clone()).collect()
    }

    /// True if a file belongs to the project, even if it could not be read.
    pub fn contains(&self, path: &Path) -> bool {
        self.places.contains_key(path)
            || self.others.contains(path)
            || path == self.folder.join(MANIFEST)
            || path == self.folder.join(LOCK)
    }

    /// Sets the text of a file if it is a source of the project.
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
            self.revision += 1;
        }
    }

    /// Cancels all queries on snapshots of the session, and waits for them to unwind.
    pub fn stop(&mut self) {
        if let Some(session) = &mut self.session {
            salsa::Database::trigger_cancellation(&mut session.db);
        }
    }

    /// True if the session lacks texts. Setting them waits until its snapshots are dropped.
    pub fn is_behind(&self) -> bool {
        self.session.is_none() || !self.edited.is_empty()
    }

    /// Gives the session the texts that it lacks, and creates it if there is none. Files that are open at its
    /// creation are expected to change.
    pub fn catch_up(&mut self, is_open: impl Fn(&Path) -> bool) {
        let edited = std::mem::take(&mut self.edited);
        self.uncounted += edited.len();
        match &mut self.session {
            None => {
                let mut session = Session::new(Database::default(), &self.inputs());
                session.configure(&self.configuration);
                session.set_now(jiff::Timestamp::now());
                let sources = session.files().to_vec();
                for (source, file) in self.files.iter().zip(sources) {
                    if is_open(&source.path) {
                        session.edit(file, Arc::clone(&source.input.text));
                    }
                }
                self.table = table(&self.files, &session);
                self.session = Some(session);
            }
            Some(session) => {
                for path in edited {
                    let place = self.places.get(&path).copied();
                    let source = place.and_then(|place| self.files.get(place));
                    let known = place.and_then(|place| session.files().get(place).copied());
                    if let (Some(source), Some(known)) = (source, known) {
                        session.edit(known, Arc::clone(&source.input.text));
                    }
                }
            }
        }
    }

    /// True if a snapshot is in use: then releasing memory would wait for it.
    pub fn is_in_use(&self) -> bool {
        self.session
            .as_ref()
            .is_some_and(|session| !session.has_no_snapshots())
    }

    /// Releases outdated results. Results for names that no longer exist stay in a session, because the names may
    /// come back; if there are too many, the session is dropped, and the next one checks everything again.
    pub fn tidy(&mut self) {
        let is_known = self.findings().is_some();
        self.release();
        let Some(session) = &mut self.session else {
            return;
        };
        if !is_known || self.needed.is_some() && self.uncounted < COUNTED {
            return;
        }
        self.counted += std::mem::take(&mut self.uncounted);
        let held = session.storage_size();
        let needed = *self.needed.get_or_insert(held.answers);
        if held.answers > most(needed) || self.counted >= RENEWED {
            self.session = None;
            self.needed = None;
            self.counted = 0;
            self.checked = (0, 0);
            self.reset_check();
        }
    }

    /// Takes a snapshot of the project; `None` while the session is behind.
    pub fn view(&self, key: &Path) -> Option<ProjectView> {
        let session = self.session.as_ref().filter(|_| !self.is_behind())?;
        Some(ProjectView {
            key: key.to_path_buf(),
            session: session.snapshot(),
            targets: Arc::clone(&self.targets),
            files: Arc::clone(&self.table),
            load_report: Arc::clone(&self.load_report),
            findings: self.findings().map(Arc::clone),
        })
    }

    /// Number of files.
    pub fn len(&self) -> usize {
        self.files.len()
    }

    /// True if it has no files.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// True if `revision` is the newest.
    pub fn is_at(&self, revision: u64) -> bool {
        self.revision == revision
    }

    /// True if the newest revision was not checked, and no check of it is running.
    pub fn is_unchecked(&self) -> bool {
        self.checked_revision != self.revision
    }

    /// Records the start of a check. Returns the revision.
    pub fn begin_check(&mut self) -> u64 {
        self.checked_revision = self.revision;
        self.revision
    }

    /// Records that the check was stopped, so that it has to run again.
    pub fn reset_check(&mut self) {
        self.checked_revision = 0;
    }

    /// Number of files that were checked in the newest revision.
    pub fn checked_files(&self) -> usize {
        let (revision, files) = self.checked;
        if revision == self.revision { files } else { 0 }
    }

    /// Records that the first `files` files were checked in a revision, and that the check has to continue. Releases
    /// their intermediate results unless a request is using the session.
    pub fn record_part(&mut self, revision: u64, files: usize) {
        self.checked = (revision, files);
        self.reset_check();
        self.held_parts += 1;
        self.release_parts();
    }

    /// Releases the intermediate results of checked parts, unless a request is using the session.
    pub fn release_parts(&mut self) {
        if self.held_parts > 0 && !self.is_in_use() {
            self.release();
        }
    }

    /// True if so many parts are held that the check has to wait until no request uses the session.
    pub fn must_wait(&self) -> bool {
        self.held_parts >= MOST_PARTS && self.is_in_use()
    }

    /// Releases outdated results. Waits until no request uses the session.
    pub fn release(&mut self) {
        self.held_parts = 0;
        if let Some(session) = &mut self.session {
            session.evict_stale();
        }
    }

    /// Stores the diagnostics of a revision. Returns whether it is the newest.
    pub fn set_findings(&mut self, revision: u64, found: Vec<Finding>) -> bool {
        let is_newest = revision == self.revision;
        if is_newest {
            self.findings = Some((revision, Arc::new(found)));
        }
        is_newest
    }

    /// The diagnostics of the newest revision; `None` if it was not checked yet.
    pub fn findings(&self) -> Option<&Arc<Vec<Finding>>> {
        let (revision, found) = self.findings.as_ref()?;
        (*revision == self.revision).then_some(found)
    }
}

/// True if a file is a manifest by its name.
pub fn is_manifest(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name == MANIFEST)
}

/// Maximum number of results of a session that needed `needed` at first.
fn most(needed: usize) -> usize {
    needed + needed / 8 + FEW
}

/// Reads a project. An edited manifest is used as it is typed, unless it has errors: then these are reported, and the
/// saved one is used.
fn read(folder: &Path, text: &dyn Fn(&Path) -> Option<Arc<str>>) -> Result<Loaded, Error> {
    let edited = project::load_edited(folder, folder, text)?;
    let is_of_manifest = |found: &Diagnostic<FileSpan>| {
        let file = edited.sources.file(found.primary.span.file);
        file.is_some_and(|file| is_manifest(Path::new(&file.path)))
    };
    let has_mistakes = edited
        .diagnostics
        .iter()
        .any(|found| found.severity == Severity::Error && is_of_manifest(found));
    if !has_mistakes {
        return Ok(edited);
    }
    let saved = project::load(folder, folder)?;
    Ok(Loaded {
        project: saved.project,
        ..edited
    })
}

fn table(files: &[Source], session: &Session) -> Arc<FileTable> {
    let paths = files.iter().map(|file| file.path.clone()).collect();
    Arc::new(FileTable::new(paths, session.files().to_vec()))
}

#[cfg(test)]
#[allow(clippy::expect_used)]
mod tests {
    use super::*;
    use crate::view::View;

    fn text(name: &str) -> Arc<str> {
        Arc::from(format!(
            "import std.http\n\nteam platform {{ }}\n\nlet most-{name} = 3\n\nservice {name} {{\n  team = platform\n  \
             tier = high\n  selector = {{ job = \"{name}\" }}\n  slo availability : http.availability\n  alert {name} {{ \
             when = `max({name}) > ${{most-{name}}}`  summary = \"{name}\" }}\n}}\n"
        ))
    }

    /// Checks everything, and releases memory as the server does.
    fn settle(project: &mut Project, path: &Path) {
        project.catch_up(|_| true);
        let revision = project.begin_check();
        let view = View {
            projects: project.view(path).into_iter().collect(),
            ..View::default()
        };
        let found = view.check(view.projects.first().expect("it is not behind"));
        assert!(found.is_empty(), "{found:#?}");
        drop(view);
        assert!(project.set_findings(revision, found));
        assert!(!project.is_in_use());
        project.tidy();
    }

    #[test]
    fn what_is_held_of_names_that_are_gone_stays_within_bounds() {
        let path = Path::new("/nowhere/main.nth");
        let mut project = Project::from_document(path, text("first"));
        settle(&mut project, path);
        let needed = project.needed.expect("it was counted");
        let (mut answers, mut renewed, mut grown) = (needed, 0, 0);
        for edit in 0..3 * COUNTED {
            project.edit(path, &text(&format!("x{edit}")));
            settle(&mut project, path);
            match &mut project.session {
                Some(session) => {
                    let held = session.storage_size().answers;
                    grown += held.saturating_sub(answers);
                    answers = held;
                }
                None => {
                    renewed += 1;
                    answers = 0;
                    settle(&mut project, path);
                    let session = project.session.as_mut().expect("it is there again");
                    let held = session.storage_size().answers;
                    assert!(
                        held <= needed + needed / 8,
                        "a new session holds {held}, and the first one held {needed}"
                    );
                    answers += held;
                }
            }
            let each = grown / (edit + 1) + 1;
            let bound = most(needed) + COUNTED * each * 2;
            assert!(
                answers <= bound,
                "{answers} after {edit} edits, more than {bound}"
            );
        }
        assert!(
            grown > most(needed),
            "what is gone is held for a while: {grown}"
        );
        assert!(renewed > 0, "then it is given back");
    }
}
