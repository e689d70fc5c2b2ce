//! Immutable snapshots, from which requests are answered.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use nthc::db::{Database, ItemKey, SourceFile, Span, Workspace, item_start};
use nthc::diagnostics::{Diagnostic, FileSpan};
use nthc::ir;
use nthc::session::Snapshot;
use nthc::syntax::tree::TextRange;
use salsa::{CancellationToken, Cancelled};

use crate::cancel::CancelHandle;
use crate::files::{FileName, FileTable, LoadReport};
use crate::findings::{Converter, Finding, Text};
use crate::position::{Encoding, Lines, Position, Range};

/// A snapshot of all projects. Edits wait until it is dropped, so it is kept for a single request.
#[derive(Default)]
pub struct View {
    /// The projects.
    pub projects: Vec<ProjectView>,
    /// The unit of columns.
    pub encoding: Encoding,
    /// Cancels the request.
    pub cancel: CancelHandle,
}

/// A snapshot of a project.
pub struct ProjectView {
    /// The project's folder; the path of the document if there is no project.
    pub key: PathBuf,
    /// The compiler session.
    pub session: Snapshot,
    /// The settings of its targets, without an environment.
    pub targets: Arc<ir::Settings>,
    /// Its files.
    pub files: Arc<FileTable>,
    /// Diagnostics from loading the project.
    pub load_report: Arc<LoadReport>,
    /// The diagnostics, if the project was checked already. [`View::findings`] computes them otherwise.
    pub findings: Option<Arc<Vec<Finding>>>,
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

    /// The text of a file, or of its buffer if it is open.
    pub fn text(&self, file: SourceFile) -> &Arc<str> {
        file.text(self.db())
    }

    /// The location of a file.
    pub fn name(&self, file: SourceFile) -> FileName {
        match self.files.path(file) {
            Some(path) => FileName::Disk(path.to_path_buf()),
            None => FileName::Standard {
                shown: file.path(self.db()).to_string(),
                text: Arc::clone(self.text(file)),
            },
        }
    }

    /// The byte at which an item begins in its file.
    pub fn start_of(&self, item: ItemKey) -> usize {
        item_start(self.db(), item) as usize
    }

    /// Converts a range in an item to bytes of its file.
    pub fn bytes(&self, span: Span) -> std::ops::Range<usize> {
        let start = self.start_of(span.item);
        start + span.range.start as usize..start + span.range.end as usize
    }

    /// Converts a range in an item to a range of its file.
    pub fn absolute(&self, span: Span) -> TextRange {
        let bytes = self.bytes(span);
        TextRange::new(bytes.start, bytes.end)
    }
}

impl View {
    /// The project that a file belongs to, with the file's input. A file of a package that is also open as a project
    /// belongs to the latter.
    pub fn file(&self, path: &Path) -> Option<(&ProjectView, SourceFile)> {
        let owns = |project: &&ProjectView| {
            let file = project.files.source(path);
            file.is_some_and(|file| !file.package(project.db()))
        };
        let knows = |project: &&ProjectView| project.files.source(path).is_some();
        let project = self.projects.iter().find(owns);
        let project = project.or_else(|| self.projects.iter().find(knows))?;
        Some((project, project.files.source(path)?))
    }

    /// A module of the standard library by its path as shown, `std/http.nth`, in any project.
    pub fn standard_file(&self, shown: &str) -> Option<(&ProjectView, SourceFile)> {
        self.projects.iter().find_map(|project| {
            let standard = project.session.standard_library().iter();
            let mut files = standard.filter(|file| *file.path(project.db()) == shown);
            Some((project, *files.next()?))
        })
    }

    /// The lines of a text, to convert between bytes and positions.
    pub fn lines<'a>(&self, text: &'a str) -> Lines<'a> {
        Lines::new(text, self.encoding)
    }

    /// The byte at a position of a file.
    pub fn offset(&self, project: &ProjectView, file: SourceFile, position: Position) -> usize {
        self.lines(project.text(file)).offset(position)
    }

    /// The range of a byte range of a file. For many ranges of one file, use [`View::lines`], which reads its text
    /// once.
    pub fn range(&self, project: &ProjectView, file: SourceFile, range: TextRange) -> Range {
        self.lines(project.text(file))
            .range(range.start as usize, range.end as usize)
    }

    /// The diagnostics of a file for the current texts, with their fixes.
    pub fn findings(&self, path: &Path) -> Vec<Finding> {
        let of_projects = self.projects.iter().flat_map(|project| {
            let found = match &project.findings {
                Some(found) => Arc::clone(found),
                None => Arc::new(self.check(project)),
            };
            let of_file = found
                .iter()
                .filter(|finding| finding.file.path() == Some(path));
            of_file.cloned().collect::<Vec<_>>()
        });
        let mut all: Vec<Finding> = Vec::new();
        for finding in of_projects {
            // A package that is also open as a project is checked twice.
            if !all.contains(&finding) {
                all.push(finding);
            }
        }
        all
    }

    /// All diagnostics of a project, those from loading it first.
    pub fn check(&self, project: &ProjectView) -> Vec<Finding> {
        let mut found = self.load_report(project);
        found.extend(self.convert(project, &project.session.findings()));
        found
    }

    /// The diagnostics of the open documents only; see [`Session::first_findings`].
    ///
    /// [`Session::first_findings`]: nthc::session::Session::first_findings
    pub fn check_open(&self, project: &ProjectView, open: &BTreeSet<&Path>) -> Vec<Finding> {
        let sources = open.iter().filter_map(|path| project.files.source(path));
        let files: Vec<SourceFile> = sources.collect();
        let mut found = self.load_report(project);
        found.extend(self.convert(project, &project.session.first_findings(&files)));
        found.retain(|finding| {
            let path = finding.file.path();
            path.is_some_and(|path| open.contains(path))
        });
        found
    }

    fn load_report(&self, project: &ProjectView) -> Vec<Finding> {
        let text = |number: usize| {
            let file = project.load_report.sources.file(number)?;
            Some(Text {
                path: project.load_report.paths.get(number).map(PathBuf::as_path),
                shown: &file.path,
                text: &file.text,
            })
        };
        Converter::new(self.encoding, &text).findings(&project.load_report.diagnostics)
    }

    fn convert(&self, project: &ProjectView, diagnostics: &[Diagnostic<FileSpan>]) -> Vec<Finding> {
        let text = |number: usize| {
            let file = project.session.file(number)?;
            Some(Text {
                path: project.files.paths().get(number).map(PathBuf::as_path),
                shown: file.path(project.db()),
                text: file.text(project.db()),
            })
        };
        Converter::new(self.encoding, &text).findings(diagnostics)
    }

    /// Unwinds if the request is cancelled. For loops without database queries, which do the same.
    pub fn stop_if_cancelled(&self) {
        if self.cancel.is_cancelled() {
            std::panic::resume_unwind(Box::new(Cancelled::Local));
        }
    }

    /// The cancellation tokens of the snapshots.
    pub fn tokens(&self) -> Vec<CancellationToken> {
        let databases = self.projects.iter().map(ProjectView::db);
        databases.map(salsa::Database::cancellation_token).collect()
    }
}
