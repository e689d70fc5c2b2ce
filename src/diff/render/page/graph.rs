//! A graph of the causes and the services that they reach.

use std::collections::BTreeMap;

use maud::{Markup, html};

use crate::class::Class;
use crate::document::Document;
use crate::render::words::{clip, count};

/// The number of causes that are drawn.
const CAUSES: usize = 8;

/// The number of services that are drawn.
const SERVICES: usize = 14;

/// The height of a box with the space below it.
const STEP: usize = 30;

/// Draws the graph. The services with the gravest changes are first; the others are one box.
pub fn graph(document: &Document) -> Markup {
    // The gravest class of the changes of each service that come from each cause.
    let mut reached: BTreeMap<(&str, &str), Class> = BTreeMap::new();
    for change in &document.changes {
        let Some(service) = &change.subject.service else {
            continue;
        };
        for cause in &change.causes {
            let class = reached.entry((cause, service)).or_insert(change.class);
            *class = change.class.min(*class);
        }
    }
    let causes: Vec<&str> = document
        .causes
        .iter()
        .map(|cause| cause.name.as_str())
        .filter(|cause| reached.keys().any(|(known, _)| known == cause))
        .take(CAUSES)
        .collect();
    let mut services: BTreeMap<&str, Class> = BTreeMap::new();
    for ((cause, service), class) in &reached {
        if causes.contains(cause) {
            let gravest = services.entry(service).or_insert(*class);
            *gravest = (*gravest).min(*class);
        }
    }
    if services.is_empty() {
        return html! {};
    }
    let mut services: Vec<(&str, Class)> = services.into_iter().collect();
    services.sort_by_key(|(service, class)| (*class, *service));
    let rest = services.len().saturating_sub(SERVICES);
    services.truncate(SERVICES);
    let rows = services.len() + usize::from(rest > 0);
    let height = rows.max(causes.len()) * STEP + 6;
    // Causes are in the middle of their share of the height.
    let cause_y = |place: usize| (2 * place + 1) * height / (2 * causes.len()) - STEP / 2;
    let service_y = |place: usize| place * STEP + 3;
    let label = format!(
        "{} and the services that they reach: {}",
        count(causes.len(), "cause"),
        count(services.len() + rest, "service")
    );
    let class_of = |cause: &str, service: &str| reached.get(&(cause, service)).copied();
    html! {
        svg.graph viewBox={ "-1 0 722 " (height) } role="img" aria-label=(label) {
            title { (label) }
            @for (from, cause) in causes.iter().enumerate() {
                @for (to, (service, _)) in services.iter().enumerate() {
                    @if let Some(class) = class_of(cause, service) {
                        (edge(class.name(), cause_y(from), service_y(to)))
                    }
                }
                @if rest > 0 { (edge("more", cause_y(from), service_y(services.len()))) }
            }
            @for (place, cause) in causes.iter().enumerate() {
                (node("cause", 0, 270, cause_y(place), &cause.replace('`', "")))
            }
            @for (place, (service, class)) in services.iter().enumerate() {
                (node(class.name(), 450, 270, service_y(place), service))
            }
            @if rest > 0 { (node("more", 450, 270, service_y(services.len()), &format!("and {rest} more"))) }
        }
    }
}

fn edge(class: &str, from: usize, to: usize) -> Markup {
    let (from, to) = (from + 12, to + 12);
    html! { path.edge .(class) d=(format!("M270 {from} C360 {from} 360 {to} 450 {to}")) {} }
}

fn node(class: &str, x: usize, width: usize, y: usize, name: &str) -> Markup {
    html! {
        g.node .(class) {
            rect x=(x) y=(y) width=(width) height="24" rx="4" {}
            text x=(x + 12) y=(y + 16) { (clip(name, 36)) }
            title { (clip(name, 200)) }
        }
    }
}
