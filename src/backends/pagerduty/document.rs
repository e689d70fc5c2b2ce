//! The part of Terraform's JSON, and of the arguments of PagerDuty's provider, that is written. Names of fields are
//! those of the provider's schema.

use std::collections::BTreeMap;

use serde::{Serialize, Serializer};

use super::text::Text;

/// A file.
#[derive(Debug, Default, Serialize)]
pub struct Document {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub terraform: Option<Terraform>,
    #[serde(skip_serializing_if = "Data::is_empty")]
    pub data: Data,
    #[serde(skip_serializing_if = "Resources::is_empty")]
    pub resource: Resources,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub output: BTreeMap<String, Output>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub moved: Vec<Moved>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub import: Vec<Import>,
}

impl Document {
    /// Returns whether the file is empty.
    pub fn is_empty(&self) -> bool {
        self.terraform.is_none()
            && self.data.is_empty()
            && self.resource.is_empty()
            && self.output.is_empty()
            && self.moved.is_empty()
            && self.import.is_empty()
    }
}

#[derive(Debug, Serialize)]
pub struct Terraform {
    pub required_version: &'static str,
    pub required_providers: BTreeMap<&'static str, Provider>,
}

#[derive(Debug, Serialize)]
pub struct Provider {
    pub source: &'static str,
    pub version: String,
}

/// The data sources by address.
#[derive(Debug, Default, Serialize)]
pub struct Data {
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub pagerduty_escalation_policy: BTreeMap<String, Named>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub pagerduty_user: BTreeMap<String, User>,
}

impl Data {
    fn is_empty(&self) -> bool {
        self.pagerduty_user.is_empty() && self.pagerduty_escalation_policy.is_empty()
    }
}

#[derive(Debug, Serialize)]
pub struct Named {
    pub name: Text,
}

#[derive(Debug, Serialize)]
pub struct User {
    pub email: Text,
}

/// The resources by address.
#[derive(Debug, Default, Serialize)]
pub struct Resources {
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub pagerduty_team: BTreeMap<String, Team>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub pagerduty_team_membership: BTreeMap<String, Membership>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub pagerduty_user_contact_method: BTreeMap<String, ContactMethod>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub pagerduty_schedule: BTreeMap<String, Schedule>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub pagerduty_escalation_policy: BTreeMap<String, EscalationPolicy>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub pagerduty_service: BTreeMap<String, Service>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub pagerduty_service_integration: BTreeMap<String, ServiceIntegration>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub pagerduty_service_dependency: BTreeMap<String, ServiceDependency>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub pagerduty_event_orchestration: BTreeMap<String, Orchestration>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub pagerduty_event_orchestration_integration: BTreeMap<String, OrchestrationIntegration>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub pagerduty_event_orchestration_router: BTreeMap<String, Router>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub pagerduty_event_orchestration_service: BTreeMap<String, ServiceOrchestration>,
}

impl Resources {
    fn is_empty(&self) -> bool {
        self.pagerduty_team.is_empty()
            && self.pagerduty_team_membership.is_empty()
            && self.pagerduty_user_contact_method.is_empty()
            && self.pagerduty_schedule.is_empty()
            && self.pagerduty_escalation_policy.is_empty()
            && self.pagerduty_service.is_empty()
            && self.pagerduty_service_integration.is_empty()
            && self.pagerduty_service_dependency.is_empty()
            && self.pagerduty_event_orchestration.is_empty()
            && self.pagerduty_event_orchestration_integration.is_empty()
            && self.pagerduty_event_orchestration_router.is_empty()
            && self.pagerduty_event_orchestration_service.is_empty()
    }
}

/// A reference to an object in PagerDuty.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reference {
    /// An attribute of another object in the files. It consists of addresses only, never of text from the source.
    Attribute {
        of: &'static str,
        address: String,
        attribute: &'static str,
    },
    /// The ID of an object that is managed elsewhere.
    Managed(Text),
}

impl Reference {
    /// The id of the object of a type at an address.
    pub fn id(of: &'static str, address: impl Into<String>) -> Self {
        Self::attribute(of, address, "id")
    }

    /// Another attribute of the object.
    pub fn attribute(
        of: &'static str,
        address: impl Into<String>,
        attribute: &'static str,
    ) -> Self {
        Self::Attribute {
            of,
            address: address.into(),
            attribute,
        }
    }

    /// The object of this ID, which is managed elsewhere.
    pub fn managed(id: &str) -> Self {
        Self::Managed(Text::new(id))
    }
}

impl Serialize for Reference {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Attribute {
                of,
                address,
                attribute,
            } => serializer.collect_str(&format_args!("${{{of}.{address}.{attribute}}}")),
            Self::Managed(id) => id.serialize(serializer),
        }
    }
}

#[derive(Debug, Serialize)]
pub struct Team {
    pub name: Text,
    pub description: Text,
}

#[derive(Debug, Serialize)]
pub struct Membership {
    pub team_id: Reference,
    pub user_id: Reference,
    pub role: &'static str,
}

#[derive(Debug, Serialize)]
pub struct ContactMethod {
    pub user_id: Reference,
    #[serde(rename = "type")]
    pub kind: &'static str,
    pub country_code: u16,
    pub address: String,
    pub label: &'static str,
}

#[derive(Debug, Serialize)]
pub struct Schedule {
    pub name: Text,
    pub description: Text,
    pub time_zone: Text,
    pub teams: Vec<Reference>,
    pub layer: Vec<Layer>,
}

#[derive(Debug, Serialize)]
pub struct Layer {
    pub name: Text,
    pub start: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end: Option<String>,
    pub rotation_virtual_start: String,
    pub rotation_turn_length_seconds: u64,
    pub users: Vec<Reference>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub restriction: Vec<Restriction>,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Restriction {
    #[serde(rename = "type")]
    pub kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_day_of_week: Option<u8>,
    pub start_time_of_day: String,
    pub duration_seconds: u32,
}

#[derive(Debug, Serialize)]
pub struct EscalationPolicy {
    pub name: Text,
    pub description: Text,
    pub num_loops: u8,
    pub teams: Vec<Reference>,
    pub rule: Vec<EscalationRule>,
}

#[derive(Debug, Serialize)]
pub struct EscalationRule {
    pub escalation_delay_in_minutes: u64,
    pub target: Vec<Target>,
}

#[derive(Debug, Serialize)]
pub struct Target {
    #[serde(rename = "type")]
    pub kind: &'static str,
    pub id: Reference,
}

#[derive(Debug, Serialize)]
pub struct Service {
    pub name: Text,
    pub description: Text,
    pub escalation_policy: Reference,
    pub alert_creation: &'static str,
    pub acknowledgement_timeout: &'static str,
    pub auto_resolve_timeout: &'static str,
    pub incident_urgency_rule: UrgencyRule,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub support_hours: Option<SupportHours>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub scheduled_actions: Vec<ScheduledAction>,
}

#[derive(Debug, Serialize)]
pub struct UrgencyRule {
    #[serde(rename = "type")]
    pub kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub urgency: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub during_support_hours: Option<Urgency>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outside_support_hours: Option<Urgency>,
}

#[derive(Debug, Serialize)]
pub struct Urgency {
    #[serde(rename = "type")]
    pub kind: &'static str,
    pub urgency: &'static str,
}

#[derive(Debug, Serialize)]
pub struct SupportHours {
    #[serde(rename = "type")]
    pub kind: &'static str,
    pub time_zone: Text,
    pub days_of_week: Vec<u8>,
    pub start_time: String,
    pub end_time: String,
}

#[derive(Debug, Serialize)]
pub struct ScheduledAction {
    #[serde(rename = "type")]
    pub kind: &'static str,
    pub to_urgency: &'static str,
    pub at: At,
}

#[derive(Debug, Serialize)]
pub struct At {
    #[serde(rename = "type")]
    pub kind: &'static str,
    pub name: &'static str,
}

#[derive(Debug, Serialize)]
pub struct ServiceIntegration {
    pub name: &'static str,
    pub service: Reference,
    #[serde(rename = "type")]
    pub kind: &'static str,
}

#[derive(Debug, Serialize)]
pub struct ServiceDependency {
    pub dependency: Dependency,
}

#[derive(Debug, Serialize)]
pub struct Dependency {
    pub dependent_service: DependencyEnd,
    pub supporting_service: DependencyEnd,
}

#[derive(Debug, Serialize)]
pub struct DependencyEnd {
    pub id: Reference,
    #[serde(rename = "type")]
    pub kind: &'static str,
}

#[derive(Debug, Serialize)]
pub struct Orchestration {
    pub name: Text,
    pub description: Text,
    pub team: Reference,
}

#[derive(Debug, Serialize)]
pub struct OrchestrationIntegration {
    pub event_orchestration: Reference,
    pub label: &'static str,
}

#[derive(Debug, Serialize)]
pub struct Router {
    pub event_orchestration: Reference,
    pub set: Set<Route>,
    pub catch_all: CatchAll<RouteTo>,
}

#[derive(Debug, Serialize)]
pub struct ServiceOrchestration {
    pub service: Reference,
    pub enable_event_orchestration_for_service: bool,
    pub set: Set<SetSeverity>,
    pub catch_all: CatchAll<Nothing>,
}

#[derive(Debug, Serialize)]
pub struct Set<A> {
    pub id: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rule: Vec<Rule<A>>,
}

#[derive(Debug, Serialize)]
pub struct Rule<A> {
    pub label: Text,
    pub condition: Condition,
    pub actions: A,
}

#[derive(Debug, Serialize)]
pub struct Condition {
    pub expression: Text,
}

#[derive(Debug, Serialize)]
pub struct Route {
    pub route_to: Reference,
}

#[derive(Debug, Serialize)]
pub struct RouteTo {
    pub route_to: &'static str,
}

#[derive(Debug, Serialize)]
pub struct SetSeverity {
    pub severity: &'static str,
}

#[derive(Debug, Serialize)]
pub struct Nothing {}

#[derive(Debug, Serialize)]
pub struct CatchAll<A> {
    pub actions: A,
}

#[derive(Debug, Serialize)]
pub struct Output {
    pub description: Text,
    pub value: Reference,
    pub sensitive: bool,
}

/// What was at one address is at another.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Moved {
    pub from: String,
    pub to: String,
}

/// An existing object is at an address.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Import {
    pub to: String,
    pub id: Text,
}
