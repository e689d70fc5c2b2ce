//! The index page of all services.

use std::collections::{BTreeMap, BTreeSet};

use super::page::Page;
use super::runbook::short_objective;
use super::{call, graph, text};
use crate::links;
use nth_model::text::list;
use nth_model::{Project, Role, Service, Settings};

/// The index page of a project.
pub fn page(project: &Project<'_>, settings: &Settings) -> String {
    let mut page = Page::new([]);
    page.heading(1, &format!("Runbooks of {}", settings.project));
    let of_role = |role: Role| -> Vec<&Service> {
        let all = project.services();
        all.filter(|service| service.role == role).collect()
    };
    let services = of_role(Role::Service);
    let shared = of_role(Role::Dependency);
    let count = match services.len() {
        1 => "One service".to_owned(),
        many => format!("{many} services"),
    };
    page.paragraph(match &settings.environment {
        Some(environment) => format!("{count}, in {}.", text::inline(environment)),
        None => format!("{count}."),
    });

    page.heading(2, "Services");
    for (tier, services) in by_tier(&services) {
        page.heading(3, &format!("Tier {tier}"));
        page.table(
            ["Service", "Owner", "Description", "Objectives"],
            services.into_iter().map(row).collect(),
        );
    }

    if !shared.is_empty() {
        page.heading(2, "Shared dependencies");
        let rows = shared.iter().map(|shared| {
            let [name, owner, what, _] = row(shared);
            let dependents = project.dependents(&shared.name).iter();
            let dependents: BTreeSet<&str> = dependents.map(|(of, _)| of.name.as_str()).collect();
            let count = nth_model::text::count(dependents.len(), "service");
            [name, owner, what, count]
        });
        page.table(
            ["Dependency", "Owner", "Description", "Used by"],
            rows.collect(),
        );
    }

    page.heading(2, "Dependency graph");
    let drawn = graph::project_graph(project);
    match drawn.graph {
        Some(graph) => {
            page.fence("mermaid", &graph);
            page.paragraph(
                "Solid thick arrows are hard dependencies: the service fails without them. Dotted \
                arrows are soft dependencies: the service degrades. Infrastructure dependencies are in \
                each service's runbook.",
            );
        }
        None => page.paragraph("There are no dependencies between services."),
    }
    for sentence in drawn.omitted {
        page.paragraph(sentence);
    }

    page.heading(2, "Teams");
    let mut owned: BTreeMap<&str, Vec<&Service>> = BTreeMap::new();
    for service in services.iter().chain(&shared) {
        if let Some(team) = &service.team {
            owned.entry(team).or_default().push(service);
        }
    }
    for team in project.teams() {
        page.heading(3, &format!("Team {}", team.name));
        if let Some(description) = &team.description {
            page.text(description);
        }
        let owned = owned.get(team.name.as_str()).map(Vec::as_slice);
        let links: Vec<_> = owned
            .unwrap_or_default()
            .iter()
            .map(|service| link(service))
            .collect();
        let mut lines = call::contacts(team);
        lines.push(if links.is_empty() {
            "It owns no services.".to_owned()
        } else {
            format!("It owns {}.", list(&links, "and"))
        });
        let rules = Service::name_of_team_rules(&team.name);
        if let Some(rules) = project
            .service(&rules)
            .filter(|rules| rules.role == Role::Team)
        {
            lines.push(format!(
                "Its alerts outside of any service: {}.",
                link(rules)
            ));
        }
        if team.is_paged && !team.is_on_call() {
            lines.push("**No one is on call**: the team has no escalation.".to_owned());
        }
        page.list(lines);
    }
    page.finish()
}

/// The services by tier, those with the shortest response times first. The name of a tier does not determine them, so
/// they are taken from its services.
fn by_tier<'a>(services: &[&'a Service]) -> Vec<(&'a str, Vec<&'a Service>)> {
    let mut tiers: BTreeMap<&str, Vec<&Service>> = BTreeMap::new();
    for service in services {
        tiers.entry(&service.tier).or_default().push(service);
    }
    let mut tiers: Vec<_> = tiers.into_iter().collect();
    tiers.sort_by_cached_key(|(tier, services)| {
        let wait = services.iter().map(|service| service.pace.wait(0)).min();
        (wait, *tier)
    });
    tiers
}

fn link(service: &Service) -> String {
    let page = format!("{}.md", links::runbook_stem(&service.name));
    text::internal_link(&service.name, &page)
}

fn row(service: &Service) -> [String; 4] {
    let promises: Vec<_> = service
        .slos
        .iter()
        .map(|slo| format!("{}: {}", text::inline(&slo.name), short_objective(slo)))
        .collect();
    // A cell is one line: the first paragraph describes the service.
    let what = service.description.as_deref().unwrap_or_default();
    let what = what.split("\n\n").next().unwrap_or_default();
    [
        link(service),
        service
            .team
            .as_deref()
            .map_or_else(|| "nobody".to_owned(), text::inline),
        text::inline(what),
        if promises.is_empty() {
            "nothing".to_owned()
        } else {
            promises.join("; ")
        },
    ]
}
