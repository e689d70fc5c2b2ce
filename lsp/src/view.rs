//! Snapshots of all projects, with the client's capabilities and documents.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::Arc;

use nth_ide::features::definition::Cursor;
use nth_ide::features::references::Place;
use nth_ide::findings::Finding;
use nth_ide::position;
use nth_ide::project::is_manifest;
use nth_ide::view::ProjectView;
use nthc::db::SourceFile;
use nthc::syntax::tree::TextRange;
use tower_lsp::lsp_types::{
    Location, Position, Range, TextDocumentPositionParams, Url, WorkspaceEdit,
};

use crate::buffers::{Buffer, Buffers, path_of};
use crate::convert::{Converter, STANDARD_SCHEME};
use crate::edits;
use crate::embedded_files::EmbeddedFiles;
use crate::lines::{Lines, to_edit};
use crate::settings::Settings;

/// A snapshot of all projects. Edits wait until it is dropped, so it is kept for a single request.
#[derive(Default)]
pub struct View {
    /// The snapshot without the protocol.
    pub ide: nth_ide::view::View,
    /// The client's capabilities and settings.
    pub settings: Arc<Settings>,
    /// The open documents.
    pub buffers: Arc<Buffers>,
    /// The files embedded in the compiler.
    pub embedded_files: Arc<EmbeddedFiles>,
}

impl View {
    /// The document, if it is open.
    pub fn buffer(&self, uri: &Url) -> Option<&Buffer> {
        self.buffers.get(&path_of(uri))
    }

    /// An open `nth.toml`.
    pub fn manifest(&self, uri: &Url) -> Option<&Buffer> {
        self.buffer(uri).filter(|_| is_manifest(&path_of(uri)))
    }

    /// The project that a document belongs to, with its file there. A file of a package that is also open as a
    /// project belongs to the latter; a module of the standard library belongs to any project.
    pub fn file(&self, uri: &Url) -> Option<(&ProjectView, SourceFile)> {
        let path = path_of(uri);
        if let Some(found) = self.ide.file(&path) {
            return Some(found);
        }
        let shown = if uri.scheme() == STANDARD_SCHEME {
            uri.path().trim_start_matches('/').to_owned()
        } else {
            nthc::project::paths::slashes(&self.embedded_files.shown_path(&path)?)
        };
        self.ide.standard_file(&shown)
    }

    /// The cursor at a client's position.
    pub fn cursor(&self, params: &TextDocumentPositionParams) -> Option<Cursor<'_>> {
        let (project, file) = self.file(&params.text_document.uri)?;
        Cursor::new(project, file, self.offset(project, file, params.position))
    }

    /// The converter of findings.
    pub fn converter(&self) -> Converter<'_> {
        Converter {
            settings: &self.settings,
            buffers: &self.buffers,
            embedded_files: &self.embedded_files,
        }
    }

    /// The URI of a file. For a module of the standard library, a virtual document if the client supports them,
    /// otherwise a file that the server writes.
    pub fn address(&self, project: &ProjectView, file: SourceFile) -> Option<Url> {
        self.converter().address(&project.name(file))
    }

    /// The lines of a text, to convert between bytes and positions.
    pub fn lines<'a>(&self, text: &'a str) -> Lines<'a> {
        Lines::new(text, self.settings.encoding)
    }

    /// The byte at a position of a file.
    pub fn offset(&self, project: &ProjectView, file: SourceFile, position: Position) -> usize {
        self.lines(project.text(file)).offset(position)
    }

    /// The range of a byte range of a file. For many ranges of one file, use [`View::lines`], which reads its text
    /// once.
    pub fn range(&self, project: &ProjectView, file: SourceFile, range: TextRange) -> Range {
        self.lines(project.text(file)).range(range)
    }

    /// The locations of places. The lines of each file are read once.
    pub fn locations<'a>(
        &self,
        places: impl IntoIterator<Item = &'a Place<'a>>,
    ) -> Vec<Option<Location>> {
        // Files are numbered per project.
        let mut known: HashMap<(*const ProjectView, SourceFile), Option<_>> = HashMap::new();
        let locations = places.into_iter().map(|place| {
            let Place { project, file, .. } = *place;
            let key = (std::ptr::from_ref(project), file);
            let of_file = known.entry(key).or_insert_with(|| {
                let uri = self.address(project, file)?;
                Some((uri, self.lines(project.text(file))))
            });
            let (uri, lines) = of_file.as_ref()?;
            Some(Location::new(uri.clone(), lines.range(place.range)))
        });
        locations.collect()
    }

    /// Creates an edit of several files, with versions if the client supports them. `None` if one of the files has no
    /// URI, because edits are applied completely or not at all.
    pub fn workspace_edit(
        &self,
        edits: impl IntoIterator<Item = (PathBuf, position::TextEdit)>,
    ) -> Option<WorkspaceEdit> {
        let mut by_file: BTreeMap<PathBuf, Vec<_>> = BTreeMap::new();
        for (path, edit) in edits {
            by_file.entry(path).or_default().push(to_edit(edit));
        }
        edits::workspace_edit(&self.buffers, self.settings.versioned_edits, by_file)
    }

    /// All diagnostics of a project.
    pub fn check(&self, project: &ProjectView) -> Vec<Finding> {
        self.ide.check(project)
    }

    /// The diagnostics of the open documents only.
    pub fn check_open(&self, project: &ProjectView) -> Vec<Finding> {
        let open = self.buffers.keys().map(PathBuf::as_path).collect();
        self.ide.check_open(project, &open)
    }
}
