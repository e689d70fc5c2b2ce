//! The mutable state: the open documents, their projects, and the published diagnostics.

mod diagnostics;
mod projects;
mod tidy;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::Sender;

use nth_ide::cancel::CancelHandle;
use nth_ide::project::{Project, is_manifest};
use nth_ide::view::ProjectView;
use tokio::sync::mpsc::UnboundedSender;
use tower_lsp::jsonrpc::Error;
use tower_lsp::lsp_types::{MessageType, TextDocumentContentChangeEvent, Url};

use crate::buffers::{Buffer, Buffers, apply_changes, path_of};
use crate::complaints::complain;
use crate::convert::Converter;
use crate::embedded_files::EmbeddedFiles;
use crate::events::{Checked, CheckedPart, Event};
use crate::features::generated;
use crate::folders::{self, Folders};
use crate::outgoing::Outgoing;
use crate::progress::Progress;
use crate::published::Published;
use crate::pulls::Pull;
use crate::requests::{Check, Job, OnEdit, Pool, Request, TRIES};
use crate::settings::Settings;
use crate::view::View;

/// The state of the event loop.
pub struct ServerState {
    settings: Arc<Settings>,
    buffers: Arc<Buffers>,
    /// By folder; a project of a single document by the document's path.
    projects: BTreeMap<PathBuf, Project>,
    embedded_files: Arc<EmbeddedFiles>,
    published: Published,
    folders: Folders,
    /// Requests for diagnostics that are not answered yet.
    pulls: Vec<Pull>,
    /// Requests over whole projects. They wait until the projects are checked: otherwise the results of both would be
    /// held at once.
    broad: Vec<Request>,
    /// True if the client has requested the diagnostics of all files.
    pulls_all: bool,
    /// True if pulled diagnostics may have changed without an edit in the client.
    is_changed_elsewhere: bool,
    /// The projects that are checked for the first time.
    progress: HashMap<PathBuf, Progress>,
    progress_count: u64,
    /// Errors from reading projects, which were shown to the user.
    problems: BTreeSet<String>,
    /// True if the set of projects, or their files, may have changed.
    projects_changed: bool,
    /// True if there may be diagnostics to publish.
    must_publish: bool,
    /// True if outdated results may be held.
    must_tidy: bool,
    /// The project that is being checked.
    checking: Option<PathBuf>,
    outgoing: UnboundedSender<Outgoing>,
    events: Sender<Event>,
    readers: Pool<Event>,
    checker: Pool<Event>,
}

/// A project with more files than this publishes in two steps after an edit, the open documents first.
const MANY: usize = 200;

/// Number of affected files after which a check releases its intermediate results.
const PART: usize = 8;

impl ServerState {
    /// Creates a state without documents.
    pub fn new(
        outgoing: UnboundedSender<Outgoing>,
        events: Sender<Event>,
        readers: Pool<Event>,
        checker: Pool<Event>,
    ) -> Self {
        Self {
            settings: Arc::default(),
            buffers: Arc::default(),
            projects: BTreeMap::new(),
            embedded_files: Arc::default(),
            published: Published::default(),
            folders: Folders::default(),
            pulls: Vec::new(),
            broad: Vec::new(),
            pulls_all: false,
            is_changed_elsewhere: false,
            progress: HashMap::new(),
            progress_count: 0,
            problems: BTreeSet::new(),
            projects_changed: false,
            must_publish: false,
            must_tidy: false,
            checking: None,
            outgoing,
            events,
            readers,
            checker,
        }
    }

    /// The files embedded in the compiler.
    pub fn embedded_files(&self) -> Arc<EmbeddedFiles> {
        Arc::clone(&self.embedded_files)
    }

    /// Cancels all work: the client has left.
    pub fn stop(&mut self) {
        self.readers.stop();
        self.checker.stop();
        for project in self.projects.values_mut() {
            project.stop();
        }
    }

    /// Handles `initialize`.
    pub fn start(&mut self, settings: Settings) {
        self.folders.change(settings.folders.clone(), &[]);
        self.look_for_projects();
        self.settings = Arc::new(settings);
    }

    /// Starts a search for projects in the workspace's folders. The result is an event.
    fn look_for_projects(&mut self) {
        let events = self.events.clone();
        self.folders.search(move |found| {
            // The event loop may have ended in the meantime.
            let _ = events.send(Event::ProjectsFound(found));
        });
    }

    /// Adds and removes workspace folders.
    pub fn change_folders(&mut self, added: Vec<PathBuf>, removed: &[PathBuf]) {
        self.projects_changed |= self.folders.change(added, removed);
        self.look_for_projects();
    }

    /// Stores the result of a search for projects.
    pub fn projects_found(&mut self, found: folders::ProjectsByFolder) {
        self.folders.store(found);
        self.projects_changed = true;
    }

    /// Applies changed settings.
    pub fn configure(&mut self, settings: &serde_json::Value) {
        let before = self.settings.hints;
        Arc::make_mut(&mut self.settings).configure(settings);
        if self.settings.hints != before && self.settings.refreshes_hints() {
            self.send(Outgoing::RefreshHints);
        }
    }

    /// Opens a document.
    pub fn open(&mut self, uri: Url, version: i32, text: Arc<str>) {
        let path = path_of(&uri);
        for project in self.projects.values_mut() {
            project.edit(&path, &text);
            project.is_stale |= is_manifest(&path) && project.contains(&path);
        }
        Arc::make_mut(&mut self.buffers).insert(path, Buffer { uri, version, text });
        self.projects_changed = true;
    }

    /// Applies edits of a document.
    pub fn change(
        &mut self,
        uri: &Url,
        version: i32,
        changes: Vec<TextDocumentContentChangeEvent>,
    ) {
        let path = path_of(uri);
        let Some(buffer) = Arc::make_mut(&mut self.buffers).get_mut(&path) else {
            return self.log(format!("{uri} was changed and is not open"));
        };
        // Versions only grow, so this change is out of order.
        if version < buffer.version {
            let known = buffer.version;
            return self.log(format!(
                "version {version} of {uri} came after version {known}, and is ignored"
            ));
        }
        let (text, problems) = apply_changes(&buffer.text, changes, self.settings.encoding);
        buffer.version = version;
        buffer.text = Arc::clone(&text);
        for problem in problems {
            self.log(format!(
                "version {version} of {uri} was edited where {problem}"
            ));
        }
        for project in self.projects.values_mut() {
            project.edit(&path, &text);
            // The manifest determines the files of the project.
            if is_manifest(&path) && project.contains(&path) {
                project.is_stale = true;
                self.projects_changed = true;
            }
        }
        self.must_publish = true;
    }

    /// Handles that a document was saved.
    pub fn save(&mut self, uri: &Url) {
        let path = path_of(uri);
        let is_known = self
            .projects
            .iter()
            .any(|(key, project)| *key != path && project.contains(&path));
        // A new file may belong to a project.
        if is_manifest(&path) || !is_known {
            self.mark_all_stale();
        }
    }

    /// Closes a document; its file is used again.
    pub fn close(&mut self, uri: &Url) {
        let path = path_of(uri);
        Arc::make_mut(&mut self.buffers).remove(&path);
        for project in self
            .projects
            .values_mut()
            .filter(|project| project.contains(&path))
        {
            project.is_stale = true;
        }
        self.projects_changed = true;
    }

    /// Handles that files were created, changed or deleted. Changes of open documents' files are ignored.
    pub fn files_changed(&mut self, files: &[(Url, bool)]) {
        let counts = |(uri, is_change): &(Url, bool)| {
            let path = path_of(uri);
            !is_change || is_manifest(&path) || !self.buffers.contains_key(&path)
        };
        if files.iter().any(counts) {
            self.mark_all_stale();
        }
        if files
            .iter()
            .any(|(uri, is_change)| !is_change && is_manifest(&path_of(uri)))
        {
            self.look_for_projects();
        }
    }

    fn mark_all_stale(&mut self) {
        self.is_changed_elsewhere = true;
        for project in self.projects.values_mut() {
            project.is_stale = true;
        }
        self.projects_changed = true;
    }

    /// Starts a request.
    pub fn request(&mut self, request: Request) {
        // Renames in quick succession leave no idle time in which to release memory.
        if request.is_broad && self.can_tidy() {
            self.projects.values_mut().for_each(Project::release);
        }
        self.apply_changes();
        if request.is_broad && self.is_checking() {
            self.broad.push(request);
            return;
        }
        let view = self.view(None, request.cancel.clone());
        self.readers.submit(Job::Request(request), view);
    }

    /// Handles a request that an edit interrupted.
    pub fn interrupted(&mut self, mut request: Request) {
        request.tries += 1;
        let may_refuse = request.on_edit == OnEdit::Refuse && self.settings.asks_again;
        if may_refuse || request.tries >= TRIES {
            request.refuse(Error::content_modified());
        } else {
            self.request(request);
        }
    }

    /// Drops pending work after a failure.
    pub fn drop_pending(&mut self) {
        for project in self.projects.values_mut() {
            project.begin_check();
        }
        self.projects_changed = false;
        self.must_publish = false;
    }

    /// True if there is work to do before the next event.
    pub fn has_work(&self) -> bool {
        self.projects_changed
            || self.must_publish
            || self.next_check().is_some()
            || self.can_tidy()
            || self.can_start_broad()
    }

    /// Does the next piece of work.
    pub fn work(&mut self) {
        self.apply_changes();
        if let Some(key) = self.next_check() {
            self.check(key);
        }
        if std::mem::take(&mut self.must_publish) {
            self.publish();
        } else if self.can_tidy() {
            self.tidy();
        } else if self.can_start_broad() {
            for request in std::mem::take(&mut self.broad) {
                self.request(request);
            }
        }
    }

    /// True if a project is being checked or has to be.
    fn is_checking(&self) -> bool {
        self.checking.is_some() || self.projects.values().any(Project::is_unchecked)
    }

    fn can_start_broad(&self) -> bool {
        !self.broad.is_empty() && !self.is_checking()
    }

    fn next_check(&self) -> Option<PathBuf> {
        if self.checking.is_some() {
            return None;
        }
        let unchecked = self
            .projects
            .iter()
            .find(|(_, project)| project.is_unchecked() && !project.must_wait());
        unchecked.map(|(key, _)| key.clone())
    }

    /// Starts the check of a project.
    fn check(&mut self, key: PathBuf) {
        let Some(project) = self.projects.get_mut(&key) else {
            return;
        };
        project.release_parts();
        let (revision, from) = (project.begin_check(), project.checked_files());
        // A snapshot of this project only: during the check, others can be edited.
        let view = self.view(Some(&key), CancelHandle::default());
        self.checking = Some(key);
        let checked = move |project: &ProjectView, findings| Checked {
            project: project.key.clone(),
            revision,
            findings,
        };
        let events = self.events.clone();
        let first = move |view: &View| {
            let is_needed = |project: &&ProjectView| {
                project.sources().len() > MANY && from == 0 && project.findings.is_none()
            };
            if let Some(project) = view.ide.projects.first().filter(is_needed) {
                let first = checked(project, view.check_open(project));
                // The event loop may have ended.
                let _ = events.send(Event::CheckedFirst(first));
            }
        };
        let rest = move |view: &View| {
            let Some(project) = view.ide.projects.first() else {
                return Event::Checked(None);
            };
            let count = project.sources().len();
            let files = project.session.compute_findings(from, PART);
            if files < count {
                return Event::CheckedPart(CheckedPart {
                    project: project.key.clone(),
                    revision,
                    files,
                });
            }
            Event::Checked(Some(checked(project, view.check(project))))
        };
        let check = Check {
            first: Box::new(first),
            rest: Box::new(rest),
        };
        self.checker.submit(Job::Check(check), view);
    }

    /// Handles the end of a check; `None` if an edit stopped it.
    pub fn checked(&mut self, checked: Option<Checked>) {
        let key = self.checking.take();
        self.must_tidy = true;
        let Some(checked) = checked else {
            if let Some(project) = key.and_then(|key| self.projects.get_mut(&key)) {
                project.reset_check();
            }
            return;
        };
        if let Some(project) = self.projects.get_mut(&checked.project) {
            if project.set_findings(checked.revision, checked.findings) {
                self.must_publish = true;
                // This ends its progress.
                self.progress.remove(&checked.project);
            }
            if self.settings.virtual_documents {
                let uri = generated::folder(&project.targets);
                self.send(Outgoing::Regenerated(uri));
            }
        }
    }

    /// Handles a failed check. The project is not checked again until it changes.
    pub fn check_failed(&mut self) {
        if let Some(key) = self.checking.take() {
            self.progress.remove(&key);
        }
        for pull in self.pulls.drain(..) {
            pull.refuse(Error::internal_error());
        }
    }

    /// Applies pending changes, as required before a snapshot is taken.
    fn apply_changes(&mut self) {
        if !self.projects_changed && !self.projects.values().any(Project::is_behind) {
            return;
        }
        self.must_tidy = true;
        // A change of a session waits for its snapshots; these belong to requests that have not started.
        let waiting = self.readers.take_back();
        if std::mem::take(&mut self.projects_changed) {
            self.update_projects();
        }
        for project in self
            .projects
            .values_mut()
            .filter(|project| project.is_behind())
        {
            project.catch_up(|path| self.buffers.contains_key(path));
        }
        for job in waiting {
            if let Job::Request(request) = job {
                self.interrupted(request);
            }
        }
    }

    /// A snapshot of all projects, or of one.
    fn view(&self, only: Option<&Path>, cancel: CancelHandle) -> View {
        let projects = self.projects.iter();
        let asked = projects.filter(|(key, _)| only.is_none_or(|only| only == key.as_path()));
        View {
            ide: nth_ide::view::View {
                projects: asked
                    .filter_map(|(key, project)| project.view(key))
                    .collect(),
                encoding: self.settings.encoding,
                cancel,
            },
            settings: Arc::clone(&self.settings),
            buffers: Arc::clone(&self.buffers),
            embedded_files: Arc::clone(&self.embedded_files),
        }
    }

    /// The converter of findings.
    fn converter(&self) -> Converter<'_> {
        Converter {
            settings: &self.settings,
            buffers: &self.buffers,
            embedded_files: &self.embedded_files,
        }
    }

    fn log(&self, text: String) {
        self.send(Outgoing::Log(MessageType::WARNING, text));
    }

    /// Sends a message to the client.
    pub fn send(&self, message: Outgoing) {
        // The receiver is gone only when the server ends.
        if let Err(unsent) = self.outgoing.send(message) {
            complain(&format_args!("not told: {:?}", unsent.0));
        }
    }
}
