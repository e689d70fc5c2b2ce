//! Which service depends on which, as a hierarchy of calls: who depends on a service calls it.

use nthc::check::names::name_span;
use nthc::db::{ItemKey, SourceFile, item_entry, item_start, parsed};
use nthc::syntax::tree::TextRange;

use super::definition::Cursor;
use super::references::Place;
use crate::navigation::calls::Call;
use crate::view::ProjectView;

/// A service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    /// Its name.
    pub name: String,
    /// Its module.
    pub module: String,
    /// Its file.
    pub file: SourceFile,
    /// The bytes of its block.
    pub range: TextRange,
    /// The bytes of its name.
    pub selection: TextRange,
}

/// A service at the other end of dependencies, and where they are written.
pub struct Dependencies<'a> {
    /// The service.
    pub service: Service,
    /// The dependencies.
    pub places: Vec<Place<'a>>,
}

/// The service that the name at a cursor means: its own, or the one that a dependency is.
pub fn service(at: &Cursor<'_>) -> Option<Service> {
    describe(at.project, key(at)?)
}

/// The services that depend on the one at a cursor.
pub fn incoming<'a>(at: &Cursor<'a>) -> Option<Vec<Dependencies<'a>>> {
    Some(dependencies(at, at.names.incoming(key(at)?)))
}

/// The services that the one at a cursor depends on.
pub fn outgoing<'a>(at: &Cursor<'a>) -> Option<Vec<Dependencies<'a>>> {
    Some(dependencies(at, at.names.outgoing(key(at)?)))
}

fn key(at: &Cursor<'_>) -> Option<ItemKey> {
    let written = at.names.name_at(at.file, at.offset)?;
    at.names.service_of(&written.name.meaning)
}

fn dependencies<'a>(at: &Cursor<'a>, calls: Vec<Call>) -> Vec<Dependencies<'a>> {
    let project = at.project;
    let found = calls.into_iter().filter_map(|call| {
        let places = call.places.iter().map(|span| Place {
            project,
            file: span.item.file,
            range: project.absolute(*span),
        });
        Some(Dependencies {
            service: describe(project, call.service)?,
            places: places.collect(),
        })
    });
    found.collect()
}

fn describe(project: &ProjectView, service: ItemKey) -> Option<Service> {
    let entry = item_entry(project.db(), service)?;
    let start = item_start(project.db(), service);
    let items = &parsed(project.db(), service.file).items;
    let tree = items.iter().find(|(at, _)| *at == start)?;
    Some(Service {
        name: entry.name.to_string(),
        module: service.file.module(project.db()).to_string(),
        file: service.file,
        range: TextRange {
            start,
            end: start + tree.1.len,
        },
        selection: project.absolute(name_span(project.db(), service)),
    })
}
