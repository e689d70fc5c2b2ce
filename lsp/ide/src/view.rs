//! Everything as it was at one moment: what a question is answered from.

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

/// Everything as it was at one moment. Edits wait until it is gone, so it is kept for one question only.
#[derive(Default)]
pub struct View {
    /// The projects.
    pub projects: Vec<ProjectView>,
    /// What the columns of positions count.
    pub encoding: Encoding,
    /// Whether an answer is still wanted.
    pub cancel: CancelHandle,
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
    pub load_report: Arc<LoadReport>,
    /// What is wrong in it, where that is known by now. [`View::findings`] finds it out.
    pub found: Option<Arc<Vec<Finding>>>,
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

    /// Where a file is.
    pub fn name(&self, file: SourceFile) -> FileName {
        match self.files.path(file) {
            Some(path) => FileName::Disk(path.to_path_buf()),
            None => FileName::Standard {
                shown: file.path(self.db()).to_string(),
                text: Arc::clone(self.text(file)),
            },
        }
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

    /// A place in an item as a range of its file.
    pub fn absolute(&self, span: Span) -> TextRange {
        let bytes = self.bytes(span);
        TextRange::new(bytes.start, bytes.end)
    }
}

impl View {
    /// The project that a file belongs to, with the file there. A file of a package that is open as a project too is that
    /// project's.
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

    /// The lines of a text, to go from bytes to positions and back.
    pub fn lines<'a>(&self, text: &'a str) -> Lines<'a> {
        Lines::new(text, self.encoding)
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

    /// What is wrong in a file, as the texts are now, with what would mend it.
    pub fn findings(&self, path: &Path) -> Vec<Finding> {
        let of_projects = self.projects.iter().flat_map(|project| {
            let found = match &project.found {
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
            // A package that is open as a project too is checked twice.
            if !all.contains(&finding) {
                all.push(finding);
            }
        }
        all
    }

    /// Everything that is wrong in a project, first what was found on the way to its sources.
    pub fn check(&self, project: &ProjectView) -> Vec<Finding> {
        let mut found = self.load_report(project);
        found.extend(self.converted(project, &project.session.findings()));
        found
    }

    /// What is wrong as far as the documents that are open say; see [`Session::first_findings`].
    ///
    /// [`Session::first_findings`]: nthc::session::Session::first_findings
    pub fn check_open(&self, project: &ProjectView, open: &BTreeSet<&Path>) -> Vec<Finding> {
        let sources = open.iter().filter_map(|path| project.files.source(path));
        let files: Vec<SourceFile> = sources.collect();
        let mut found = self.load_report(project);
        found.extend(self.converted(project, &project.session.first_findings(&files)));
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
        Converter::new(self.encoding, &text).findings(diagnostics)
    }

    /// Unwinds where nobody wants an answer any more. For loops that ask the database nothing, which does the same.
    pub fn stop_if_cancelled(&self) {
        if self.cancel.is_cancelled() {
            std::panic::resume_unwind(Box::new(Cancelled::Local));
        }
    }

    /// By which what is asked of the snapshots can be stopped.
    pub fn tokens(&self) -> Vec<CancellationToken> {
        let databases = self.projects.iter().map(ProjectView::db);
        databases.map(salsa::Database::cancellation_token).collect()
    }
}
