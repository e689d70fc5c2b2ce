//! Everything as it was at one moment: what a question is answered from.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use nthc::db::{Database, ItemKey, SourceFile, Span, Workspace, item_start};
use nthc::diagnostics::{Diagnostic, FileSpan};
use nthc::ir;
use nthc::session::Snapshot;
use nthc::syntax::tree::TextRange;
use salsa::{CancellationToken, Cancelled};
use tower_lsp::lsp_types::{Location, Position, Range, TextEdit, Url, WorkspaceEdit};

use crate::buffers::{Buffer, Buffers, address, path_of};
use crate::convert::{Converter, Finding, STANDARD_SCHEME, Text, standard_address};
use crate::edits;
use crate::position::Lines;
use crate::project::OnTheWay;
use crate::reads::Wanted;
use crate::settings::Settings;
use crate::shelf::Shelf;

/// Everything as it was at one moment. Edits wait until it is gone, so it is kept for one question only.
pub struct View {
    /// What the client can do, and wants.
    pub settings: Arc<Settings>,
    /// The open documents.
    pub buffers: Arc<Buffers>,
    /// The projects.
    pub projects: Vec<ProjectView>,
    /// What the compiler carries.
    pub shelf: Arc<Shelf>,
    /// Whether an answer is still wanted.
    pub wanted: Wanted,
}

/// A project at that moment.
pub struct ProjectView {
    /// Its folder; the path of the document where that is all of it.
    pub key: PathBuf,
    /// The compiler's side of it, to be asked.
    pub session: Snapshot,
    /// What its targets need to know, for no environment.
    pub targets: Arc<ir::Settings>,
    /// Its files.
    pub files: Arc<FileTable>,
    /// What was wrong on the way to its sources.
    pub on_the_way: Arc<OnTheWay>,
    /// What is wrong in it, where that is known by now. [`View::findings`] finds it out.
    pub found: Option<Arc<Vec<Finding>>>,
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

impl ProjectView {
    /// The database.
    pub fn db(&self) -> &Database {
        &self.session.db
    }

    /// The workspace, which most queries ask for.
    pub fn workspace(&self) -> Workspace {
        self.session.workspace
    }

    /// The files of the project and of its packages.
    pub fn sources(&self) -> &[SourceFile] {
        self.session.files()
    }

    /// The text of a file; for an open one that of its buffer.
    pub fn text(&self, file: SourceFile) -> &Arc<str> {
        file.text(self.db())
    }

    /// Where an item begins in its file.
    pub fn start_of(&self, item: ItemKey) -> usize {
        item_start(self.db(), item) as usize
    }

    /// A place in an item as bytes of its file.
    pub fn bytes(&self, span: Span) -> std::ops::Range<usize> {
        let start = self.start_of(span.item);
        start + span.range.start as usize..start + span.range.end as usize
    }
}

impl View {
    /// The document, where it is open.
    pub fn buffer(&self, uri: &Url) -> Option<&Buffer> {
        self.buffers.get(&path_of(uri))
    }

    /// The project that a document belongs to, with its file there. A file of a package that is open as a project too is
    /// that project's, and a module of the standard library any project's.
    pub fn file(&self, uri: &Url) -> Option<(&ProjectView, SourceFile)> {
        let path = path_of(uri);
        let owns = |project: &&ProjectView| {
            let file = project.files.source(&path);
            file.is_some_and(|file| !file.package(project.db()))
        };
        let knows = |project: &&ProjectView| project.files.source(&path).is_some();
        let project = self.projects.iter().find(owns);
        if let Some(project) = project.or_else(|| self.projects.iter().find(knows)) {
            return Some((project, project.files.source(&path)?));
        }
        let shown = if uri.scheme() == STANDARD_SCHEME {
            uri.path().trim_start_matches('/').to_owned()
        } else {
            nthc::project::paths::slashes(&self.shelf.shown(&path)?)
        };
        self.projects.iter().find_map(|project| {
            let standard = project.session.standard_library().iter();
            let mut files = standard.filter(|file| *file.path(project.db()) == shown);
            Some((project, *files.next()?))
        })
    }

    /// The address of a file. That of a module of the standard library is a file that the server writes, or a virtual
    /// document where the client can show them.
    pub fn address(&self, project: &ProjectView, file: SourceFile) -> Option<Url> {
        match project.files.path(file) {
            Some(path) => address(&self.buffers, path),
            None => standard_address(
                &self.settings,
                &self.shelf,
                file.path(project.db()),
                project.text(file),
            ),
        }
    }

    /// The lines of a text, to go from bytes to positions and back.
    pub fn lines<'a>(&self, text: &'a str) -> Lines<'a> {
        Lines::new(text, self.settings.encoding)
    }

    /// The byte of a file at a position.
    pub fn offset(&self, project: &ProjectView, file: SourceFile, position: Position) -> usize {
        self.lines(project.text(file)).offset(position)
    }

    /// The range of some bytes of a file. For many of one file, [`View::lines`] reads its text once.
    pub fn range(&self, project: &ProjectView, file: SourceFile, range: TextRange) -> Range {
        self.lines(project.text(file))
            .range(range.start as usize, range.end as usize)
    }

    /// The range of a place in an item.
    pub fn range_of(&self, project: &ProjectView, span: Span) -> Range {
        let bytes = project.bytes(span);
        self.lines(project.text(span.item.file))
            .range(bytes.start, bytes.end)
    }

    /// The location of a place in an item.
    pub fn location(&self, project: &ProjectView, span: Span) -> Option<Location> {
        Some(Location {
            uri: self.address(project, span.item.file)?,
            range: self.range_of(project, span),
        })
    }

    /// An edit of several files, with versions where the client takes them. Nothing where one of the files has no
    /// address, for an edit is made whole or not at all.
    pub fn workspace_edit(
        &self,
        edits: impl IntoIterator<Item = (PathBuf, TextEdit)>,
    ) -> Option<WorkspaceEdit> {
        let mut by_file: BTreeMap<PathBuf, Vec<TextEdit>> = BTreeMap::new();
        for (path, edit) in edits {
            by_file.entry(path).or_default().push(edit);
        }
        edits::workspace_edit(&self.buffers, self.settings.versioned_edits, by_file)
    }

    /// What is wrong in a file, as the texts are now, with what would mend it.
    pub fn findings(&self, path: &Path) -> Vec<Finding> {
        let of_projects = self.projects.iter().flat_map(|project| {
            let found = match &project.found {
                Some(found) => Arc::clone(found),
                None => Arc::new(self.check(project)),
            };
            let of_file = found.iter().filter(|finding| finding.path == path);
            of_file.cloned().collect::<Vec<_>>()
        });
        let mut all: Vec<Finding> = Vec::new();
        for finding in of_projects {
            // A package that is open as a project too is checked twice.
            if !all.contains(&finding) {
                all.push(finding);
            }
        }
        all
    }

    /// Everything that is wrong in a project, first what was found on the way to its sources.
    pub fn check(&self, project: &ProjectView) -> Vec<Finding> {
        let mut found = self.on_the_way(project);
        found.extend(self.converted(project, &project.session.findings()));
        found
    }

    /// What is wrong as far as the open documents say; see [`Session::first_findings`].
    ///
    /// [`Session::first_findings`]: nthc::session::Session::first_findings
    pub fn check_open(&self, project: &ProjectView) -> Vec<Finding> {
        let open = self.buffers.keys();
        let files: Vec<SourceFile> = open.filter_map(|path| project.files.source(path)).collect();
        let mut found = self.on_the_way(project);
        found.extend(self.converted(project, &project.session.first_findings(&files)));
        found.retain(|finding| self.buffers.contains_key(&finding.path));
        found
    }

    fn on_the_way(&self, project: &ProjectView) -> Vec<Finding> {
        let text = |number: usize| {
            let file = project.on_the_way.sources.file(number)?;
            Some(Text {
                path: project.on_the_way.paths.get(number).map(PathBuf::as_path),
                shown: &file.path,
                text: &file.text,
            })
        };
        Converter::new(&self.settings, &self.buffers, &self.shelf, &text)
            .findings(&project.on_the_way.diagnostics)
    }

    fn converted(
        &self,
        project: &ProjectView,
        diagnostics: &[Diagnostic<FileSpan>],
    ) -> Vec<Finding> {
        let text = |number: usize| {
            let file = project.session.file(number)?;
            Some(Text {
                path: project.files.paths().get(number).map(PathBuf::as_path),
                shown: file.path(project.db()),
                text: file.text(project.db()),
            })
        };
        Converter::new(&self.settings, &self.buffers, &self.shelf, &text).findings(diagnostics)
    }

    /// Unwinds where nobody wants an answer any more. For loops that ask the database nothing, which does the same.
    pub fn stop_if_unwanted(&self) {
        if self.wanted.is_given_up() {
            std::panic::resume_unwind(Box::new(Cancelled::Local));
        }
    }

    /// By which what is asked of the snapshots can be stopped.
    pub fn tokens(&self) -> Vec<CancellationToken> {
        let databases = self.projects.iter().map(ProjectView::db);
        databases.map(salsa::Database::cancellation_token).collect()
    }
}
