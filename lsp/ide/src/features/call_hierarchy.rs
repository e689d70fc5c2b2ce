//! Dependencies between services as a call hierarchy: a service calls those that it depends on.

use nthc::db::name_span;
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
    /// The range of its block, in bytes.
    pub range: TextRange,
    /// The range of its name, in bytes.
    pub selection: TextRange,
}

/// A service at the other end of dependencies, with their ranges.
pub struct Dependencies<'a> {
    /// The service.
    pub service: Service,
    /// The ranges that declare the dependencies.
    pub places: Vec<Place<'a>>,
}

/// The service that the name at a cursor means: the one declared there, or the one that a dependency refers to.
pub fn service(at: &Cursor<'_>) -> Option<Service> {
    describe(at.project, key(at)?)
}

/// The services that depend on the service at a cursor.
pub fn incoming<'a>(at: &Cursor<'a>) -> Option<Vec<Dependencies<'a>>> {
    Some(dependencies(at, at.names.incoming(key(at)?)))
}

/// The services that the service at a cursor depends on.
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
