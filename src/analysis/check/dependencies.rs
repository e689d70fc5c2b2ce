//! The services that a service cannot work without, and circles of them.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, VecDeque};

use smol_str::SmolStr;

use crate::codes;
use crate::db::{Diag, ItemKey, Span};
use crate::eval::{BlockRef, Instance, Value};
use crate::schema::names::{field, kind};

/// The services that a service cannot work without, each with the dependency that says so.
pub fn hard_services(service: &Instance) -> impl Iterator<Item = (&Instance, &BlockRef)> {
    service
        .children_of(kind::DEPENDENCY)
        .filter(|dependency| {
            matches!(dependency.get(field::CRITICALITY), Value::Enum(_, member) if member == "hard")
        })
        .filter_map(|dependency| match dependency.get(field::SERVICE) {
            Value::Block(other) => Some((dependency, other)),
            _ => None,
        })
}

/// A place of a block as the text of the item around it has it: the place itself, or else what there made the block.
pub fn place(item: &Instance, block: &Instance, wanted: Span) -> Span {
    item.place_of(block, wanted)
}

/// A service and the services that it cannot work without.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Needs {
    /// The service.
    pub service: ItemKey,
    /// Its name.
    pub name: SmolStr,
    /// What it needs, and where it says so.
    pub services: Vec<(ItemKey, Span)>,
}

impl Needs {
    /// What a service needs.
    pub fn of(service: &Instance) -> Self {
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

/// The circles among services, each told once, at the first of its members in the order in which they are given. It
/// takes the whole project, so it is asked outside of any query.
pub fn cycles(services: &[Needs]) -> Vec<Diag> {
    let mut graph = Graph::new(services);
    graph.leave_out_what_ends();
    let mut diagnostics = Vec::new();
    for start in 0..services.len() {
        while let Some(circle) = graph.way_back(start) {
            diagnostics.extend(diagnose(services, &circle));
            // Longer circles that close at the same place need not be told as well.
            if let Some(last) = circle.last() {
                graph.edges[last.from].retain(|edge| edge.to != start);
            }
        }
        // All circles that it is part of are told.
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

/// Services by their number, and what each needs.
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

    /// Leaves out every way that ends, so that only circles and what leads to them stay.
    fn leave_out_what_ends(&mut self) {
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

    /// The shortest circle through a service, from it.
    fn way_back(&self, start: usize) -> Option<Vec<Edge>> {
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
