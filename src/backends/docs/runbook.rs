//! A service's page.

use super::alert::{self, Alerts};
use super::page::Page;
use super::{call, graph, text, words};
use crate::alerts::{Named, Origin, headings, named};
use crate::anchors::Anchors;
use crate::links;
use nth_model::burn_rate::budget_time;
use nth_model::number::percent_text;
use nth_model::{Criticality, Dependency, Project, Rule, Service, Settings, Severity, Sli, Slo};
use nth_promql::build;

/// The page of a service.
///
/// # Errors
///
/// What the serialiser of a link refused.
pub fn page(
    service: &Service,
    project: &Project<'_>,
    settings: &Settings,
) -> Result<String, String> {
    let alerts = named(service);
    let (anchors, procedures) = outline(service, &alerts);
    let mut page = Page::new(anchors);
    page.heading(1, &service.name);
    if let Some(description) = &service.description {
        page.text(description);
    }
    page.list(facts(service, project, settings));

    page.heading(2, headings::PROMISES);
    promises(&mut page, service);
    page.heading(2, headings::NEEDS);
    needs(&mut page, service, project);
    let call = page.heading(2, headings::CALL);
    call::section(&mut page, service, project);

    page.heading(2, headings::ALERTS);
    let sections = Alerts {
        service,
        project,
        settings,
        procedures,
        call,
    };
    overview(&mut page, service, &alerts);
    for alert in &alerts {
        sections.section(&mut page, alert)?;
    }
    left_out(&mut page, service);

    if !service.runbook.is_empty() {
        page.heading(2, headings::PROCEDURES);
        for section in &service.runbook {
            page.heading(alert::LEVEL, &section.title);
            page.own(alert::LEVEL, &section.text);
        }
    }
    Ok(page.finish())
}

/// The anchors of all headings but those in people's texts, which leave these alone; and links to the procedures.
fn outline(service: &Service, alerts: &[Named<'_>]) -> (Vec<String>, Vec<String>) {
    let mut anchors = Anchors::default();
    let titles = std::iter::once(text::plain(&service.name))
        .chain(headings::BEFORE.map(str::to_owned))
        .chain(alerts.iter().map(|alert| alert.heading.clone()))
        .chain([headings::PROCEDURES.to_owned()]);
    let mut all: Vec<String> = titles.map(|title| anchors.take(&title)).collect();
    let mut links = Vec::new();
    for section in &service.runbook {
        let title = text::plain(&section.title);
        let anchor = anchors.take(&title);
        links.push(text::within(&title, &format!("#{anchor}")));
        all.push(anchor);
    }
    (all, links)
}

fn facts(service: &Service, project: &Project<'_>, settings: &Settings) -> Vec<String> {
    let mut facts = Vec::new();
    facts.push(match (&service.team, project.owner(service)) {
        (Some(name), team) => {
            let reach = team.and_then(call::reach);
            let reach = reach.map(|reach| format!(", reached in {reach}"));
            let what = team.and_then(|team| team.description.as_ref());
            let what = what.map(|what| format!(". {}", text::inline(what)));
            format!(
                "**Owner:** {}{}{}",
                text::inline(name),
                reach.unwrap_or_default(),
                what.unwrap_or_default()
            )
        }
        (None, _) => "**Owner:** nobody".to_owned(),
    });
    let kind = service.service_type.as_ref();
    let kind = kind.map(|kind| format!(", {} {}", article(kind), text::inline(kind)));
    facts.push(format!(
        "**Tier:** {}{}",
        text::inline(&service.tier),
        kind.unwrap_or_default()
    ));
    if let Some(environment) = &settings.environment {
        facts.push(format!("**Environment:** {}", text::inline(environment)));
    }
    if let Some(url) = links::dashboard(service, settings) {
        facts.push(format!("**Dashboard:** {}", text::address(&url)));
    }
    if let Some(url) = &service.runbook_url {
        facts.push(format!("**Its own runbook:** {}", text::address(url)));
    }
    let labels: Vec<_> = service
        .selector
        .iter()
        .map(|(label, value)| (label.as_str(), value.as_str()))
        .collect();
    if !labels.is_empty() {
        let series = build::selector("x", &labels).to_string();
        let series = series.strip_prefix('x').unwrap_or(&series);
        facts.push(format!("**Its series carry:** {}", text::code(series)));
    }
    facts.push(format!(
        "**Other services:** {}",
        text::within("all runbooks", "README.md")
    ));
    facts
}

fn article(word: &str) -> &'static str {
    if word.starts_with(['a', 'e', 'i', 'o', 'u']) {
        "an"
    } else {
        "a"
    }
}

/// What an objective says, in a few words: `99.95% of events over 30 d`.
pub fn promise(slo: &Slo) -> String {
    let of = match slo.sli {
        Sli::TimeSlices { .. } => "the time",
        _ => "events",
    };
    format!(
        "{} of {of} over {}",
        percent_text(slo.objective),
        words::duration(slo.window)
    )
}

fn promises(page: &mut Page, service: &Service) {
    if service.slos.is_empty() {
        page.paragraph("Nothing: it has no objective, and nobody is told that it fails customers.");
        return;
    }
    let rows = service.slos.iter().map(|slo| {
        let budget = words::in_minutes(budget_time(slo.objective, slo.window));
        let what = slo.description.as_deref().map(text::inline);
        [
            text::inline(&slo.name),
            promise(slo),
            budget,
            what.unwrap_or_default(),
        ]
    });
    page.table(
        ["Objective", "Good are", "Error budget", "In words"],
        rows.collect(),
    );
    page.paragraph(
        "The error budget is how long a full outage may last in the period before the promise is broken.",
    );
}

fn needs(page: &mut Page, service: &Service, project: &Project<'_>) {
    let drawn = graph::around(service, project);
    if let Some(graph) = drawn.graph {
        page.fence("mermaid", &graph);
        page.paragraph(
            "A thick arrow leads to what a service does not work without, a dotted one to what it works without, with less comfort.",
        );
        for sentence in drawn.left_out {
            page.paragraph(sentence);
        }
    }
    if service.dependencies.is_empty() {
        page.paragraph("It needs nothing that is written down.");
    } else {
        page.paragraph("It needs:");
        let needed = service.dependencies.iter();
        page.items(needed.map(|needed| (need(needed, project), needed.impact.clone())));
    }
    let dependents = project.dependents(&service.name);
    if dependents.is_empty() {
        page.paragraph("Nothing in this project needs it.");
    } else {
        page.paragraph("It is needed by:");
        page.list(dependents.iter().map(|(dependent, dependency)| {
            let owner = dependent.team.as_ref();
            let owner = owner.map(|team| format!(" of {}", text::inline(team)));
            format!(
                "{}{}, {}",
                text::within(
                    &dependent.name,
                    &format!("{}.md", links::runbook_stem(&dependent.name))
                ),
                owner.unwrap_or_default(),
                match dependency.criticality {
                    Criticality::Hard => "which does not work without it",
                    Criticality::Soft => "which works without it, with less comfort",
                }
            )
        }));
    }
}

fn need(needed: &Dependency, project: &Project<'_>) -> String {
    let of_project = needed
        .service
        .as_deref()
        .and_then(|name| project.service(name));
    let mut told = match of_project {
        Some(service) => {
            let page = format!("{}.md", links::runbook_stem(&service.name));
            let link = text::within(&service.name, &page);
            let called = if service.name == needed.name {
                String::new()
            } else {
                format!(" (called {})", text::code(&needed.name))
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
        Criticality::Hard => ", without which it does not work",
        Criticality::Soft => ", without which it works with less comfort",
    });
    if let Some(description) = &needed.description {
        told.push_str(&format!(". {}", text::inline(description)));
    }
    if needed.impact.is_some() {
        told.push_str(". When it fails, customers notice:");
    }
    told
}

fn overview(page: &mut Page, service: &Service, alerts: &[Named<'_>]) {
    if alerts.is_empty() {
        page.paragraph("It has no alert: nobody is told when it fails.");
        return;
    }
    let rows = alerts.iter().map(|alert| {
        let asks = match alert.origin.severity() {
            Severity::Page => "page",
            Severity::Ticket => "ticket",
        };
        [
            text::within(&alert.heading, &format!("#{}", alert.anchor)),
            asks.to_owned(),
            in_a_line(alert, service),
        ]
    });
    page.table(["Alert", "Asks for", "Fires when"], rows.collect());
}

/// When an alert fires, in a cell.
fn in_a_line(alert: &Named<'_>, service: &Service) -> String {
    match alert.origin {
        Origin::Burn(slo, pair) => format!(
            "{}: {} of the budget went in {}",
            text::inline(&slo.name),
            percent_text(pair.budget),
            words::duration(pair.long)
        ),
        Origin::Budget(slo, alert) => format!(
            "{}: {} of the budget is spent",
            text::inline(&slo.name),
            percent_text(alert.consumed)
        ),
        Origin::Absence(slo, alert) => format!(
            "{}: no data for {}",
            text::inline(&slo.name),
            words::duration(alert.hold)
        ),
        Origin::Inconsistent(slo) => format!(
            "{}: an error ratio below 0% or above 100%",
            text::inline(&slo.name)
        ),
        Origin::Own(alert) => match &alert.summary {
            Some(summary) => text::alert_text(summary).replace('|', "\\|"),
            None => format!(
                "{}: {}",
                text::inline(&service.name),
                text::inline(&alert.name)
            ),
        },
    }
}

/// The alerts that are not there, because nothing carries what they would read.
fn left_out(page: &mut Page, service: &Service) {
    let missing: Vec<_> = service
        .left_out
        .iter()
        .filter(|left_out| left_out.rule == Rule::Alert)
        .map(|left_out| {
            let signals: Vec<_> = left_out
                .missing
                .iter()
                .map(|signal| text::code(signal))
                .collect();
            format!(
                "{}, for want of {}",
                text::code(&left_out.name),
                words::list(&signals)
            )
        })
        .collect();
    if !missing.is_empty() {
        page.paragraph(
            "These alerts are written but not made, as no metric carries what they read:",
        );
        page.list(missing);
    }
}
