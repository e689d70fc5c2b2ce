//! Documents of `openslo/v1`, as in its specification and Go SDK.

use std::collections::BTreeMap;

use serde::Serialize;

/// The version of every document.
pub const API_VERSION: &str = "openslo/v1";

/// An object of a kind.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Object<S> {
    /// [`API_VERSION`].
    pub api_version: &'static str,
    /// The kind.
    pub kind: &'static str,
    /// The metadata.
    pub metadata: Metadata,
    /// The specification.
    pub spec: S,
}

impl<S> Object<S> {
    /// Creates an object of this kind.
    pub fn new(kind: &'static str, metadata: Metadata, spec: S) -> Self {
        Self {
            api_version: API_VERSION,
            kind,
            metadata,
            spec,
        }
    }
}

/// The metadata of an object.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Metadata {
    /// The name: an RFC 1123 label, unique among objects of its kind.
    pub name: String,
    /// The display name, at most 63 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// Labels.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// Annotations for data without a field in the format.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
}

/// A source of metrics.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DataSource {
    /// The description, at most 1050 characters.
    pub description: String,
    /// `Prometheus`
    #[serde(rename = "type")]
    pub of: &'static str,
    /// The connection details by name.
    pub connection_details: BTreeMap<&'static str, String>,
}

/// A service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Service {
    /// The purpose of the service, at most 1050 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// A service level indicator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Sli {
    /// The description, at most 1050 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// A metric that is compared with a threshold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub threshold_metric: Option<Metric>,
    /// A ratio of events.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ratio_metric: Option<RatioMetric>,
}

/// A ratio of events, by its parts or computed by the query.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RatioMetric {
    /// True if the metrics are counters.
    pub counter: bool,
    /// The good events.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub good: Option<Metric>,
    /// The bad events.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bad: Option<Metric>,
    /// All events.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total: Option<Metric>,
    /// The kind of events that the raw ratio counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub raw_type: Option<&'static str>,
    /// The query of the ratio.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub raw: Option<Metric>,
}

/// A query.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Metric {
    /// The source of its values.
    pub metric_source: MetricSource,
}

/// A query to a data source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MetricSource {
    /// The name of the [`DataSource`].
    pub metric_source_ref: String,
    /// `Prometheus`
    #[serde(rename = "type")]
    pub of: &'static str,
    /// The query.
    pub spec: Query,
}

/// A query of Prometheus.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Query {
    /// PromQL.
    pub query: String,
}

/// A service level objective.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Slo {
    /// The description, at most 1050 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The name of the [`Service`].
    pub service: String,
    /// The name of the [`Sli`].
    pub indicator_ref: String,
    /// The SLO window; always one.
    pub time_window: [TimeWindow; 1],
    /// `Occurrences`, `Timeslices` or `RatioTimeslices`
    pub budgeting_method: &'static str,
    /// References to the alert policies.
    pub objectives: [Objective; 1],
    /// Its alerts.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub alert_policies: Vec<AlertPolicyRef>,
}

/// An SLO window.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TimeWindow {
    /// The length, `30d`.
    pub duration: String,
    /// True if it is a rolling window.
    pub is_rolling: bool,
    /// When a window that does not roll begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub calendar: Option<Calendar>,
}

/// A moment at which a window that does not roll begins, and from which it recurs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Calendar {
    /// `2026-01-01 00:00:00`, on the clocks of the zone.
    pub start_time: String,
    /// The time zone, a name of the IANA database.
    pub time_zone: String,
}

/// An objective.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Objective {
    /// The display name, at most 63 characters.
    pub display_name: String,
    /// The operator of a threshold metric.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub op: Option<&'static str>,
    /// The threshold of a threshold metric.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
    /// The share that must be good, from 0 to below 1.
    pub target: f64,
    /// The share of a time slice that must be good for the slice to be good.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_slice_target: Option<f64>,
    /// The length of a time slice.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_slice_window: Option<String>,
}

/// A reference to an [`AlertPolicy`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AlertPolicyRef {
    /// The name of the policy.
    pub alert_policy_ref: String,
}

/// A policy: who is notified of which condition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AlertPolicy {
    /// The description, at most 1050 characters.
    pub description: String,
    /// True if it notifies of missing data.
    pub alert_when_no_data: bool,
    /// True if it notifies when the condition is resolved.
    pub alert_when_resolved: bool,
    /// True if it notifies when the condition holds.
    pub alert_when_breaching: bool,
    /// The condition; always one.
    pub conditions: [ConditionRef; 1],
    /// The notification targets; never empty.
    pub notification_targets: Vec<TargetRef>,
}

/// A reference to an [`AlertCondition`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ConditionRef {
    /// The name of the condition.
    pub condition_ref: String,
}

/// A reference to a [`NotificationTarget`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TargetRef {
    /// The name of the target.
    pub target_ref: String,
}

/// A condition of an alert.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AlertCondition {
    /// The description, at most 1050 characters.
    pub description: String,
    /// The severity of the alert.
    pub severity: String,
    /// The condition on the burn rate.
    pub condition: BurnRate,
}

/// A condition on the burn rate.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BurnRate {
    /// `burnrate`
    pub kind: &'static str,
    /// `gt`
    pub op: &'static str,
    /// The burn rate.
    pub threshold: f64,
    /// The window of the burn rate.
    pub lookback_window: String,
    /// The duration for which it must hold.
    pub alert_after: String,
}

/// A notification target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NotificationTarget {
    /// The channel, address or URL, at most 1050 characters.
    pub description: String,
    /// `slack`, `email`, `pagerduty` or `webhook`
    pub target: &'static str,
}
