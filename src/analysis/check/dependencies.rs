//! Hard dependencies between services, and their cycles.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, VecDeque};

use smol_str::SmolStr;

use crate::codes;
use crate::db::{Diag, ItemKey, Span};
use crate::eval::{BlockRef, Instance, Value};
use crate::schema::names::{field, kind};

/// Iterates over the `dependency` blocks of a service that it fails without.
pub fn hard_dependencies(service: &Instance) -> impl Iterator<Item = &Instance> {
    service.children_of(kind::DEPENDENCY).filter(|dependency| {
        matches!(dependency.get(field::CRITICALITY), Value::Enum(_, member) if member == "hard")
    })
}

/// Iterates over the services that a service hard-depends on, each with its `dependency` block.
fn hard_services(service: &Instance) -> impl Iterator<Item = (&Instance, &BlockRef)> {
    hard_dependencies(service).filter_map(|dependency| match dependency.get(field::SERVICE) {
        Value::Block(other) => Some((dependency, other)),
        _ => None,
    })
}

/// Diagnostics about dependencies of a service that refer to another block in two ways, or to one that is not shared, and about
/// recording rules in them, which only shared ones have.
pub fn references(service: &Instance) -> Vec<Diag> {
    let mut found = Vec::new();
    let dependencies = || service.children_of(kind::DEPENDENCY);
    for recording in dependencies().flat_map(|one| one.children_of(kind::RECORDING)) {
        found.push(
            Diag::new(
                &codes::MISPLACED_BLOCK,
                "`recording` is not allowed in a dependency of a service",
                place(service, recording, recording.head),
            )
            .help("write it in the service, or in a dependency at the top level of a file"),
        );
    }
    for dependency in dependencies() {
        let Value::Block(shared) = dependency.get(field::SHARED) else {
            continue;
        };
        let place_of = |field| place(service, dependency, dependency.span_of(field));
        if !shared.path.is_empty() {
            found.push(
                Diag::new(
                    &codes::SHARED_DEPENDENCY,
                    format!("dependency `{}` belongs to a service", shared.name),
                    place_of(field::SHARED),
                )
                .label("expected a dependency at the top level of a file")
                .help("declare it at the top level, with its `team`, and refer to it from each service"),
            );
        } else if *dependency.get(field::SERVICE) != Value::None {
            found.push(
                Diag::new(
                    &codes::SHARED_DEPENDENCY,
                    format!(
                        "dependency `{}` has both `service` and `shared`",
                        dependency.name
                    ),
                    place_of(field::SHARED),
                )
                .because(place_of(field::SERVICE), "the other one")
                .help("remove one of them"),
            );
        }
    }
    found
}

/// Maps a place of a block to the text of the item around it: the place itself, or else the place that instantiates the block.
pub fn place(item: &Instance, block: &Instance, wanted: Span) -> Span {
    item.place_of(block, wanted)
}

/// A service and its hard dependencies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Needs {
    /// The service.
    pub service: ItemKey,
    /// Its name.
    pub name: SmolStr,
    /// The services that it hard-depends on, each with the place of the dependency.
    pub services: Vec<(ItemKey, Span)>,
}

impl Needs {
    /// Collects the hard dependencies of a service.
    pub fn new(service: &Instance) -> Self {
        let services = hard_services(service)
            .map(|(dependency, other)| {
                (
                    other.item,
                    place(service, dependency, dependency.span_of(field::SERVICE)),
                )
            })
            .collect();
        Self {
            service: service.head.item,
            name: service.name.clone(),
            services,
        }
    }
}

impl Needs {
    /// What is compared across services, without places. `name_of` names an item.
    pub fn facts(&self, name_of: impl Fn(ItemKey) -> String) -> String {
        let Self {
            service,
            name,
            services,
        } = self;
        let needed: Vec<String> = services.iter().map(|(key, _)| name_of(*key)).collect();
        format!("{} {name:?} {needed:?}", name_of(*service))
    }

    /// True if both are the same but for places, so that they are in a cycle or not alike.
    pub fn is_same_graph(&self, other: &Self) -> bool {
        let needed = |needs: &Self| {
            needs
                .services
                .iter()
                .map(|(key, _)| *key)
                .collect::<Vec<_>>()
        };
        self.service == other.service && needed(self) == needed(other)
    }
}

/// Returns diagnostics about dependency cycles, one per cycle, at its first member in the order of `services`. Needs the whole
/// project, so it runs outside of queries.
pub fn cycles(services: &[Needs]) -> Vec<Diag> {
    let mut graph = Graph::new(services);
    graph.remove_acyclic();
    let mut diagnostics = Vec::new();
    for start in 0..services.len() {
        while let Some(circle) = graph.shortest_cycle(start) {
            diagnostics.extend(diagnose(services, &circle));
            // Longer cycles with the same last edge are not reported.
            if let Some(last) = circle.last() {
                graph.edges[last.from].retain(|edge| edge.to != start);
            }
        }
        // All cycles through this service are reported.
        graph.edges[start].clear();
    }
    diagnostics
}

fn diagnose(services: &[Needs], circle: &[Edge]) -> Option<Diag> {
    let (first, others) = circle.split_first()?;
    let name = |service: usize| &services[service].name;
    let says = |edge: &Edge| format!("`{}` depends on `{}`", name(edge.from), name(edge.to));
    let path: Vec<&str> = circle
        .iter()
        .map(|edge| edge.from)
        .chain([first.from])
        .map(|service| name(service).as_str())
        .collect();
    let mut diagnostic = Diag::new(
        &codes::DEPENDENCY_CYCLE,
        format!("hard dependency cycle: {}", path.join(" → ")),
        first.span,
    )
    .label(says(first));
    for edge in others {
        diagnostic = diagnostic.because(edge.span, says(edge));
    }
    if others.is_empty() {
        return Some(diagnostic.help("remove the dependency: a service cannot depend on itself"));
    }
    Some(diagnostic.help("set `criticality = soft` on one of these dependencies"))
}

#[derive(Debug, Clone, Copy)]
struct Edge {
    from: usize,
    to: usize,
    span: Span,
}

/// The services by index, with the dependencies of each.
struct Graph {
    edges: Vec<Vec<Edge>>,
}

impl Graph {
    fn new(services: &[Needs]) -> Self {
        let numbers: HashMap<ItemKey, usize> = services
            .iter()
            .enumerate()
            .map(|(number, needs)| (needs.service, number))
            .collect();
        let edges = services
            .iter()
            .enumerate()
            .map(|(from, needs)| {
                let edge = |(to, span): &(ItemKey, Span)| {
                    let to = *numbers.get(to)?;
                    Some(Edge {
                        from,
                        to,
                        span: *span,
                    })
                };
                needs.services.iter().filter_map(edge).collect()
            })
            .collect();
        Self { edges }
    }

    /// Removes services without dependencies, repeatedly, so that only cycles and paths to them remain.
    fn remove_acyclic(&mut self) {
        let mut left: Vec<usize> = self.edges.iter().map(Vec::len).collect();
        let mut needed_by: Vec<Vec<usize>> = vec![Vec::new(); self.edges.len()];
        for edge in self.edges.iter().flatten() {
            needed_by[edge.to].push(edge.from);
        }
        let mut ended: Vec<usize> = (0..left.len()).filter(|node| left[*node] == 0).collect();
        while let Some(node) = ended.pop() {
            for from in &needed_by[node] {
                left[*from] -= 1;
                if left[*from] == 0 {
                    ended.push(*from);
                }
            }
        }
        for edges in &mut self.edges {
            edges.retain(|edge| left[edge.to] > 0);
        }
    }

    /// Returns the shortest cycle through a service, starting with it.
    fn shortest_cycle(&self, start: usize) -> Option<Vec<Edge>> {
        let mut reached_by: HashMap<usize, Edge> = HashMap::new();
        let mut waiting = VecDeque::from([start]);
        while let Some(node) = waiting.pop_front() {
            for edge in &self.edges[node] {
                if edge.to == start {
                    let mut circle = vec![*edge];
                    let mut at = node;
                    while at != start {
                        let edge = reached_by.get(&at)?;
                        circle.push(*edge);
                        at = edge.from;
                    }
                    circle.reverse();
                    return Some(circle);
                }
                if let Entry::Vacant(way) = reached_by.entry(edge.to) {
                    way.insert(*edge);
                    waiting.push_back(edge.to);
                }
            }
        }
        None
    }
}
