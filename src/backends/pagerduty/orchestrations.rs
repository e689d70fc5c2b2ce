//! Event orchestrations: one for each team, with its own key, which routes each event to its service.

use super::address::{address, insert};
use super::document::{
    CatchAll, Condition, Document, Nothing, Orchestration, OrchestrationIntegration, Output,
    Reference, Route, RouteTo, Router, Rule, ServiceOrchestration, Set, SetSeverity,
};
use super::error::Error;
use super::naming::Naming;
use super::people::team;
use super::plan::{Inbox, Plan};
use super::services::{others, others_address, service};
use super::text::{self, Text, description, equals, equals_any};
use crate::receivers::message::NONE;
use nth_model::{Settings, Urgency};

/// The resource types of an event orchestration, its integration and router, and of the rules of a service.
pub const ORCHESTRATION: &str = "pagerduty_event_orchestration";
pub const ORCHESTRATION_INTEGRATION: &str = "pagerduty_event_orchestration_integration";
pub const ROUTER: &str = "pagerduty_event_orchestration_router";
pub const SERVICE_ORCHESTRATION: &str = "pagerduty_event_orchestration_service";

/// The field of an event with its service: the label `service` of every rule, sent among the details.
const SERVICE: &str = "event.custom_details.service";
/// Another field with the service, which is always text. Alertmanager parses a detail as YAML, where `true` and `12`
/// are not text.
const COMPONENT: &str = "event.component";
/// The field with the service's tier.
const TIER: &str = "event.custom_details.tier";
/// The field with the severity.
const SEVERITY: &str = "event.custom_details.severity";

/// The set of rules with which an orchestration begins.
const START: &str = "start";

/// The orchestrations of the teams that own services, and the keys for sending events to them.
///
/// # Errors
///
/// If an address is taken.
pub fn orchestrations(
    plan: &Plan<'_>,
    naming: Naming<'_>,
    settings: &Settings,
) -> Result<Document, Error> {
    let mut document = Document::default();
    for (name, inbox) in &plan.inboxes {
        let place = address(&[name]);
        let rules = routes(plan, name, inbox, naming, settings);
        let orchestration = Reference::id(ORCHESTRATION, place.clone());
        insert(
            &mut document.resource.pagerduty_event_orchestration,
            place.clone(),
            Orchestration {
                name: naming.name(name),
                description: description(None, || {
                    format!(
                        "Routes events of {} to the services of {name}.",
                        settings.project
                    )
                }),
                team: team(plan, name),
            },
        )?;
        insert(
            &mut document.resource.pagerduty_event_orchestration_integration,
            place.clone(),
            OrchestrationIntegration {
                event_orchestration: orchestration.clone(),
                label: "Alertmanager",
            },
        )?;
        insert(
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
        insert(
            &mut document.output,
            format!("routing_key_{place}"),
            Output {
                description: Text::new(format!(
                    "The integration key with which Alertmanager sends the events of {name}."
                )),
                value: Reference::attribute(
                    ORCHESTRATION_INTEGRATION,
                    place,
                    "parameters[0].routing_key",
                ),
                sensitive: true,
            },
        )?;
    }
    // The rules of a service that is managed elsewhere are, too.
    let own = plan
        .services
        .iter()
        .filter(|(_, (_, policy))| policy.is_some());
    let of_services = own.map(|(name, _)| (address(&[name]), service(plan, name)));
    let with_others = plan
        .inboxes
        .iter()
        .filter(|(_, inbox)| inbox.others.is_some());
    let of_others = with_others.map(|(name, _)| (others_address(name), others(name)));
    for (place, of) in of_services.chain(of_others) {
        insert(
            &mut document.resource.pagerduty_event_orchestration_service,
            place,
            severities(of, settings),
        )?;
    }
    Ok(document)
}

/// The routes of a team's orchestration. Events of another environment or project match none; they are unrouted, which
/// notifies nobody.
fn routes(
    plan: &Plan<'_>,
    team: &str,
    inbox: &Inbox<'_>,
    naming: Naming<'_>,
    settings: &Settings,
) -> Vec<Rule<Route>> {
    let rule = |label: Text, expression: Text, to: Reference| Rule {
        label,
        condition: Condition { expression },
        actions: Route { route_to: to },
    };
    let known = inbox.services.iter().map(|name| {
        rule(
            naming.name(name),
            service_condition(name, settings),
            service(plan, name),
        )
    });
    let mut rules: Vec<Rule<Route>> = known.collect();
    if inbox.others.is_none() {
        return rules;
    }
    let unknown = inbox.unknown.iter();
    rules.extend(unknown.map(|name| {
        rule(
            naming.name(name),
            service_condition(name, settings),
            others(team),
        )
    }));
    // An alert with both a service and a tier is from a project's rule, and those of this project are matched above.
    for (lacking, label) in [
        (TIER, "other alerts"),
        (SERVICE, "alerts without a service"),
    ] {
        let scope = settings
            .scope()
            .map(|(label, value)| equals_any(&detail(label), [value, NONE]));
        let expression = text::all(scope.chain([equals(lacking, NONE)]));
        rules.push(rule(naming.in_team(team, label), expression, others(team)));
    }
    rules
}

/// The condition that an event belongs to a service of this environment and project.
fn service_condition(name: &str, settings: &Settings) -> Text {
    let field = if is_text(name) { SERVICE } else { COMPONENT };
    let scope = settings.scope();
    let scope = scope.map(|(label, value)| equals(&detail(label), value));
    text::all([equals(field, name)].into_iter().chain(scope))
}

/// The field of an event with a label.
fn detail(label: &str) -> String {
    format!("event.custom_details.{label}")
}

/// Returns whether every version of YAML parses a word as text.
fn is_text(word: &str) -> bool {
    /// Words that some version of YAML does not parse as text.
    const NOT_TEXT: [&str; 10] = [
        "true", "false", "yes", "no", "on", "off", "y", "n", "null", "nan",
    ];
    word.starts_with(|c: char| c.is_ascii_alphabetic())
        && word
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
        && !NOT_TEXT.contains(&word.to_ascii_lowercase().as_str())
}

/// Sets PagerDuty's severity by the label of an event: `critical` notifies with high urgency and `warning` with low. An
/// event without the label keeps its severity.
fn severities(of: Reference, settings: &Settings) -> ServiceOrchestration {
    let rules = settings.severities.all().iter().map(|severity| {
        let label = severity.label();
        let meaning = match severity.urgency() {
            Urgency::High => "critical",
            Urgency::Low => "warning",
        };
        Rule {
            label: Text::new(format!("{label} is {meaning}")),
            condition: Condition {
                expression: equals(SEVERITY, label),
            },
            actions: SetSeverity { severity: meaning },
        }
    });
    ServiceOrchestration {
        service: of,
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
