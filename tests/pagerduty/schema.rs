//! What PagerDuty's provider asks of the resources that are written, put down as a table: the arguments that each must
//! have and those that it may have, of the provider's schema in its version 3.32.4 (`terraform providers schema -json`).

/// A type, or a block in one: its path, what it must have, and what it may have besides, of what is written.
pub struct Shape {
    pub of: &'static str,
    pub required: &'static [&'static str],
    pub optional: &'static [&'static str],
}

const fn shape(
    of: &'static str,
    required: &'static [&'static str],
    optional: &'static [&'static str],
) -> Shape {
    Shape {
        of,
        required,
        optional,
    }
}

pub const SHAPES: &[Shape] = &[
    shape("data.pagerduty_escalation_policy", &["name"], &[]),
    shape("data.pagerduty_user", &["email"], &[]),
    shape(
        "pagerduty_team",
        &["name"],
        &["description", "default_role", "parent"],
    ),
    shape(
        "pagerduty_team_membership",
        &["team_id", "user_id"],
        &["role"],
    ),
    shape(
        "pagerduty_user_contact_method",
        &["user_id", "type", "address", "label"],
        &["country_code", "send_short_email"],
    ),
    shape(
        "pagerduty_schedule",
        &["time_zone", "layer"],
        &["name", "description", "overflow", "teams"],
    ),
    shape(
        "pagerduty_schedule.layer",
        &[
            "start",
            "rotation_virtual_start",
            "rotation_turn_length_seconds",
            "users",
        ],
        &["name", "end", "restriction"],
    ),
    shape(
        "pagerduty_schedule.layer.restriction",
        &["type", "start_time_of_day", "duration_seconds"],
        &["start_day_of_week"],
    ),
    shape(
        "pagerduty_escalation_policy",
        &["name", "rule"],
        &["description", "num_loops", "teams"],
    ),
    shape(
        "pagerduty_escalation_policy.rule",
        &["escalation_delay_in_minutes", "target"],
        &["escalation_rule_assignment_strategy"],
    ),
    shape(
        "pagerduty_escalation_policy.rule.target",
        &["id"],
        &["type"],
    ),
    shape(
        "pagerduty_service",
        &["name", "escalation_policy"],
        &[
            "description",
            "alert_creation",
            "acknowledgement_timeout",
            "auto_resolve_timeout",
            "incident_urgency_rule",
            "support_hours",
            "scheduled_actions",
        ],
    ),
    shape(
        "pagerduty_service.incident_urgency_rule",
        &["type"],
        &["urgency", "during_support_hours", "outside_support_hours"],
    ),
    shape(
        "pagerduty_service.incident_urgency_rule.during_support_hours",
        &[],
        &["type", "urgency"],
    ),
    shape(
        "pagerduty_service.incident_urgency_rule.outside_support_hours",
        &[],
        &["type", "urgency"],
    ),
    shape(
        "pagerduty_service.support_hours",
        &[],
        &[
            "type",
            "time_zone",
            "start_time",
            "end_time",
            "days_of_week",
        ],
    ),
    shape(
        "pagerduty_service.scheduled_actions",
        &[],
        &["type", "to_urgency", "at"],
    ),
    shape(
        "pagerduty_service.scheduled_actions.at",
        &[],
        &["type", "name"],
    ),
    shape(
        "pagerduty_service_integration",
        &["service"],
        &["name", "type", "vendor"],
    ),
    shape("pagerduty_service_dependency", &["dependency"], &[]),
    shape(
        "pagerduty_service_dependency.dependency",
        &["dependent_service", "supporting_service"],
        &["type"],
    ),
    shape(
        "pagerduty_service_dependency.dependency.dependent_service",
        &["id", "type"],
        &[],
    ),
    shape(
        "pagerduty_service_dependency.dependency.supporting_service",
        &["id", "type"],
        &[],
    ),
    shape(
        "pagerduty_event_orchestration",
        &["name"],
        &["description", "team"],
    ),
    shape(
        "pagerduty_event_orchestration_integration",
        &["event_orchestration", "label"],
        &[],
    ),
    shape(
        "pagerduty_event_orchestration_router",
        &["event_orchestration", "set", "catch_all"],
        &[],
    ),
    shape(
        "pagerduty_event_orchestration_router.set",
        &["id"],
        &["rule"],
    ),
    shape(
        "pagerduty_event_orchestration_router.set.rule",
        &["actions"],
        &["label", "condition", "disabled"],
    ),
    shape(
        "pagerduty_event_orchestration_router.set.rule.condition",
        &["expression"],
        &[],
    ),
    shape(
        "pagerduty_event_orchestration_router.set.rule.actions",
        &[],
        &["route_to", "dynamic_route_to"],
    ),
    shape(
        "pagerduty_event_orchestration_router.catch_all",
        &["actions"],
        &[],
    ),
    shape(
        "pagerduty_event_orchestration_router.catch_all.actions",
        &["route_to"],
        &[],
    ),
    shape(
        "pagerduty_event_orchestration_service",
        &["service", "set", "catch_all"],
        &["enable_event_orchestration_for_service"],
    ),
    shape(
        "pagerduty_event_orchestration_service.set",
        &["id"],
        &["rule"],
    ),
    shape(
        "pagerduty_event_orchestration_service.set.rule",
        &["actions"],
        &["label", "condition", "disabled"],
    ),
    shape(
        "pagerduty_event_orchestration_service.set.rule.condition",
        &["expression"],
        &[],
    ),
    shape(
        "pagerduty_event_orchestration_service.set.rule.actions",
        &[],
        &["severity", "suppress", "annotate", "route_to"],
    ),
    shape(
        "pagerduty_event_orchestration_service.catch_all",
        &["actions"],
        &[],
    ),
    shape(
        "pagerduty_event_orchestration_service.catch_all.actions",
        &[],
        &[],
    ),
];
