//! Where events go: an orchestration for each team, with a key of its own, that hands each event to the service it is of.

use super::address::{address, put};
use super::document::{
    CatchAll, Condition, Document, Nothing, Orchestration, OrchestrationIntegration, Output,
    Reference, Route, RouteTo, Router, Rule, ServiceOrchestration, Set, SetSeverity,
};
use super::naming::Naming;
use super::people::team;
use super::plan::Plan;
use super::services::service;
use super::text::{Text, description, says};
use crate::ir::{Settings, Severity};

/// Where an event says which service it is of: the label `service` that every rule has, sent among the details.
const SERVICE: &str = "event.custom_details.service";
/// Where it says what it asks for.
const SEVERITY: &str = "event.custom_details.severity";

/// The set of rules that an orchestration begins with.
const START: &str = "start";

/// The orchestrations of the teams that own services, and the keys by which events are sent to them.
///
/// # Errors
///
/// Where an address is taken.
pub fn orchestrations(
    plan: &Plan<'_>,
    naming: Naming<'_>,
    settings: &Settings,
) -> Result<Document, String> {
    let mut document = Document::default();
    for name in plan.teams.keys() {
        let place = address(&[name]);
        let rules: Vec<Rule<Route>> = plan
            .services_of(name)
            .map(|owned| Rule {
                label: naming.of(&owned.name),
                condition: Condition {
                    expression: says(SERVICE, &owned.name),
                },
                actions: Route {
                    route_to: service(&owned.name),
                },
            })
            .collect();
        if rules.is_empty() {
            continue;
        }
        let orchestration = Reference::id("pagerduty_event_orchestration", place.clone());
        put(
            &mut document.resource.pagerduty_event_orchestration,
            place.clone(),
            Orchestration {
                name: naming.of(name),
                description: description(None, || {
                    format!(
                        "Hands events of {} to the services of {name}.",
                        settings.project
                    )
                }),
                team: team(name),
            },
        )?;
        put(
            &mut document.resource.pagerduty_event_orchestration_integration,
            place.clone(),
            OrchestrationIntegration {
                event_orchestration: orchestration.clone(),
                label: "Alertmanager",
            },
        )?;
        put(
            &mut document.resource.pagerduty_event_orchestration_router,
            place.clone(),
            Router {
                event_orchestration: orchestration,
                set: Set {
                    id: START,
                    rule: rules,
                },
                catch_all: CatchAll {
                    actions: RouteTo {
                        route_to: "unrouted",
                    },
                },
            },
        )?;
        put(
            &mut document.output,
            format!("routing_key_{place}"),
            Output {
                description: Text::new(format!(
                    "The key by which Alertmanager sends the events of {name}."
                )),
                value: Reference::attribute(
                    "pagerduty_event_orchestration_integration",
                    place,
                    "parameters[0].routing_key",
                ),
                sensitive: true,
            },
        )?;
    }
    for name in plan.services.keys() {
        put(
            &mut document.resource.pagerduty_event_orchestration_service,
            address(&[name]),
            severities(name, settings),
        )?;
    }
    Ok(document)
}

/// What an event's severity label means to PagerDuty. An event without one keeps the severity that it was sent with.
fn severities(name: &str, settings: &Settings) -> ServiceOrchestration {
    let meant = [(Severity::Page, "critical"), (Severity::Ticket, "warning")];
    let rules = meant.into_iter().filter_map(|(severity, meaning)| {
        let label = settings.severity_labels.get(&severity)?;
        Some(Rule {
            label: Text::new(format!("{label} is {meaning}")),
            condition: Condition {
                expression: says(SEVERITY, label),
            },
            actions: SetSeverity { severity: meaning },
        })
    });
    ServiceOrchestration {
        service: service(name),
        enable_event_orchestration_for_service: true,
        set: Set {
            id: START,
            rule: rules.collect(),
        },
        catch_all: CatchAll {
            actions: Nothing {},
        },
    }
}
