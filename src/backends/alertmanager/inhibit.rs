//! Inhibition rules.
//!
//! An inhibited alert still inhibits others, so a cycle of services that depend on one another could inhibit itself
//! completely. Services of a cycle therefore never inhibit each other, and the remaining chains end: for every
//! inhibited alert, the one that inhibits it notifies someone.

use std::collections::{BTreeMap, BTreeSet};

use nth_model::{Criticality, Project, Response, Service, Settings, Severity};

use super::kinds;
use super::matcher::{Matcher, Operator};

/// An inhibition rule: while a source fires, no notification is sent for targets with the same values of some labels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inhibition {
    /// The matchers of inhibiting alerts.
    pub source: Vec<Matcher>,
    /// The matchers of inhibited alerts.
    pub target: Vec<Matcher>,
    /// The labels whose values must be equal.
    pub equal: Vec<String>,
}

/// The inhibition rules of a project. `has_receiver` returns whether a service's pages of a severity notify someone.
pub fn inhibitions(
    project: &Project<'_>,
    settings: &Settings,
    has_receiver: impl Fn(&Service, &Severity) -> bool,
) -> Vec<Inhibition> {
    let mut all: Vec<Inhibition> = page_over_ticket(project, settings).into_iter().collect();
    if settings.alertmanager.inhibit_dependents {
        all.extend(upstream_over_downstream(project, settings, has_receiver));
    }
    all
}

/// The labels that distinguish environments and projects, then `more`. Alerts without such a label have the same empty
/// value, and a label that Prometheus adds to all its alerts counts like a rule's.
fn equal<'l>(more: impl IntoIterator<Item = &'l str>) -> Vec<String> {
    ["environment", "project"]
        .into_iter()
        .chain(more)
        .map(str::to_owned)
        .collect()
}

/// The labels that SLOs of a project are grouped by, in alphabetical order. Alerts of other SLOs have none of them.
fn group_labels<'p>(project: &'p Project<'_>) -> BTreeSet<&'p str> {
    project
        .services()
        .flat_map(|service| &service.slos)
        .flat_map(nth_model::Slo::by)
        .map(String::as_str)
        .collect()
}

/// Matchers of alerts of this environment and project, then `more`: an inhibition must not affect any other.
fn scoped_matchers(settings: &Settings, more: impl IntoIterator<Item = Matcher>) -> Vec<Matcher> {
    let scope = settings.scope();
    scope
        .map(|(label, value)| Matcher::equal(label, value))
        .chain(more)
        .collect()
}

/// A page of an SLO, of any severity that pages, inhibits the alerts of the same SLO, and of the same group of it, that do
/// not page. Other alerts each have their own meaning. An alert on the consumed budget inhibits nothing, whatever its severity: the person that it notifies cannot end it.
fn page_over_ticket(project: &Project<'_>, settings: &Settings) -> Option<Inhibition> {
    let labels = |response| -> BTreeSet<&str> {
        let severities = settings.severities.for_response(response);
        severities.map(Severity::label).collect()
    };
    let (pages, tickets) = (labels(Response::Page), labels(Response::Ticket));
    let of_slo = |labels: BTreeSet<&str>| {
        [
            Matcher::one_of("severity", labels),
            Matcher::present("service"),
            Matcher::present("slo"),
        ]
    };
    let burning = kinds::not_consumed(project);
    pages.is_disjoint(&tickets).then(|| Inhibition {
        source: scoped_matchers(settings, of_slo(pages).into_iter().chain([burning])),
        target: scoped_matchers(settings, of_slo(tickets)),
        equal: equal(["service", "slo"].into_iter().chain(group_labels(project))),
    })
}

/// A burn-rate page of a service inhibits the burn-rate alerts of the services that have a hard dependency on it: it is
/// the same failure, and its owner is notified. None of their other alerts is inhibited: missing data, consumed budgets
/// and custom alerts.
fn upstream_over_downstream(
    project: &Project<'_>,
    settings: &Settings,
    has_receiver: impl Fn(&Service, &Severity) -> bool,
) -> Vec<Inhibition> {
    let groups = cycles(project);
    let mut all = Vec::new();
    for upstream in project.services() {
        let notifying: BTreeSet<&str> = burn_severities(upstream)
            .filter(|severity| has_receiver(upstream, severity))
            .map(Severity::label)
            .collect();
        if notifying.is_empty() {
            continue;
        }
        let circle = groups.get(upstream.name.as_str());
        let needing: BTreeSet<&str> = project
            .dependents(&upstream.name)
            .iter()
            .filter(|(_, dependency)| dependency.criticality == Criticality::Hard)
            .map(|(service, _)| service.name.as_str())
            .filter(|name| groups.get(name) != circle)
            .collect();
        if needing.is_empty() {
            continue;
        }
        all.push(Inhibition {
            source: scoped_matchers(
                settings,
                [
                    kinds::burning(project),
                    Matcher::equal("service", &upstream.name),
                    Matcher::one_of("severity", notifying),
                ],
            ),
            target: scoped_matchers(
                settings,
                [kinds::burning(project), Matcher::one_of("service", needing)],
            ),
            equal: equal([]),
        });
    }
    all
}

/// The severities of the service's burn-rate alerts that page.
fn burn_severities(service: &Service) -> impl Iterator<Item = &Severity> {
    let pairs = service.slos.iter().flat_map(|slo| &slo.burn_rate_pairs);
    pairs
        .map(|pair| &pair.severity)
        .filter(|severity| severity.pages())
}

/// Restricts inhibition rules to the alerts of the project's services on both sides.
pub fn restrict(inhibitions: &mut [Inhibition], services: &[&str]) {
    for rule in inhibitions {
        for side in [&mut rule.source, &mut rule.target] {
            for matcher in side.iter_mut() {
                let is_any = matcher.operator == Operator::NotEqual && matcher.value.is_empty();
                if matcher.label == "service" && is_any && !services.is_empty() {
                    *matcher = Matcher::one_of("service", services.iter().copied());
                }
            }
            side.push(Matcher::present("tier"));
        }
    }
}

/// The index of the cycle that each service belongs to; a service outside of cycles has its own index. Services of a
/// cycle depend on one another, however long the cycle is.
fn cycles<'a>(project: &Project<'a>) -> BTreeMap<&'a str, usize> {
    let names: Vec<&str> = project
        .services()
        .map(|service| service.name.as_str())
        .collect();
    let number = |name: &str| names.binary_search(&name).ok();
    let needs: Vec<Vec<usize>> = project
        .services()
        .map(|service| {
            let hard = service.dependencies.iter();
            hard.filter(|dependency| dependency.criticality == Criticality::Hard)
                .filter_map(|dependency| number(dependency.service.as_deref()?))
                .collect()
        })
        .collect();
    let of = components(&needs);
    names.into_iter().zip(of).collect()
}

/// Tarjan's strongly connected components, without recursion, in time linear in nodes and edges: the component of each
/// node.
fn components(edges: &[Vec<usize>]) -> Vec<usize> {
    const UNSEEN: usize = usize::MAX;
    let mut order = vec![UNSEEN; edges.len()];
    let mut low = vec![UNSEEN; edges.len()];
    let mut component = vec![UNSEEN; edges.len()];
    let mut open: Vec<usize> = Vec::new();
    let (mut next, mut found) = (0, 0);
    for root in 0..edges.len() {
        if order[root] != UNSEEN {
            continue;
        }
        // A node and the number of its edges that were visited.
        let mut path: Vec<(usize, usize)> = vec![(root, 0)];
        while let Some((node, followed)) = path.last_mut() {
            let node = *node;
            if *followed == 0 {
                order[node] = next;
                low[node] = next;
                next += 1;
                open.push(node);
            }
            if let Some(to) = edges[node].get(*followed).copied() {
                *followed += 1;
                if order[to] == UNSEEN {
                    path.push((to, 0));
                } else if component[to] == UNSEEN {
                    low[node] = low[node].min(order[to]);
                }
                continue;
            }
            path.pop();
            if let Some((parent, _)) = path.last() {
                low[*parent] = low[*parent].min(low[node]);
            }
            if low[node] == order[node] {
                while let Some(member) = open.pop() {
                    component[member] = found;
                    if member == node {
                        break;
                    }
                }
                found += 1;
            }
        }
    }
    component
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_circle_is_one_component() {
        // 0 → 1 → 2 → 0, 2 → 3, 4 → 0, 5 → 5
        let of = components(&[vec![1], vec![2], vec![0, 3], vec![], vec![0], vec![5]]);
        assert!(of[0] == of[1] && of[1] == of[2]);
        assert_eq!(of.iter().collect::<BTreeSet<_>>().len(), 4);
    }

    #[test]
    fn a_long_chain_needs_no_stack() {
        let edges: Vec<Vec<usize>> = (0..100_000)
            .map(|node| vec![(node + 1) % 100_000])
            .collect();
        let of = components(&edges);
        assert!(of.iter().all(|component| *component == of[0]));
    }

    proptest! {
        /// Two nodes are in one component if and only if each is reachable from the other.
        #[test]
        fn components_are_what_reaches_one_another(
            edges in proptest::collection::vec(proptest::collection::vec(0_usize..8, 0..4), 8)
        ) {
            let mut reaches = vec![vec![false; 8]; 8];
            for (from, to) in edges.iter().enumerate() {
                reaches[from][from] = true;
                for to in to {
                    reaches[from][*to] = true;
                }
            }
            for via in 0..8 {
                for from in 0..8 {
                    for to in 0..8 {
                        reaches[from][to] |= reaches[from][via] && reaches[via][to];
                    }
                }
            }
            let of = components(&edges);
            for from in 0..8 {
                for to in 0..8 {
                    prop_assert_eq!(of[from] == of[to], reaches[from][to] && reaches[to][from]);
                }
            }
        }
    }
}
