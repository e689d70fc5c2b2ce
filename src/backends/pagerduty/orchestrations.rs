//! Where events go: an orchestration for each team, with a key of its own, that hands each event to the service it is of.

use super::address::{address, put};
use super::document::{
    CatchAll, Condition, Document, Nothing, Orchestration, OrchestrationIntegration, Output,
    Reference, Route, RouteTo, Router, Rule, ServiceOrchestration, Set, SetSeverity,
};
use super::error::Error;
use super::naming::Naming;
use super::people::team;
use super::plan::{Inbox, Plan};
use super::services::{others, others_address, service};
use super::text::{self, Text, description, says, says_one_of};
use crate::receivers::message::NONE;
use nth_model::{Settings, Severity};

/// Where an event says which service it is of: the label `service` that every rule has, sent among the details.
const SERVICE: &str = "event.custom_details.service";
/// The same, which is text whatever it says. Alertmanager reads a detail as YAML, where `true` and `12` are none.
const COMPONENT: &str = "event.component";
/// Where it says which tier that has.
const TIER: &str = "event.custom_details.tier";
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
) -> Result<Document, Error> {
    let mut document = Document::default();
    for (name, inbox) in &plan.inboxes {
        let place = address(&[name]);
        let rules = routes(name, inbox, naming, settings);
        let orchestration = Reference::id("pagerduty_event_orchestration", place.clone());
        put(
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
                    "The integration key with which Alertmanager sends the events of {name}."
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
    let of_services = plan
        .services
        .keys()
        .map(|name| (address(&[name]), service(name)));
    let with_others = plan
        .inboxes
        .iter()
        .filter(|(_, inbox)| inbox.others.is_some());
    let of_others = with_others.map(|(name, _)| (others_address(name), others(name)));
    for (place, of) in of_services.chain(of_others) {
        put(
            &mut document.resource.pagerduty_event_orchestration_service,
            place,
            severities(of, settings),
        )?;
    }
    Ok(document)
}

/// What events of a team's orchestration become. Those of another environment or project match nothing, and are unrouted,
/// which notifies nobody.
fn routes(
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
    let known = inbox
        .services
        .iter()
        .map(|name| rule(naming.name(name), of_service(name, settings), service(name)));
    let mut rules: Vec<Rule<Route>> = known.collect();
    if inbox.others.is_none() {
        return rules;
    }
    let unknown = inbox.unknown.iter();
    rules.extend(
        unknown.map(|name| rule(naming.name(name), of_service(name, settings), others(team))),
    );
    // An alert that has both a service and a tier is of a project's rule, and of this one's it has come above.
    for (lacking, label) in [
        (TIER, "other alerts"),
        (SERVICE, "alerts without a service"),
    ] {
        let scope = settings
            .scope()
            .map(|(label, value)| says_one_of(&detail(label), [value, NONE]));
        let expression = text::all(scope.chain([says(lacking, NONE)]));
        rules.push(rule(naming.in_team(team, label), expression, others(team)));
    }
    rules
}

/// The condition that an event is of a service of this environment and project.
fn of_service(name: &str, settings: &Settings) -> Text {
    let field = if is_text(name) { SERVICE } else { COMPONENT };
    let scope = settings.scope();
    let scope = scope.map(|(label, value)| says(&detail(label), value));
    text::all([says(field, name)].into_iter().chain(scope))
}

/// Where an event has a label.
fn detail(label: &str) -> String {
    format!("event.custom_details.{label}")
}

/// Whether YAML surely takes a word for text.
fn is_text(word: &str) -> bool {
    /// Words that some version of YAML takes for something else.
    const NOT_TEXT: [&str; 10] = [
        "true", "false", "yes", "no", "on", "off", "y", "n", "null", "nan",
    ];
    word.starts_with(|c: char| c.is_ascii_alphabetic())
        && word
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
        && !NOT_TEXT.contains(&word.to_ascii_lowercase().as_str())
}

/// What an event's severity label means to PagerDuty, which notifies of `critical` with high urgency and of `warning` with low.
/// An event without one keeps the severity that it was sent with.
fn severities(of: Reference, settings: &Settings) -> ServiceOrchestration {
    let meant = [(Severity::Page, "critical"), (Severity::Ticket, "warning")];
    let rules = meant.into_iter().map(|(severity, meaning)| {
        let label = settings.severity_label(severity);
        Rule {
            label: Text::new(format!("{label} is {meaning}")),
            condition: Condition {
                expression: says(SEVERITY, &label),
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
