//! The runbook page of a service.

use std::collections::BTreeMap;

use super::alert::{self, Alerts};
use super::page::Page;
use super::{call, detection, graph, log_alerts, slo_alerts, text, words};
use crate::alerts::{NamedAlert, Origin, headings, service_alerts};
use crate::anchors::Anchors;
use crate::links;
use nth_model::burn_rate::budget_time;
use nth_model::exclude::Exclusion;
use nth_model::number::percent_text;
use nth_model::text::list;
use nth_model::{
    Criticality, Dependency, MissingDataCause, Project, Role, Rule, Service, Settings, Severity,
    Sli, Slo,
};
use rust_decimal::Decimal;

/// The page of a service.
///
/// # Errors
///
/// If a link cannot be serialized.
pub fn page(
    service: &Service,
    project: &Project<'_>,
    settings: &Settings,
) -> Result<String, serde_json::Error> {
    let alerts = service_alerts(service);
    let (anchors, procedures) = outline(service, &alerts);
    let mut page = Page::new(anchors);
    page.heading(1, &service.name);
    if let Some(description) = &service.description {
        page.text(description);
    }
    match (service.role, &service.team) {
        (Role::Dependency, _) => page.paragraph("A dependency that services share."),
        (Role::Team, Some(team)) => page.paragraph(format!(
            "Alerts of team {} that belong to no service.",
            text::inline(team)
        )),
        _ => {}
    }
    page.list(facts(service, project, settings));

    if service.role == Role::Service {
        page.heading(2, headings::OBJECTIVES);
        objectives(&mut page, service, project);
        detection::tables(&mut page, service, project);
    }
    if service.role != Role::Team {
        page.heading(2, headings::DEPENDENCIES);
        needs(&mut page, service, project);
    }
    let call = page.heading(2, headings::ESCALATION);
    call::section(&mut page, service, project, settings, &severities(&alerts));

    page.heading(2, headings::ALERTS);
    overview(&mut page, service, &alerts);
    let mut sections = Alerts {
        service,
        project,
        settings,
        procedures,
        call,
        mitigation: String::new(),
    };
    if !alerts.is_empty() {
        sections.common(&mut page)?;
    }
    if has_slo_alerts(&alerts) {
        sections.mitigation = page.heading(alert::LEVEL, headings::MITIGATION);
        slo_alerts::mitigation(&sections, &mut page);
    }
    for same in by_heading(&alerts) {
        let Some(first) = same.first() else {
            continue;
        };
        page.heading(alert::LEVEL, &first.heading);
        match first.origin {
            Origin::Own(own) => sections.own(&mut page, first, own)?,
            _ => slo_alerts::section(&sections, &mut page, same)?,
        }
    }
    skipped_alerts(&mut page, service);
    if !service.log_alerts.is_empty() {
        page.heading(2, headings::LOG_ALERTS);
        log_alerts::section(&mut page, service);
    }

    if !service.runbook.is_empty() {
        page.heading(2, headings::PROCEDURES);
        for section in &service.runbook {
            page.heading(alert::LEVEL, &section.title);
            page.author_markdown(alert::LEVEL, &section.text);
        }
    }
    Ok(page.finish())
}

/// The alerts with one heading: a custom alert, or those of an SLO with one name.
fn by_heading<'s, 'a>(alerts: &'s [NamedAlert<'a>]) -> impl Iterator<Item = &'s [NamedAlert<'a>]> {
    alerts.chunk_by(|first, second| first.anchor == second.anchor)
}

/// Whether one of them is of an SLO.
fn has_slo_alerts(alerts: &[NamedAlert<'_>]) -> bool {
    alerts.iter().any(|alert| alert.origin.slo().is_some())
}

/// The severities of alerts, each once, in their order.
fn severities<'a>(alerts: &[NamedAlert<'a>]) -> Vec<&'a Severity> {
    let mut all: Vec<&Severity> = Vec::new();
    for alert in alerts {
        let severity = alert.origin.severity();
        if !all.contains(&severity) {
            all.push(severity);
        }
    }
    all
}

/// The anchors of all headings except those within the author's texts, which must not take these; and links to the
/// custom sections.
fn outline(service: &Service, alerts: &[NamedAlert<'_>]) -> (Vec<String>, Vec<String>) {
    let mut anchors = Anchors::default();
    let titles = std::iter::once(text::single_line(&service.name))
        .chain(headings::BEFORE.map(str::to_owned))
        .chain(has_slo_alerts(alerts).then(|| headings::MITIGATION.to_owned()))
        .chain(by_heading(alerts).filter_map(|same| Some(same.first()?.heading.clone())))
        .chain((!service.log_alerts.is_empty()).then(|| headings::LOG_ALERTS.to_owned()))
        .chain([headings::PROCEDURES.to_owned()]);
    let mut all: Vec<String> = titles.map(|title| anchors.add(&title)).collect();
    let mut links = Vec::new();
    for section in &service.runbook {
        let title = text::single_line(&section.title);
        let anchor = anchors.add(&title);
        links.push(text::internal_link(&title, &format!("#{anchor}")));
        all.push(anchor);
    }
    (all, links)
}

fn facts(service: &Service, project: &Project<'_>, settings: &Settings) -> Vec<String> {
    let mut facts = Vec::new();
    facts.push(match (&service.team, project.owner(service)) {
        (Some(name), team) => {
            let reach = team.and_then(call::contact_channels);
            let reach = reach.map(|reach| format!(", contact {reach}"));
            let what = team.and_then(|team| team.description.as_ref());
            let what = what.map(|what| format!(". {}", text::inline(what)));
            format!(
                "**Owner:** {}{}{}",
                text::inline(name),
                reach.unwrap_or_default(),
                what.unwrap_or_default()
            )
        }
        (None, _) => "**Owner:** none".to_owned(),
    });
    if service.has_service_label() {
        facts.push(format!("**Tier:** {}", text::inline(&service.tier)));
    }
    if let Some(kind) = &service.service_type {
        facts.push(format!("**Type:** {}", text::inline(kind)));
    }
    if let Some(environment) = &settings.environment {
        facts.push(format!("**Environment:** {}", text::inline(environment)));
    }
    if let Some(url) = links::dashboard(service, settings) {
        facts.push(format!("**Dashboard:** {}", text::address(&url)));
    }
    if let Some(url) = &service.logs_url {
        facts.push(format!("**Logs:** {}", text::address(url)));
    }
    if let Some(url) = &service.runbook_url {
        facts.push(format!("**Service runbook:** {}", text::address(url)));
    }
    if !service.selector.is_empty() {
        let selector = service.selector.to_string();
        facts.push(format!("**Selector:** {}", text::code(&selector)));
    }
    facts.push(format!(
        "**Other services:** {}",
        text::internal_link("all runbooks", "README.md")
    ));
    facts
}

/// The objective in short: `99.95% of events over 30d`.
pub fn short_objective(slo: &Slo) -> String {
    let of = match slo.sli {
        Sli::TimeSlices { .. } => "time",
        _ => "events",
    };
    format!(
        "{} of {of} over {}",
        percent_text(slo.objective),
        words::slo_window(slo)
    )
}

fn objectives(page: &mut Page, service: &Service, project: &Project<'_>) {
    if service.slos.is_empty() {
        page.paragraph("This service has no SLO, so no alert fires on errors seen by customers.");
        return;
    }
    let rows = service.slos.iter().map(|slo| {
        let budget = words::duration(budget_time(slo.objective, slo.window));
        let what = slo.description.as_deref().map(text::inline);
        [
            text::inline(&slo.name),
            format!("{}{}", short_objective(slo), group_objectives(slo)),
            budget,
            what.unwrap_or_default(),
        ]
    });
    page.table(
        ["SLO", "Objective", "Error budget", "Description"],
        rows.collect(),
    );
    page.paragraph(
        "The error budget is the full downtime that the objective allows in its window.",
    );
    for slo in &service.slos {
        parts(page, slo, project);
    }
    contracts(page, service);
    exclusions(page, service);
}

/// Adds what is promised outside about the SLOs.
fn contracts(page: &mut Page, service: &Service) {
    let all = service.slos.iter().flat_map(|slo| {
        let contracts = slo.contracts.iter();
        contracts.map(move |contract| (slo, contract))
    });
    let rows: Vec<_> = all
        .map(|(slo, contract)| {
            let promised = contract.as_slo(slo);
            [
                format!(
                    "{}: {}",
                    text::inline(&slo.name),
                    text::inline(&contract.name)
                ),
                text::inline(&contract.with),
                short_objective(&promised),
                words::duration(budget_time(contract.objective, contract.window)),
            ]
        })
        .collect();
    if rows.is_empty() {
        return;
    }
    page.paragraph("Contracts are promised outside, besides these objectives:");
    page.table(["Contract", "With", "Objective", "Error budget"], rows);
}

/// Adds the parts of a composite SLO, each with the runbook of its service.
fn parts(page: &mut Page, slo: &Slo, project: &Project<'_>) {
    if slo.parts.is_empty() {
        return;
    }
    let is_weighted = slo.parts.iter().any(|part| part.weight.is_some());
    page.paragraph(format!(
        "{} combines these SLOs, {}:",
        text::inline(&slo.name),
        if is_weighted {
            "by their weights"
        } else {
            "each of which must be good"
        }
    ));
    page.list(slo.parts.iter().map(|part| {
        let name = part.name();
        let named = match project.service(&part.slo.service) {
            Some(service) => {
                let page = format!("{}.md", links::runbook_stem(&service.name));
                text::internal_link(&name, &page)
            }
            None => text::inline(&name),
        };
        let weight = part.weight.map(|weight| format!(", weight {weight}"));
        format!("{named}{}", weight.unwrap_or_default())
    }));
}

/// The groups of an SLO, and their own objectives, after the objective of the SLO: `, for each route, 99.99% for pay`.
fn group_objectives(slo: &Slo) -> String {
    let Some(grouping) = &slo.grouping else {
        return String::new();
    };
    let mut told = format!(", for each {}", text::inline(&list(&grouping.by, "and")));
    for own in &grouping.objectives {
        told.push_str(&format!(
            "; {} for {}",
            percent_text(own.objective),
            text::inline(&own.name)
        ));
    }
    told
}

/// Adds the exclusions of the service's SLOs, one line each.
fn exclusions(page: &mut Page, service: &Service) {
    let mut known: BTreeMap<&str, (&Exclusion, Vec<String>)> = BTreeMap::new();
    for slo in &service.slos {
        for exclusion in &slo.exclusions {
            known
                .entry(&exclusion.name)
                .or_insert_with(|| (exclusion, Vec::new()))
                .1
                .push(text::inline(&slo.name));
        }
    }
    if known.is_empty() {
        return;
    }
    page.paragraph(
        "These times are not charged to error budgets, and burn-rate alerts do not fire on their events. Missing-data alerts and custom alerts still fire. `slo:period_burn_rate_gross:ratio` is the consumed share of the error budget without exclusions.",
    );
    page.list(known.into_values().map(|(exclusion, slos)| {
        format!(
            "**{}:** {}, for {}. Reason: {}. Agreed by {}.",
            text::inline(&exclusion.name),
            text::inline(&exclusion.times_text()),
            list(&slos, "and"),
            text::inline(exclusion.reason.trim_end_matches('.')),
            text::inline(&exclusion.by.to_string()),
        )
    }));
}

fn needs(page: &mut Page, service: &Service, project: &Project<'_>) {
    let drawn = graph::service_graph(service, project);
    if let Some(graph) = drawn.graph {
        page.fence("mermaid", &graph);
        page.paragraph(
            "Solid thick arrows are hard dependencies: the service fails without them. Dotted arrows \
            are soft dependencies: the service degrades.",
        );
        for sentence in drawn.omitted {
            page.paragraph(sentence);
        }
    }
    if service.role == Role::Dependency {
        // It has none.
    } else if service.dependencies.is_empty() {
        page.paragraph("No dependencies are declared.");
    } else {
        page.paragraph("Dependencies:");
        let needed = service.dependencies.iter();
        page.items(needed.map(|needed| (dependency_item(needed, project), needed.impact.clone())));
    }
    let dependents = project.dependents(&service.name);
    if dependents.is_empty() {
        page.paragraph("No service in this project depends on it.");
    } else {
        page.paragraph("Dependent services:");
        page.list(dependents.iter().map(|(dependent, dependency)| {
            let owner = dependent.team.as_ref();
            let owner = owner.map(|team| format!(" of {}", text::inline(team)));
            format!(
                "{}{}, {}",
                text::internal_link(
                    &dependent.name,
                    &format!("{}.md", links::runbook_stem(&dependent.name))
                ),
                owner.unwrap_or_default(),
                match dependency.criticality {
                    Criticality::Hard => "hard dependency",
                    Criticality::Soft => "soft dependency: degrades without it",
                }
            )
        }));
    }
}

fn dependency_item(needed: &Dependency, project: &Project<'_>) -> String {
    let of_project = needed
        .service
        .as_deref()
        .and_then(|name| project.service(name));
    let mut told = match of_project {
        Some(service) => {
            let page = format!("{}.md", links::runbook_stem(&service.name));
            let link = text::internal_link(&service.name, &page);
            let called = if service.name == needed.name {
                String::new()
            } else {
                format!(" (as {})", text::code(&needed.name))
            };
            let owner = service.team.as_ref();
            let owner = owner.map(|team| format!(" of {}", text::inline(team)));
            format!("{link}{called}{}", owner.unwrap_or_default())
        }
        None => {
            let name = needed.service.as_ref().unwrap_or(&needed.name);
            let technology = needed.technology.as_ref();
            let technology = technology.map(|on| format!(" ({})", text::inline(on)));
            format!("{}{}", text::inline(name), technology.unwrap_or_default())
        }
    };
    told.push_str(match needed.criticality {
        Criticality::Hard => " (hard dependency)",
        Criticality::Soft => " (soft dependency: degraded)",
    });
    if let Some(share) = needed.availability {
        let percent = (share * Decimal::ONE_HUNDRED).normalize();
        told.push_str(&format!(". Promised availability: {percent}%"));
    }
    if let Some(description) = &needed.description {
        told.push_str(&format!(". {}", text::inline(description)));
    }
    if needed.impact.is_some() {
        told.push_str(". Impact of a failure:");
    }
    told
}

fn overview(page: &mut Page, service: &Service, alerts: &[NamedAlert<'_>]) {
    if alerts.is_empty() && service.log_alerts.is_empty() {
        let what = service.role.word();
        page.paragraph(format!("This {what} has no alerts."));
        return;
    }
    let rows = by_heading(alerts).filter_map(|same| {
        let first = same.first()?;
        let severities = severities(same);
        let of_severity = |severity: &&Severity| {
            let same = same.iter();
            let same = same.filter(|alert| alert.origin.severity() == *severity);
            let conditions: Vec<String> = same.map(|alert| in_a_line(alert, service)).collect();
            list(&conditions, "or")
        };
        let names: Vec<&str> = severities.iter().map(|severity| severity.name()).collect();
        let conditions: Vec<String> = severities.iter().map(of_severity).collect();
        let of = first.origin.slo();
        let of = of.map(|slo| format!("{}: ", text::inline(&slo.name)));
        Some([
            text::internal_link(&first.heading, &format!("#{}", first.anchor)),
            names.join("; "),
            format!("{}{}", of.unwrap_or_default(), conditions.join("; ")),
        ])
    });
    page.table(["Alert", "Severity", "Fires when"], rows.collect());
}

/// The condition of an alert, in a table cell, without its SLO.
fn in_a_line(alert: &NamedAlert<'_>, service: &Service) -> String {
    match alert.origin {
        Origin::Burn(_, pair) => format!(
            "{} of the error budget consumed in {}",
            percent_text(pair.rounded_budget()),
            words::duration(pair.long)
        ),
        Origin::Budget(_, alert) => format!(
            "{} of the error budget consumed",
            percent_text(alert.consumed)
        ),
        Origin::Contract(_, contract, alert) => format!(
            "{} of the error budget of contract {} consumed",
            percent_text(alert.consumed),
            text::inline(&contract.name)
        ),
        Origin::Absence(_, alert) if alert.cause == MissingDataCause::Groups => {
            "more groups than the limit".to_owned()
        }
        Origin::Absence(_, alert) => {
            format!("no data for {}", words::duration(alert.hold))
        }
        Origin::Inconsistent(_) => "error ratio below 0% or above 100%".to_owned(),
        Origin::Own(alert) => match &alert.summary {
            Some(summary) => text::alert_text(summary).replace('|', "\\|"),
            None => format!(
                "{}: {}",
                text::inline(service.identity().1),
                text::inline(&alert.name)
            ),
        },
    }
}

/// Adds the alerts that are not generated, because no metric provides a signal that they read.
fn skipped_alerts(page: &mut Page, service: &Service) {
    let missing: Vec<_> = service
        .skipped_rules
        .iter()
        .filter(|skipped| skipped.rule == Rule::Alert)
        .map(|skipped| {
            let signals: Vec<_> = skipped
                .missing
                .iter()
                .map(|signal| text::code(signal))
                .collect();
            format!(
                "{}: no metric for {}",
                text::code(&skipped.name),
                list(&signals, "and")
            )
        })
        .collect();
    if !missing.is_empty() {
        page.paragraph("Alerts not generated because their signals have no metric:");
        page.list(missing);
    }
}
