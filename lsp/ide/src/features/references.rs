//! References, in all files of all projects that contain the declaration.

use std::collections::HashSet;
use std::path::Path;

use nthc::db::{SourceFile, Span};
use nthc::syntax::tree::TextRange;

use super::definition::Cursor;
use crate::navigation::Names;
use crate::view::{ProjectView, View};

/// A range of a file of a project.
#[derive(Clone, Copy)]
pub struct Place<'a> {
    /// The project.
    pub project: &'a ProjectView,
    /// The file.
    pub file: SourceFile,
    /// The range, in bytes.
    pub range: TextRange,
}

/// A file, independent of the project: its path, or that of a module of the standard library.
type Identity<'a> = Result<&'a Path, &'a str>;

/// Places without duplicates: a package may also be open as a project.
#[derive(Default)]
pub(super) struct Places<'a> {
    pub all: Vec<Place<'a>>,
    known: HashSet<(Identity<'a>, TextRange)>,
}

impl<'a> Places<'a> {
    /// Adds a place. Returns whether it is new.
    pub fn add(&mut self, place: Place<'a>) -> bool {
        let Place {
            project,
            file,
            range,
        } = place;
        let shown = || file.path(project.db()).as_str();
        let is_new = self
            .known
            .insert((project.files.path(file).ok_or_else(shown), range));
        if is_new {
            self.all.push(place);
        }
        is_new
    }
}

/// The references to the name at a cursor.
pub fn references<'a>(
    view: &'a View,
    at: &Cursor<'a>,
    with_declaration: bool,
) -> Option<Vec<Place<'a>>> {
    let written = at.names.name_at(at.file, at.offset)?;
    // A package may be imported by several projects, each with its own references.
    let declared = at.names.declaration(&written.name.meaning);
    let anchor = declared.unwrap_or_else(|| written.span());
    let mut places = Places::default();
    for (project, names, file, offset) in homes(view, at.project, &at.names, anchor) {
        let Some(written) = names.name_at(file, offset) else {
            continue;
        };
        let files = names.all_files();
        let target = names.target(&written.name.meaning, &files);
        let declared = names.declaration(&written.name.meaning);
        for used in names.uses(&target, &files) {
            view.stop_if_cancelled();
            if !with_declaration && Some(used.span) == declared {
                continue;
            }
            places.add(Place {
                project,
                file: used.span.item.file,
                range: names.absolute(used.span),
            });
        }
    }
    Some(places.all)
}

/// All projects that contain the place, the cursor's first: the project, its names, and the file and byte of the
/// place.
pub fn homes<'a>(
    view: &'a View,
    own: &'a ProjectView,
    names: &Names<'_>,
    anchor: Span,
) -> Vec<(&'a ProjectView, Names<'a>, SourceFile, u32)> {
    let offset = names.absolute(anchor).start;
    let mut homes = vec![(own, Names::new(&own.session), anchor.item.file, offset)];
    let Some(path) = own.files.path(anchor.item.file) else {
        return homes;
    };
    for project in &view.projects {
        if std::ptr::eq(project, own) {
            continue;
        }
        if let Some(file) = project.files.source(path) {
            homes.push((project, Names::new(&project.session), file, offset));
        }
    }
    homes
}
