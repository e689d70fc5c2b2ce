//! Everything that changes: the open documents, the projects that they belong to, and what the client was told.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use nthc::project;
use tokio::sync::mpsc::UnboundedSender;
use tower_lsp::jsonrpc::Error;
use tower_lsp::lsp_types::{Diagnostic, MessageType, TextDocumentContentChangeEvent, Url};

use crate::buffers::{Buffer, Buffers, address, changed, is_manifest, path_of};
use crate::outgoing::Outgoing;
use crate::owner::{Checked, Event};
use crate::project::Project;
use crate::published::{Published, Told};
use crate::reads::{Job, Overtaken, Pool, Read, TRIES, Wanted};
use crate::settings::Settings;
use crate::shelf::Shelf;
use crate::view::View;

/// What the owner holds.
pub struct World {
    settings: Arc<Settings>,
    buffers: Arc<Buffers>,
    /// By their folders; by its own path one that is a single document.
    projects: BTreeMap<PathBuf, Project>,
    shelf: Arc<Shelf>,
    published: Published,
    /// Whether it has to be looked anew which projects there are.
    is_unsettled: bool,
    /// Whether the client knows less than is known here.
    is_untold: bool,
    /// The project that is being checked.
    checking: Option<PathBuf>,
    outgoing: UnboundedSender<Outgoing>,
    readers: Pool,
    checker: Pool,
}

impl World {
    /// Nothing is open.
    pub fn new(outgoing: UnboundedSender<Outgoing>, readers: Pool, checker: Pool) -> Self {
        Self {
            settings: Arc::default(),
            buffers: Arc::default(),
            projects: BTreeMap::new(),
            shelf: Arc::default(),
            published: Published::default(),
            is_unsettled: false,
            is_untold: false,
            checking: None,
            outgoing,
            readers,
            checker,
        }
    }

    /// The client said what it can do.
    pub fn start(&mut self, settings: Settings) {
        self.settings = Arc::new(settings);
    }

    /// A document was opened.
    pub fn open(&mut self, uri: Url, version: i32, text: Arc<str>) {
        let path = path_of(&uri);
        for project in self.projects.values_mut() {
            project.edit(&path, &text);
        }
        Arc::make_mut(&mut self.buffers).insert(path, Buffer { uri, version, text });
        self.is_unsettled = true;
    }

    /// A document was edited.
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
        // Versions only ever grow, so an older one came too late.
        if version < buffer.version {
            let known = buffer.version;
            return self.log(format!(
                "version {version} of {uri} came after version {known}, and is left out"
            ));
        }
        let (text, problems) = changed(&buffer.text, changes, self.settings.encoding);
        buffer.version = version;
        buffer.text = Arc::clone(&text);
        for problem in problems {
            self.log(format!(
                "version {version} of {uri} was edited where {problem}"
            ));
        }
        for project in self.projects.values_mut() {
            project.edit(&path, &text);
        }
        self.is_untold = true;
    }

    /// A document was written to its file.
    pub fn save(&mut self, uri: &Url) {
        let path = path_of(uri);
        let is_known = self
            .projects
            .iter()
            .any(|(key, project)| *key != path && project.knows(&path));
        // A file that is new on disk may be a project's.
        if is_manifest(&path) || !is_known {
            self.read_again();
        }
    }

    /// A document was closed; its file counts again.
    pub fn close(&mut self, uri: &Url) {
        let path = path_of(uri);
        Arc::make_mut(&mut self.buffers).remove(&path);
        for project in self
            .projects
            .values_mut()
            .filter(|project| project.knows(&path))
        {
            project.is_stale = true;
        }
        self.is_unsettled = true;
    }

    /// Files came, changed or went. A change behind an open document is none.
    pub fn files_changed(&mut self, files: &[(Url, bool)]) {
        let counts = |(uri, is_change): &(Url, bool)| {
            let path = path_of(uri);
            !is_change || is_manifest(&path) || !self.buffers.contains_key(&path)
        };
        if files.iter().any(counts) {
            self.read_again();
        }
    }

    fn read_again(&mut self) {
        for project in self.projects.values_mut() {
            project.is_stale = true;
        }
        self.is_unsettled = true;
    }

    /// A question came.
    pub fn read(&mut self, read: Read) {
        self.settle();
        let view = self.view(None, read.wanted.clone());
        self.readers.put(Job::Read(read), view);
    }

    /// A question was stopped by an edit.
    pub fn overtaken(&mut self, mut read: Read) {
        read.tries += 1;
        let may_refuse = read.overtaken == Overtaken::Refuse && self.settings.asks_again;
        if may_refuse || read.tries >= TRIES {
            read.refuse(Error::content_modified());
        } else {
            self.read(read);
        }
    }

    /// Leaves alone what was about to be done: it has failed.
    pub fn give_up(&mut self) {
        for project in self.projects.values_mut() {
            project.ask();
        }
        self.is_unsettled = false;
        self.is_untold = false;
    }

    /// Whether there is something to do before the next event.
    pub fn has_work(&self) -> bool {
        self.is_unsettled || self.is_untold || self.next_check().is_some()
    }

    /// Does the next piece of work.
    pub fn work(&mut self) {
        self.settle();
        if let Some(key) = self.next_check() {
            self.check(key);
        }
        if std::mem::take(&mut self.is_untold) {
            self.publish();
        }
    }

    fn next_check(&self) -> Option<PathBuf> {
        if self.checking.is_some() {
            return None;
        }
        let unchecked = self
            .projects
            .iter()
            .find(|(_, project)| project.is_unchecked());
        unchecked.map(|(key, _)| key.clone())
    }

    /// Has a project checked.
    fn check(&mut self, key: PathBuf) {
        let Some(revision) = self.projects.get_mut(&key).map(Project::ask) else {
            return;
        };
        // Only this one: while it is looked at, others can be edited.
        let view = self.view(Some(&key), Wanted::default());
        self.checking = Some(key);
        let check = move |view: &View| {
            let project = view.projects.first()?;
            Some(Checked {
                project: project.key.clone(),
                revision,
                found: view.check(project),
            })
        };
        self.checker.put(
            Job::Check(Box::new(move |view| Event::Checked(check(view)))),
            view,
        );
    }

    /// A check was finished, or stopped by an edit.
    pub fn checked(&mut self, checked: Option<Checked>) {
        let key = self.checking.take();
        let Some(checked) = checked else {
            if let Some(project) = key.and_then(|key| self.projects.get_mut(&key)) {
                project.unask();
            }
            return;
        };
        if let Some(project) = self.projects.get_mut(&checked.project) {
            self.is_untold |= project.find(checked.revision, checked.found);
        }
    }

    /// A check failed. The text at which it did is left alone until it changes.
    pub fn check_failed(&mut self) {
        self.checking = None;
    }

    /// Does what has to be done before anything can be asked.
    fn settle(&mut self) {
        if !self.is_unsettled && !self.projects.values().any(Project::is_behind) {
            return;
        }
        // What changes a session waits for its snapshots, and these nobody has begun to look at.
        let waiting = self.readers.take_back();
        if std::mem::take(&mut self.is_unsettled) {
            self.arrange();
        }
        for project in self
            .projects
            .values_mut()
            .filter(|project| project.is_behind())
        {
            project.catch_up(|path| self.buffers.contains_key(path));
        }
        for job in waiting {
            if let Job::Read(read) = job {
                self.overtaken(read);
            }
        }
    }

    /// Everything as it is now, or one project.
    fn view(&self, only: Option<&Path>, wanted: Wanted) -> View {
        let projects = self.projects.iter();
        let asked = projects.filter(|(key, _)| only.is_none_or(|only| only == key.as_path()));
        View {
            settings: Arc::clone(&self.settings),
            buffers: Arc::clone(&self.buffers),
            projects: asked
                .filter_map(|(key, project)| project.view(key))
                .collect(),
            shelf: Arc::clone(&self.shelf),
            wanted,
        }
    }

    /// Sees to it that there are the projects of the open documents, and no others.
    fn arrange(&mut self) {
        self.is_untold = true;
        let mut wanted = Vec::new();
        let mut problems = Vec::new();
        let buffers = Arc::clone(&self.buffers);
        let text = |path: &Path| buffers.get(path).map(|buffer| Arc::clone(&buffer.text));
        for (path, buffer) in buffers.iter() {
            let root = buffer
                .uri
                .to_file_path()
                .ok()
                .and_then(|_| project::find(path.parent()?));
            if let Some(root) = root {
                let read = match self.projects.get_mut(&root) {
                    Some(project) if project.is_stale => {
                        // Once is enough, even if it fails.
                        project.is_stale = false;
                        project.reload(text)
                    }
                    Some(_) => Ok(()),
                    None => Project::load(&root, text).map(|project| {
                        self.projects.insert(root.clone(), project);
                    }),
                };
                if let Err(problem) = read {
                    problems.push(problem.to_string());
                }
                if self
                    .projects
                    .get(&root)
                    .is_some_and(|project| project.knows(path))
                {
                    wanted.push(root);
                    continue;
                }
            }
            // The standard library is no project of the person's.
            if is_manifest(path) || self.shelf.holds(path) {
                continue;
            }
            self.projects
                .entry(path.clone())
                .or_insert_with(|| Project::alone(path, Arc::clone(&buffer.text)));
            wanted.push(path.clone());
        }
        self.projects.retain(|key, _| wanted.contains(key));
        for problem in problems {
            self.tell(Outgoing::Show(MessageType::ERROR, problem));
        }
    }

    /// Tells the client what it does not know yet. Documents in which nothing is wrong any more are told so; those of
    /// which it is not known by now are left alone.
    fn publish(&mut self) {
        let is_known = |path: &Path| {
            let mut projects = self.projects.values();
            projects.all(|project| project.found().is_some() || !project.knows(path))
        };
        let open = self.buffers.keys().map(PathBuf::as_path);
        let mut found: BTreeMap<&Path, Vec<Diagnostic>> = open
            .filter(|path| is_known(path))
            .map(|path| (path, Vec::new()))
            .collect();
        let all = self.projects.values().filter_map(Project::found);
        for finding in all.flat_map(|found| found.iter()) {
            if !is_known(&finding.path) {
                continue;
            }
            let of_file = found.entry(&finding.path).or_default();
            // A package that is open as a project too is checked twice.
            if !of_file.contains(&finding.diagnostic) {
                of_file.push(finding.diagnostic.clone());
            }
        }
        let now: HashMap<Url, Told> = found
            .into_iter()
            .filter_map(|(path, diagnostics)| {
                let version = self.buffers.get(path).map(|buffer| buffer.version);
                let told = Told {
                    version,
                    diagnostics,
                };
                Some((address(&self.buffers, path)?, told))
            })
            .collect();
        let news = self.published.news(now, |uri| !is_known(&path_of(uri)));
        for found in news {
            self.tell(Outgoing::Diagnostics(found));
        }
    }

    fn log(&self, text: String) {
        self.tell(Outgoing::Log(MessageType::WARNING, text));
    }

    /// Tells the client something.
    pub fn tell(&self, message: Outgoing) {
        // The other end is only closed when the server ends.
        if let Err(unsent) = self.outgoing.send(message) {
            eprintln!("nth-lsp: not told: {:?}", unsent.0);
        }
    }
}
