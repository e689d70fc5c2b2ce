//! Where what a name means is used, in all files of all projects that have it.

use std::collections::HashMap;

use nthc::db::{SourceFile, Span};
use tower_lsp::lsp_types::{Location, OneOf, ReferenceParams, ServerCapabilities, Url};

use crate::features::definition::cursor;
use crate::navigation::Names;
use crate::position::Lines;
use crate::settings::Settings;
use crate::view::{ProjectView, View};

/// Uses can be found.
pub fn offer(capabilities: &mut ServerCapabilities, _: &Settings) {
    capabilities.references_provider = Some(OneOf::Left(true));
}

/// The uses of what the name at a cursor means.
pub fn references(view: &View, params: &ReferenceParams) -> Option<Vec<Location>> {
    let at = cursor(view, &params.text_document_position)?;
    let written = at.names.name_at(at.file, at.offset)?;
    // A package may be imported by several projects: each knows uses of its own.
    let declared = at.names.declared(&written.name.meaning);
    let anchor = declared.unwrap_or_else(|| written.span());
    let mut found: Vec<Location> = Vec::new();
    for (project, names, file, offset) in homes(view, at.project, &at.names, anchor) {
        let Some(written) = names.name_at(file, offset) else {
            continue;
        };
        let files = names.all_files();
        let target = names.target(&written.name.meaning, &files);
        let mut places = Places::new(view, project);
        let declared = names.declared(&written.name.meaning);
        for used in names.uses(&target, &files) {
            view.stop_if_unwanted();
            if !params.context.include_declaration && Some(used.span) == declared {
                continue;
            }
            found.extend(
                places
                    .location(&names, used.span)
                    .filter(|place| !found.contains(place)),
            );
        }
    }
    Some(found)
}

/// Every project that has the place, the cursor's first: with each, its names, and the file and byte of the place.
pub fn homes<'a>(
    view: &'a View,
    own: &'a ProjectView,
    names: &Names<'_>,
    anchor: Span,
) -> Vec<(&'a ProjectView, Names<'a>, SourceFile, u32)> {
    let offset = names.absolute(anchor).start;
    let mut homes = vec![(own, Names::of(&own.session), anchor.item.file, offset)];
    let Some(path) = own.files.path(anchor.item.file) else {
        return homes;
    };
    for project in &view.projects {
        if std::ptr::eq(project, own) {
            continue;
        }
        if let Some(file) = project.files.source(path) {
            homes.push((project, Names::of(&project.session), file, offset));
        }
    }
    homes
}

/// Locations of many places: the lines of each file are counted once.
pub struct Places<'a> {
    view: &'a View,
    project: &'a ProjectView,
    known: HashMap<SourceFile, Option<(Url, Lines<'a>)>>,
}

impl<'a> Places<'a> {
    /// None yet.
    pub fn new(view: &'a View, project: &'a ProjectView) -> Self {
        Self {
            view,
            project,
            known: HashMap::new(),
        }
    }

    /// The location of some bytes of a file.
    pub fn location_in(
        &mut self,
        file: SourceFile,
        range: nthc::syntax::tree::TextRange,
    ) -> Option<Location> {
        let (view, project) = (self.view, self.project);
        let known = self.known.entry(file).or_insert_with(|| {
            let uri = view.address(project, file)?;
            Some((uri, view.lines(project.text(file))))
        });
        let (uri, lines) = known.as_ref()?;
        let range = lines.range(range.start as usize, range.end as usize);
        Some(Location::new(uri.clone(), range))
    }

    /// The location of a place in an item.
    pub fn location(&mut self, names: &Names<'_>, span: Span) -> Option<Location> {
        self.location_in(span.item.file, names.absolute(span))
    }
}
