//! Dependencies between services: those that a service declares, also through a template.

use std::collections::BTreeSet;

use nthc::db::{ItemClass, ItemKey, Span, item_entry};
use nthc::eval::index::Definition;
use nthc::eval::{BlockRef, Instance, instance};
use nthc::schema::names::kind;

use super::Names;

/// A service that depends on another, or that another depends on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// The service at the other end.
    pub service: ItemKey,
    /// The ranges that declare the dependency, all in the item of the dependent service: the value, or the template
    /// that contains it.
    pub places: Vec<Span>,
}

impl Names<'_> {
    /// The service or shared dependency that a name refers to: itself, or the one that a dependency refers to. `None` if it is neither.
    pub fn service_of(&self, meaning: &Definition) -> Option<ItemKey> {
        let (Definition::Block(block) | Definition::Enclosing(block)) = meaning else {
            return None;
        };
        match block.kind.as_str() {
            kind::SERVICE | kind::DEPENDENCY if block.path.is_empty() => Some(block.item),
            kind::DEPENDENCY => self.depended_on(block),
            _ => None,
        }
    }

    fn depended_on(&self, dependency: &BlockRef) -> Option<ItemKey> {
        let (_, name) = dependency.path.last()?;
        self.instances(dependency.item).find_map(|service| {
            let mut children = service.children.iter();
            let found =
                children.find(|child| child.kind == kind::DEPENDENCY && child.name == *name)?;
            target(found).map(|(key, _)| key)
        })
    }

    /// The instances of a service in each environment.
    fn instances(&self, service: ItemKey) -> impl Iterator<Item = &Instance> {
        let declared = self.workspace.environments(self.db).keys().cloned();
        let mut environments: Vec<_> = declared.map(Some).collect();
        if environments.is_empty() {
            environments.push(None);
        }
        let (db, workspace) = (self.db, self.workspace);
        environments.into_iter().filter_map(move |environment| {
            instance(db, workspace, service, environment)
                .instance
                .as_ref()
        })
    }

    /// The services that a service depends on, in source order.
    pub fn outgoing(&self, service: ItemKey) -> Vec<Call> {
        let mut calls: Vec<Call> = Vec::new();
        for made in self.instances(service) {
            for dependency in made
                .children
                .iter()
                .filter(|child| child.kind == kind::DEPENDENCY)
            {
                let Some((needed, written)) = target(dependency) else {
                    continue;
                };
                let outermost = dependency.trail.iter().chain(&made.trail);
                let place = std::iter::once(&written)
                    .chain(outermost)
                    .chain([&dependency.head, &made.head])
                    .find(|span| span.item == service)
                    .copied();
                let call = match calls.iter_mut().find(|call| call.service == needed) {
                    Some(call) => call,
                    None => {
                        calls.push(Call {
                            service: needed,
                            places: Vec::new(),
                        });
                        let Some(call) = calls.last_mut() else {
                            continue;
                        };
                        call
                    }
                };
                call.places
                    .extend(place.filter(|place| !call.places.contains(place)));
            }
        }
        calls
    }

    /// The services that depend on a service.
    pub fn incoming(&self, service: ItemKey) -> Vec<Call> {
        let mut waiting = vec![service];
        let mut seen = BTreeSet::new();
        let mut dependents: Vec<ItemKey> = Vec::new();
        // The reference is in a service, or in a template from which services are created.
        while let Some(named) = waiting.pop() {
            let Some(entry) = item_entry(self.db, named) else {
                continue;
            };
            let meaning = match entry.class {
                ItemClass::Block => Definition::Block(BlockRef {
                    item: named,
                    path: Vec::new(),
                    kind: entry.kind,
                    name: entry.name,
                }),
                _ => Definition::Item(named),
            };
            let target = self.target(&meaning, self.files);
            for found in self.uses(&target, self.files) {
                let item = found.span.item;
                let Some(entry) = item_entry(self.db, item) else {
                    continue;
                };
                let place = (item.file.module(self.db).clone(), item.local);
                if item == named || !seen.insert(place) {
                    continue;
                }
                match entry.class {
                    ItemClass::Block if entry.kind == kind::SERVICE => {
                        dependents.push(item);
                        // Another service may be based on it.
                        waiting.push(item);
                    }
                    ItemClass::Template => waiting.push(item),
                    _ => {}
                }
            }
        }
        let calls = dependents.into_iter().filter_map(|dependent| {
            let mut calls = self.outgoing(dependent).into_iter();
            let places = calls.find(|call| call.service == service)?.places;
            Some(Call {
                service: dependent,
                places,
            })
        });
        let mut calls: Vec<Call> = calls.collect();
        calls.sort_by_key(|call| {
            let file = self
                .files
                .iter()
                .position(|file| *file == call.service.file);
            (file, nthc::db::item_start(self.db, call.service))
        });
        calls
    }
}

/// The service that a dependency refers to, and the range of the reference.
fn target(dependency: &Instance) -> Option<(ItemKey, Span)> {
    let (name, block) = dependency.depended_on()?;
    Some((block.item, dependency.fields.get(name)?.span))
}
