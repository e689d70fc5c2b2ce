//! Services: their urgency, support hours and dependencies.

use std::collections::BTreeSet;

use super::address::{address, insert};
use super::document::{
    At, Dependency, DependencyEnd, Document, Reference, ScheduledAction, Service,
    ServiceDependency, ServiceIntegration, SupportHours, Urgency, UrgencyRule,
};
use super::error::Error;
use super::escalations::policy;
use super::naming::Naming;
use super::plan::Plan;
use super::schedules::clock;
use super::text::{Text, description};
use nth_model::{self as ir, Project};

/// The resource types of a service, its integration and its dependencies.
pub const SERVICE: &str = "pagerduty_service";
pub const INTEGRATION: &str = "pagerduty_service_integration";
pub const DEPENDENCY: &str = "pagerduty_service_dependency";

/// A reference to a service.
pub fn service(plan: &Plan<'_>, name: &str) -> Reference {
    let known = plan.services.get(name);
    match known.and_then(|(service, _)| service.origin.pagerduty_id.as_deref()) {
        Some(id) => Reference::managed(id),
        None => Reference::id(SERVICE, address(&[name])),
    }
}

/// A reference to the service of a team for alerts that belong to none of the project's services.
pub fn others(team: &str) -> Reference {
    Reference::id(SERVICE, others_address(team))
}

/// The address of that service, and of its integration.
pub fn others_address(team: &str) -> String {
    address(&[team, "other"])
}

/// An urgency that depends on the severity of the alert: `critical`, for pages, is high, `warning` is low.
const BY_SEVERITY: &str = "severity_based";

/// The services, an integration and the dependencies of each; and for each team a service for all other events.
///
/// # Errors
///
/// If an address is taken.
pub fn services(
    plan: &Plan<'_>,
    project: &Project<'_>,
    naming: Naming<'_>,
    settings: &ir::Settings,
) -> Result<Document, Error> {
    let mut document = Document::default();
    for (name, (written, escalation)) in &plan.services {
        dependencies(written, plan, &mut document)?;
        let Some(escalation) = escalation else {
            continue;
        };
        let hours = project.support_hours(written);
        let resource = Service {
            name: naming.name(name),
            description: description(written.description.as_deref(), || {
                format!("Service {name} of {}.", settings.project)
            }),
            escalation_policy: policy(escalation),
            alert_creation: "create_alerts_and_incidents",
            // An acknowledged incident is triggered again after half an hour.
            acknowledgement_timeout: "1800",
            // An incident ends when its alert ends. The provider's default would end it after four hours.
            auto_resolve_timeout: "null",
            incident_urgency_rule: urgency_rule(hours.is_some()),
            scheduled_actions: hours.iter().map(|_| louder_in_hours()).collect(),
            support_hours: hours.map(support_hours),
        };
        insert(
            &mut document.resource.pagerduty_service,
            address(&[name]),
            resource,
        )?;
        let integration = ServiceIntegration {
            name: "Events API v2",
            service: service(plan, name),
            kind: "events_api_v2_inbound_integration",
        };
        insert(
            &mut document.resource.pagerduty_service_integration,
            address(&[name]),
            integration,
        )?;
    }
    for (team, inbox) in &plan.inboxes {
        let Some(escalation) = &inbox.others else {
            continue;
        };
        let resource = Service {
            name: naming.in_team(team, "other alerts"),
            description: description(None, || {
                format!(
                    "Alerts sent to {team} that belong to no service of {}.",
                    settings.project
                )
            }),
            escalation_policy: policy(escalation),
            alert_creation: "create_alerts_and_incidents",
            acknowledgement_timeout: "1800",
            auto_resolve_timeout: "null",
            incident_urgency_rule: urgency_rule(false),
            scheduled_actions: Vec::new(),
            support_hours: None,
        };
        insert(
            &mut document.resource.pagerduty_service,
            others_address(team),
            resource,
        )?;
    }
    Ok(document)
}

/// The dependencies of a service that are in PagerDuty, but for those between services that are both managed elsewhere.
fn dependencies(of: &ir::Service, plan: &Plan<'_>, document: &mut Document) -> Result<(), Error> {
    let needed = of
        .dependencies
        .iter()
        .filter_map(|one| one.service.as_deref());
    let needed: BTreeSet<&str> = needed
        .filter(|other| *other != of.name && plan.has_dependency(of, other))
        .collect();
    for other in needed {
        let end = |name: &str| DependencyEnd {
            id: service(plan, name),
            kind: "service",
        };
        let resource = ServiceDependency {
            dependency: Dependency {
                dependent_service: end(&of.name),
                supporting_service: end(other),
            },
        };
        insert(
            &mut document.resource.pagerduty_service_dependency,
            address(&[&of.name, other]),
            resource,
        )?;
    }
    Ok(())
}

/// The urgency depends only on the alert's severity. Outside of support hours it is low.
fn urgency_rule(in_hours: bool) -> UrgencyRule {
    if !in_hours {
        return UrgencyRule {
            kind: "constant",
            urgency: Some(BY_SEVERITY),
            during_support_hours: None,
            outside_support_hours: None,
        };
    }
    let constant = |urgency| Urgency {
        kind: "constant",
        urgency,
    };
    UrgencyRule {
        kind: "use_support_hours",
        urgency: None,
        during_support_hours: Some(constant(BY_SEVERITY)),
        outside_support_hours: Some(constant("low")),
    }
}

/// Incidents with low urgency become high when support hours begin.
fn louder_in_hours() -> ScheduledAction {
    ScheduledAction {
        kind: "urgency_change",
        to_urgency: "high",
        at: At {
            kind: "named_time",
            name: "support_hours_start",
        },
    }
}

fn support_hours(hours: &ir::SupportHours) -> SupportHours {
    SupportHours {
        kind: "fixed_time_per_day",
        time_zone: Text::new(&hours.zone),
        days_of_week: hours.days.iter().map(|day| day + 1).collect(),
        start_time: clock(hours.from),
        end_time: clock(hours.to),
    }
}
