//! Dependency graphs of limited size.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::mermaid::{Arrow, Graph, Shape};
use nth_model::{Criticality, Dependency, Project, Role, Service};

/// The largest number of nodes of a readable graph.
const MOST_NODES: usize = 40;
/// The largest number of arrows of a graph. Mermaid rejects more than 500.
const MOST_ARROWS: usize = 200;

/// A graph, and sentences about the omitted nodes and arrows.
pub struct Drawn {
    /// The graph; `None` if it would be empty.
    pub graph: Option<String>,
    /// Sentences about the omitted nodes and arrows.
    pub omitted: Vec<String>,
}

fn shape(service: &Service) -> Shape {
    match service.role {
        Role::Dependency => Shape::Cylinder,
        _ => Shape::Box,
    }
}

fn arrow(criticality: Criticality) -> Arrow {
    match criticality {
        Criticality::Hard => Arrow::Hard,
        Criticality::Soft => Arrow::Soft,
    }
}

/// The label of a dependency that is not a service of the project: its name and technology.
fn dependency_lines(dependency: &Dependency) -> Vec<&str> {
    let name = dependency.service.as_ref().unwrap_or(&dependency.name);
    let technology = dependency.technology.as_deref();
    std::iter::once(name.as_str())
        .chain(technology.filter(|technology| *technology != name.as_str()))
        .collect()
}

/// A graph of services under construction.
struct GraphBuilder<'a, 'p> {
    project: &'p Project<'a>,
    graph: Graph,
    nodes: BTreeMap<&'a str, usize>,
    arrows: BTreeSet<(usize, usize, Arrow)>,
    is_cut: bool,
}

impl<'a> GraphBuilder<'a, '_> {
    /// The node of a service, added if there is room.
    fn node(&mut self, service: &'a str) -> Option<usize> {
        if let Some(node) = self.nodes.get(service) {
            return Some(*node);
        }
        if self.nodes.len() >= MOST_NODES {
            self.is_cut = true;
            return None;
        }
        let shape = self.project.service(service).map_or(Shape::Box, shape);
        let node = self.graph.node([service], shape);
        self.nodes.insert(service, node);
        Some(node)
    }

    fn arrow(&mut self, from: usize, to: usize, arrow: Arrow) {
        if self.arrows.contains(&(from, to, arrow)) {
            return;
        }
        if self.graph.arrows() >= MOST_ARROWS {
            self.is_cut = true;
            return;
        }
        self.arrows.insert((from, to, arrow));
        self.graph.arrow(from, to, arrow, None);
    }

    /// Adds the dependencies of a service, transitively.
    fn add_dependencies(&mut self, service: &'a Service) {
        let mut waiting = VecDeque::from([service]);
        let mut seen = BTreeSet::from([service.name.as_str()]);
        while let Some(service) = waiting.pop_front() {
            let Some(from) = self.nodes.get(service.name.as_str()).copied() else {
                continue;
            };
            for dependency in &service.dependencies {
                let needed = dependency.service.as_deref();
                let Some(needed) = needed.and_then(|name| self.project.service(name)) else {
                    continue;
                };
                if let Some(to) = self.node(&needed.name) {
                    self.arrow(from, to, arrow(dependency.criticality));
                    if seen.insert(&needed.name) {
                        waiting.push_back(needed);
                    }
                }
            }
        }
    }

    /// Adds the dependents of a service, transitively.
    fn add_dependents(&mut self, service: &'a Service) {
        let mut waiting = VecDeque::from([service]);
        let mut seen = BTreeSet::from([service.name.as_str()]);
        while let Some(service) = waiting.pop_front() {
            let Some(to) = self.nodes.get(service.name.as_str()).copied() else {
                continue;
            };
            for (dependent, dependency) in self.project.dependents(&service.name) {
                let Some(from) = self.node(&dependent.name) else {
                    // There is no room for this service, and so for none after it.
                    break;
                };
                self.arrow(from, to, arrow(dependency.criticality));
                if seen.insert(&dependent.name) {
                    waiting.push_back(dependent);
                }
            }
        }
    }
}

/// The graph of a service: its dependencies and dependents, services over any number of steps.
pub fn service_graph<'a>(service: &'a Service, project: &Project<'a>) -> Drawn {
    let mut builder = GraphBuilder {
        project,
        graph: Graph::default(),
        nodes: BTreeMap::new(),
        arrows: BTreeSet::new(),
        is_cut: false,
    };
    let focus = builder.graph.node([service.name.as_str()], Shape::Focus);
    builder.nodes.insert(&service.name, focus);
    for dependency in &service.dependencies {
        let of_project = dependency.service.as_deref();
        if of_project.is_some_and(|name| project.service(name).is_some()) {
            continue;
        }
        if builder.graph.arrows() >= MOST_NODES / 2 {
            builder.is_cut = true;
            break;
        }
        let node = builder
            .graph
            .node(dependency_lines(dependency), Shape::Cylinder);
        builder.arrow(focus, node, arrow(dependency.criticality));
    }
    builder.add_dependencies(service);
    builder.add_dependents(service);
    let is_alone = builder.graph.arrows() == 0;
    let omitted = builder.is_cut.then(|| {
        format!(
            "The graph is limited to {MOST_NODES} services and {MOST_ARROWS} arrows; the rest is not \
            shown."
        )
    });
    Drawn {
        graph: (!is_alone).then(|| builder.graph.finish()),
        omitted: omitted.into_iter().collect(),
    }
}

/// The graph of all services of a project with an arrow for each dependency, grouped by team; only the teams, if there
/// are too many services.
pub fn project_graph(project: &Project<'_>) -> Drawn {
    let services = project.services();
    let services: Vec<&Service> = services
        .filter(|service| service.role != Role::Team)
        .collect();
    let arrows: BTreeSet<(&str, &str, Arrow)> = services
        .iter()
        .flat_map(|service| {
            let needs = service.dependencies.iter().filter_map(|dependency| {
                let needed = project.service(dependency.service.as_deref()?)?;
                Some((needed.name.as_str(), arrow(dependency.criticality)))
            });
            needs.map(|(needed, arrow)| (service.name.as_str(), needed, arrow))
        })
        .collect();
    if arrows.is_empty() {
        return Drawn {
            graph: None,
            omitted: Vec::new(),
        };
    }
    if services.len() > MOST_NODES || arrows.len() > MOST_ARROWS {
        return by_team(project, &services, &arrows);
    }
    let mut graph = Graph::default();
    let mut nodes: BTreeMap<&str, usize> = BTreeMap::new();
    let mut teams: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for service in &services {
        let node = graph.node([service.name.as_str()], shape(service));
        nodes.insert(&service.name, node);
        if let Some(team) = &service.team {
            teams.entry(team).or_default().push(node);
        }
    }
    for (team, members) in teams {
        graph.group(team, members);
    }
    for (from, to, arrow) in arrows {
        if let (Some(from), Some(to)) = (nodes.get(from), nodes.get(to)) {
            graph.arrow(*from, *to, arrow, None);
        }
    }
    Drawn {
        graph: Some(graph.finish()),
        omitted: Vec::new(),
    }
}

/// A node for each team, those with most services first, and arrows with the number of dependencies between their
/// services.
fn by_team(
    project: &Project<'_>,
    services: &[&Service],
    arrows: &BTreeSet<(&str, &str, Arrow)>,
) -> Drawn {
    let owner = |service: &str| {
        let service = project.service(service)?;
        service.team.as_deref()
    };
    let mut sizes: BTreeMap<&str, usize> = BTreeMap::new();
    for service in services {
        if let Some(team) = &service.team {
            *sizes.entry(team).or_default() += 1;
        }
    }
    let mut largest: Vec<(&str, usize)> = sizes.into_iter().collect();
    largest.sort_by_key(|(team, size)| (std::cmp::Reverse(*size), *team));
    let teams = largest.len();
    largest.truncate(MOST_NODES);
    let mut graph = Graph::default();
    let nodes: BTreeMap<&str, usize> = largest
        .into_iter()
        .map(|(team, size)| {
            let of = if size == 1 {
                "1 service".to_owned()
            } else {
                format!("{size} services")
            };
            (team, graph.node([team, of.as_str()], Shape::Box))
        })
        .collect();
    let mut between: BTreeMap<(usize, usize), (usize, Arrow)> = BTreeMap::new();
    for (from, to, arrow) in arrows {
        let (Some(from), Some(to)) = (owner(from), owner(to)) else {
            continue;
        };
        let (Some(from), Some(to)) = (nodes.get(from), nodes.get(to)) else {
            continue;
        };
        if from != to {
            let entry = between.entry((*from, *to)).or_insert((0, Arrow::Soft));
            entry.0 += 1;
            entry.1 = entry.1.min(*arrow);
        }
    }
    let mut heaviest: Vec<_> = between.into_iter().collect();
    heaviest.sort_by_key(|(ends, (count, _))| (std::cmp::Reverse(*count), *ends));
    let pairs = heaviest.len();
    heaviest.truncate(MOST_ARROWS);
    for ((from, to), (count, arrow)) in heaviest {
        graph.arrow(from, to, arrow, Some(count.to_string()));
    }
    let mut omitted = vec![format!(
        "The project has {} services with {} dependencies among them, too many to draw. The graph shows \
        teams; the number on an arrow counts the dependencies between two teams' services. Dependencies \
        within a team are not shown.",
        services.len(),
        arrows.len()
    )];
    if teams > MOST_NODES {
        omitted.push(format!(
            "It shows the {MOST_NODES} of {teams} teams with the most services."
        ));
    }
    if pairs > MOST_ARROWS {
        omitted.push(format!(
            "It shows the {MOST_ARROWS} of {pairs} arrows with the most dependencies."
        ));
    }
    Drawn {
        graph: Some(graph.finish()),
        omitted,
    }
}
