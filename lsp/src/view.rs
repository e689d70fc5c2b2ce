//! Everything as it was at one moment, with what the client can do and calls its documents.

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
use crate::lines::{Lines, to_edit};
use crate::settings::Settings;
use crate::shelf::Shelf;

/// Everything as it was at one moment. Edits wait until it is gone, so it is kept for one question only.
#[derive(Default)]
pub struct View {
    /// What can be asked, without the protocol.
    pub ide: nth_ide::view::View,
    /// What the client can do, and wants.
    pub settings: Arc<Settings>,
    /// The open documents.
    pub buffers: Arc<Buffers>,
    /// What the compiler carries.
    pub shelf: Arc<Shelf>,
}

impl View {
    /// The document, where it is open.
    pub fn buffer(&self, uri: &Url) -> Option<&Buffer> {
        self.buffers.get(&path_of(uri))
    }

    /// An open `nth.toml`.
    pub fn manifest(&self, uri: &Url) -> Option<&Buffer> {
        self.buffer(uri).filter(|_| is_manifest(&path_of(uri)))
    }

    /// The project that a document belongs to, with its file there. A file of a package that is open as a project too is
    /// that project's, and a module of the standard library any project's.
    pub fn file(&self, uri: &Url) -> Option<(&ProjectView, SourceFile)> {
        let path = path_of(uri);
        if let Some(found) = self.ide.file(&path) {
            return Some(found);
        }
        let shown = if uri.scheme() == STANDARD_SCHEME {
            uri.path().trim_start_matches('/').to_owned()
        } else {
            nthc::project::paths::slashes(&self.shelf.shown(&path)?)
        };
        self.ide.standard_file(&shown)
    }

    /// Where a client's cursor is.
    pub fn cursor(&self, params: &TextDocumentPositionParams) -> Option<Cursor<'_>> {
        let (project, file) = self.file(&params.text_document.uri)?;
        Cursor::new(project, file, self.offset(project, file, params.position))
    }

    /// What findings become the protocol's with.
    pub fn converter(&self) -> Converter<'_> {
        Converter {
            settings: &self.settings,
            buffers: &self.buffers,
            shelf: &self.shelf,
        }
    }

    /// The address of a file. That of a module of the standard library is a file that the server writes, or a virtual
    /// document where the client can show them.
    pub fn address(&self, project: &ProjectView, file: SourceFile) -> Option<Url> {
        self.converter().address(&project.name(file))
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
        self.lines(project.text(file)).range(range)
    }

    /// The locations of places. The lines of each file are counted once.
    pub fn locations<'a>(
        &self,
        places: impl IntoIterator<Item = &'a Place<'a>>,
    ) -> Vec<Option<Location>> {
        // Two projects may number their files alike.
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

    /// An edit of several files, with versions where the client takes them. Nothing where one of the files has no
    /// address, for an edit is made whole or not at all.
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

    /// Everything that is wrong in a project.
    pub fn check(&self, project: &ProjectView) -> Vec<Finding> {
        self.ide.check(project)
    }

    /// What is wrong as far as the open documents say.
    pub fn check_open(&self, project: &ProjectView) -> Vec<Finding> {
        let open = self.buffers.keys().map(PathBuf::as_path).collect();
        self.ide.check_open(project, &open)
    }
}
