//! Documents of `openslo/v1`, as its specification and Go SDK define them.

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
    /// What it is.
    pub kind: &'static str,
    /// What it is called.
    pub metadata: Metadata,
    /// What it says.
    pub spec: S,
}

impl<S> Object<S> {
    /// An object of that kind.
    pub fn new(kind: &'static str, metadata: Metadata, spec: S) -> Self {
        Self {
            api_version: API_VERSION,
            kind,
            metadata,
            spec,
        }
    }
}

/// What an object is called.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Metadata {
    /// An RFC 1123 label, unique among objects of its kind.
    pub name: String,
    /// What people call it, of at most 63 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// Labels.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// What the format has no field for.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
}

/// Where metrics come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DataSource {
    /// What it is, of at most 1050 characters.
    pub description: String,
    /// `Prometheus`
    #[serde(rename = "type")]
    pub of: &'static str,
    /// How to reach it.
    pub connection_details: BTreeMap<&'static str, String>,
}

/// A service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Service {
    /// What it is for, of at most 1050 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// A service level indicator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Sli {
    /// What is measured, of at most 1050 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// A number that is compared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub threshold_metric: Option<Metric>,
    /// Events out of all events.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ratio_metric: Option<RatioMetric>,
}

/// Events out of all events, or their ratio.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RatioMetric {
    /// Whether the metrics only grow.
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
    /// What the ratio counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub raw_type: Option<&'static str>,
    /// The ratio.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub raw: Option<Metric>,
}

/// A query.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Metric {
    /// Where it is asked.
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
    /// What is asked.
    pub spec: Query,
}

/// What a Prometheus is asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Query {
    /// PromQL.
    pub query: String,
}

/// A service level objective.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Slo {
    /// What it promises, of at most 1050 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The name of the [`Service`].
    pub service: String,
    /// The name of the [`Sli`].
    pub indicator_ref: String,
    /// The period; always one.
    pub time_window: [TimeWindow; 1],
    /// `Occurrences`, `Timeslices` or `RatioTimeslices`
    pub budgeting_method: &'static str,
    /// The objective; always one.
    pub objectives: [Objective; 1],
    /// Its alerts.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub alert_policies: Vec<AlertPolicyRef>,
}

/// A period.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TimeWindow {
    /// How long it is, `30d`.
    pub duration: String,
    /// Whether it ends now.
    pub is_rolling: bool,
}

/// How good.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Objective {
    /// What people call it, of at most 63 characters.
    pub display_name: String,
    /// How a threshold's value is compared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub op: Option<&'static str>,
    /// What a threshold is compared with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
    /// The share that must be good, from 0 to below 1.
    pub target: f64,
    /// The share of a slice that must be good for the slice to be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_slice_target: Option<f64>,
    /// How long a slice is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_slice_window: Option<String>,
}

/// A reference to an [`AlertPolicy`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AlertPolicyRef {
    /// Its name.
    pub alert_policy_ref: String,
}

/// Who is told when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AlertPolicy {
    /// What it says, of at most 1050 characters.
    pub description: String,
    /// Whether missing data tells too.
    pub alert_when_no_data: bool,
    /// Whether the end of it tells too.
    pub alert_when_resolved: bool,
    /// Whether the condition tells.
    pub alert_when_breaching: bool,
    /// The condition; always one.
    pub conditions: [ConditionRef; 1],
    /// Who is told; never empty.
    pub notification_targets: Vec<TargetRef>,
}

/// A reference to an [`AlertCondition`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ConditionRef {
    /// Its name.
    pub condition_ref: String,
}

/// A reference to a [`NotificationTarget`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TargetRef {
    /// Its name.
    pub target_ref: String,
}

/// When somebody is told.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AlertCondition {
    /// What it means, of at most 1050 characters.
    pub description: String,
    /// What it asks for.
    pub severity: String,
    /// What holds.
    pub condition: BurnRate,
}

/// A budget that is spent too fast.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BurnRate {
    /// `burnrate`
    pub kind: &'static str,
    /// `gt`
    pub op: &'static str,
    /// How many times faster than sustainable.
    pub threshold: f64,
    /// Over how long.
    pub lookback_window: String,
    /// For how long that must hold.
    pub alert_after: String,
}

/// Who is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NotificationTarget {
    /// Where that is, of at most 1050 characters.
    pub description: String,
    /// `slack`, `email`, `pagerduty` or `webhook`
    pub target: &'static str,
}
