//! Everything that changes: the open documents, the projects that they belong to, and what the client was told.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use nthc::diagnostics::Code;
use nthc::levels::allow_above;
use nthc::project::{self, EXTENSION, MANIFEST};
use tokio::sync::mpsc::UnboundedSender;
use tower_lsp::lsp_types::{
    CodeAction, CodeActionKind, CodeActionOrCommand, CodeActionParams, CodeActionResponse,
    Diagnostic, DocumentChanges, MessageType, OneOf, OptionalVersionedTextDocumentIdentifier,
    PublishDiagnosticsParams, Range, TextDocumentEdit, TextEdit, Url, WorkspaceEdit,
};

use crate::convert::{self, Addresses, Finding, QuickFix};
use crate::outgoing::Outgoing;
use crate::position::Lines;
use crate::project::Project;
use crate::settings::Settings;
use crate::shelf::Shelf;

/// An open document, which counts instead of its file.
struct Buffer {
    uri: Url,
    version: i32,
    text: Arc<str>,
}

/// What the client was last told of a document.
#[derive(PartialEq)]
struct Told {
    version: Option<i32>,
    diagnostics: Vec<Diagnostic>,
}

/// What the owner holds.
pub struct World {
    settings: Settings,
    buffers: BTreeMap<PathBuf, Buffer>,
    /// By their folders; by its own path one that is a single document.
    projects: BTreeMap<PathBuf, Project>,
    shelf: Shelf,
    told: HashMap<Url, Told>,
    /// Whether it has to be looked anew which projects there are.
    is_unsettled: bool,
    /// Whether the client knows less than is known here.
    is_untold: bool,
    outgoing: UnboundedSender<Outgoing>,
}

/// The path of a document. One without a file has its address instead, which is no other's.
fn path_of(uri: &Url) -> PathBuf {
    match uri.to_file_path() {
        Ok(path) => project::paths::normalize(&path),
        Err(()) => PathBuf::from(uri.as_str()),
    }
}

fn is_manifest(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name == MANIFEST)
}

impl World {
    /// Nothing is open.
    pub fn new(outgoing: UnboundedSender<Outgoing>) -> Self {
        Self {
            settings: Settings::default(),
            buffers: BTreeMap::new(),
            projects: BTreeMap::new(),
            shelf: Shelf::default(),
            told: HashMap::new(),
            is_unsettled: false,
            is_untold: false,
            outgoing,
        }
    }

    /// The client said what it can do.
    pub fn start(&mut self, settings: Settings) {
        self.settings = settings;
    }

    /// A document was opened.
    pub fn open(&mut self, uri: Url, version: i32, text: Arc<str>) {
        let path = path_of(&uri);
        for project in self.projects.values_mut() {
            project.edit(&path, &text);
        }
        self.buffers.insert(path, Buffer { uri, version, text });
        self.is_unsettled = true;
    }

    /// A document has a new text.
    pub fn change(&mut self, uri: &Url, version: i32, text: Arc<str>) {
        let path = path_of(uri);
        let Some(buffer) = self.buffers.get_mut(&path) else {
            let text = format!("{uri} was changed and is not open");
            return self.tell(Outgoing::Log(MessageType::WARNING, text));
        };
        // Versions only ever grow, so an older one came too late.
        if version < buffer.version {
            return;
        }
        for project in self.projects.values_mut() {
            project.edit(&path, &text);
        }
        buffer.version = version;
        buffer.text = text;
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
        self.buffers.remove(&path);
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

    /// Forgets everything that was computed, and leaves the texts at which that failed alone until they change.
    pub fn forget(&mut self) {
        for project in self.projects.values_mut() {
            project.forget();
            project.is_dirty = false;
        }
    }

    /// Whether there is something to do before the next event.
    pub fn has_work(&self) -> bool {
        self.is_unsettled
            || self.is_untold
            || self.projects.values().any(|project| project.is_dirty)
    }

    /// Does the next piece of work.
    pub fn work(&mut self) {
        if !self.settle() {
            self.publish();
        }
    }

    /// Does the next piece of what has to be done before anything can be said; whether there was any.
    fn settle(&mut self) -> bool {
        if std::mem::take(&mut self.is_unsettled) {
            self.arrange();
            return true;
        }
        let dirty = self.projects.values_mut().find(|project| project.is_dirty);
        if let Some(project) = dirty {
            // Before the check, so that a text at which it fails is not checked for ever.
            project.is_dirty = false;
            self.is_untold = true;
            project.found.clear();
            let mut addresses = Directory {
                buffers: &self.buffers,
                shelf: &mut self.shelf,
                pages: self.settings.pages.as_ref(),
                problem: None,
            };
            for checked in project.check() {
                project
                    .found
                    .extend(convert::findings(&checked, &self.settings, &mut addresses));
            }
            if let Some(problem) = addresses.problem {
                let text = format!("cannot lay out what the compiler carries: {problem}");
                self.tell(Outgoing::Log(MessageType::WARNING, text));
            }
            return true;
        }
        false
    }

    /// Sees to it that there are the projects of the open documents, and no others.
    fn arrange(&mut self) {
        self.is_untold = true;
        let mut wanted = Vec::new();
        let mut problems = Vec::new();
        let text = |path: &Path| {
            self.buffers
                .get(path)
                .map(|buffer| Arc::clone(&buffer.text))
        };
        for (path, buffer) in &self.buffers {
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

    /// Tells the client what it does not know yet. Documents in which nothing is wrong any more are told so.
    fn publish(&mut self) {
        self.is_untold = false;
        let mut found: BTreeMap<&Path, Vec<Diagnostic>> = self
            .buffers
            .keys()
            .map(|path| (path.as_path(), Vec::new()))
            .collect();
        for finding in self.projects.values().flat_map(|project| &project.found) {
            let of_file = found.entry(&finding.path).or_default();
            // A package that is open as a project too is checked twice.
            if !of_file.contains(&finding.diagnostic) {
                of_file.push(finding.diagnostic.clone());
            }
        }
        let mut now: HashMap<Url, Told> = found
            .into_iter()
            .filter_map(|(path, diagnostics)| {
                let uri = address(&self.buffers, path)?;
                let version = self.buffers.get(path).map(|buffer| buffer.version);
                Some((
                    uri,
                    Told {
                        version,
                        diagnostics,
                    },
                ))
            })
            .collect();
        let mut news: Vec<PublishDiagnosticsParams> = now
            .iter()
            .filter(|(uri, told)| self.told.get(uri) != Some(told))
            .map(|(uri, told)| PublishDiagnosticsParams {
                uri: uri.clone(),
                diagnostics: told.diagnostics.clone(),
                version: told.version,
            })
            .collect();
        let gone = self.told.keys().filter(|uri| !now.contains_key(uri));
        news.extend(gone.map(|uri| PublishDiagnosticsParams {
            uri: uri.clone(),
            diagnostics: Vec::new(),
            version: None,
        }));
        news.sort_by(|left, right| left.uri.cmp(&right.uri));
        std::mem::swap(&mut self.told, &mut now);
        for found in news {
            self.tell(Outgoing::Diagnostics(found));
        }
    }

    /// The edits that lay a document out; none where it has syntax errors or is laid out.
    pub fn format(&self, uri: &Url) -> Option<Vec<TextEdit>> {
        let buffer = self.buffers.get(&path_of(uri))?;
        let new_text = nthc::syntax::format(&buffer.text)?;
        if new_text == *buffer.text {
            return Some(Vec::new());
        }
        let range = Lines::new(&buffer.text, self.settings.encoding).whole();
        Some(vec![TextEdit { range, new_text }])
    }

    /// The fixes of what is wrong at a place, as the texts are now.
    pub fn actions(&mut self, params: &CodeActionParams) -> Option<CodeActionResponse> {
        let is_asked = |kind: &CodeActionKind| {
            let quick = CodeActionKind::QUICKFIX;
            kind.as_str().is_empty()
                || quick == *kind
                || quick.as_str().starts_with(&format!("{}.", kind.as_str()))
        };
        if !params
            .context
            .only
            .as_ref()
            .is_none_or(|only| only.iter().any(is_asked))
        {
            return None;
        }
        while self.settle() {}
        let path = path_of(&params.text_document.uri);
        let mut actions: Vec<CodeActionOrCommand> = Vec::new();
        for finding in self.projects.values().flat_map(|project| &project.found) {
            if finding.path != path || !touch(finding.diagnostic.range, params.range) {
                continue;
            }
            for fix in finding.fixes.iter().chain(&self.allow(finding)) {
                let Some(edit) = self.workspace_edit(fix) else {
                    continue;
                };
                let action = CodeActionOrCommand::CodeAction(CodeAction {
                    title: fix.title.clone(),
                    kind: Some(CodeActionKind::QUICKFIX),
                    diagnostics: Some(vec![finding.diagnostic.clone()]),
                    edit: Some(edit),
                    is_preferred: Some(fix.is_sure),
                    ..CodeAction::default()
                });
                if !actions.contains(&action) {
                    actions.push(action);
                }
            }
        }
        Some(actions)
    }

    /// What would allow a warning where it stands, in a document that is open.
    fn allow(&self, finding: &Finding) -> Option<QuickFix> {
        let is_source = finding
            .path
            .extension()
            .is_some_and(|extension| extension == EXTENSION);
        let buffer = self.buffers.get(&finding.path).filter(|_| is_source)?;
        let above = allow_above(&buffer.text, finding.place, finding.code)?;
        let at = above.at as usize;
        let range = Lines::new(&buffer.text, self.settings.encoding).range(at, at);
        let new_text = above.text;
        Some(QuickFix {
            title: format!("Allow `{}` here", finding.code.slug),
            is_sure: false,
            edits: vec![(finding.path.clone(), TextEdit { range, new_text })],
        })
    }

    fn workspace_edit(&self, fix: &QuickFix) -> Option<WorkspaceEdit> {
        let mut by_file: BTreeMap<&Path, Vec<TextEdit>> = BTreeMap::new();
        for (path, edit) in &fix.edits {
            by_file.entry(path).or_default().push(edit.clone());
        }
        let files = by_file.into_iter().map(|(path, edits)| {
            let version = self.buffers.get(path).map(|buffer| buffer.version);
            address(&self.buffers, path).map(|uri| (uri, version, edits))
        });
        // A fix is made whole or not at all.
        let files: Vec<_> = files.collect::<Option<_>>()?;
        if !self.settings.versioned_edits {
            let changes = files
                .into_iter()
                .map(|(uri, _, edits)| (uri, edits))
                .collect();
            return Some(WorkspaceEdit::new(changes));
        }
        let documents = files
            .into_iter()
            .map(|(uri, version, edits)| TextDocumentEdit {
                text_document: OptionalVersionedTextDocumentIdentifier { uri, version },
                edits: edits.into_iter().map(OneOf::Left).collect(),
            });
        Some(WorkspaceEdit {
            document_changes: Some(DocumentChanges::Edits(documents.collect())),
            ..WorkspaceEdit::default()
        })
    }

    fn tell(&self, message: Outgoing) {
        // The other end is only closed when the server ends.
        if let Err(unsent) = self.outgoing.send(message) {
            eprintln!("nth-lsp: not told: {:?}", unsent.0);
        }
    }
}

/// Whether two ranges share a place, be it an end of each.
fn touch(left: Range, right: Range) -> bool {
    left.start <= right.end && right.start <= left.end
}

/// The address of a file: for an open one the client's own words.
fn address(buffers: &BTreeMap<PathBuf, Buffer>, path: &Path) -> Option<Url> {
    match buffers.get(path) {
        Some(buffer) => Some(buffer.uri.clone()),
        None => Url::from_file_path(path).ok(),
    }
}

struct Directory<'a> {
    buffers: &'a BTreeMap<PathBuf, Buffer>,
    shelf: &'a mut Shelf,
    pages: Option<&'a Url>,
    problem: Option<io::Error>,
}

impl Directory<'_> {
    fn noted<T>(&mut self, result: io::Result<T>) -> Option<T> {
        result.map_err(|problem| self.problem = Some(problem)).ok()
    }
}

impl Addresses for Directory<'_> {
    fn of(&self, path: &Path) -> Option<Url> {
        address(self.buffers, path)
    }

    fn standard(&mut self, shown: &str, text: &str) -> Option<PathBuf> {
        let put = self.shelf.module(shown, text);
        self.noted(put)
    }

    fn page(&mut self, code: &Code) -> Option<Url> {
        if let Some(pages) = self.pages {
            return pages.join(&format!("{}.md", code.id)).ok();
        }
        let put = self.shelf.page(code);
        self.noted(put)
            .and_then(|path| Url::from_file_path(path).ok())
    }
}
