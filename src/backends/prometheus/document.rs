//! Rule files as Prometheus and its operator define them.

use std::collections::BTreeMap;

use serde::Serialize;

/// A rule file; also the `spec` of a [`PrometheusRule`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RuleFile {
    /// The namespace in a ruler; Prometheus rejects it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Its groups.
    pub groups: Vec<Group>,
}

/// A group of rules that are evaluated in sequence, at the same time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Group {
    /// The name, unique in its file.
    pub name: String,
    /// The evaluation interval.
    pub interval: String,
    /// How far in the past the rules are evaluated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub query_offset: Option<String>,
    /// How far in the past vmalert evaluates the rules.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub eval_delay: Option<String>,
    /// The tenants whose series Mimir reads; empty for that of the rules.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub source_tenants: Vec<String>,
    /// What Thanos does if not all of its stores answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub partial_response_strategy: Option<&'static str>,
    /// The largest number of series that each rule may return.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// The rules in the order of evaluation.
    pub rules: Vec<Rule>,
}

/// A rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Rule {
    /// Records a series.
    Recording(RecordingRule),
    /// Raises an alert.
    Alerting(AlertingRule),
}

impl Rule {
    /// The alert, if it is one.
    pub fn alerting(&self) -> Option<&AlertingRule> {
        match self {
            Self::Recording(_) => None,
            Self::Alerting(alert) => Some(alert),
        }
    }
}

/// A recording rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RecordingRule {
    /// The name of the recorded metric.
    pub record: String,
    /// The recorded query.
    pub expr: String,
    /// The labels of the recorded series.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
}

/// An alerting rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AlertingRule {
    /// The alert's name.
    pub alert: String,
    /// The condition; the alert fires for each series that it returns.
    pub expr: String,
    /// The duration for which it must hold.
    #[serde(rename = "for")]
    pub hold: String,
    /// The duration for which the alert keeps firing after the condition has ended.
    #[serde(rename = "keep_firing_for", skip_serializing_if = "Option::is_none")]
    pub keep_firing: Option<String>,
    /// The labels of the alert; each is a Go template.
    pub labels: BTreeMap<String, String>,
    /// The annotations; each is a Go template.
    pub annotations: BTreeMap<String, String>,
}

/// The Prometheus operator's resource for rules.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PrometheusRule {
    /// `monitoring.coreos.com/v1`
    pub api_version: &'static str,
    /// `PrometheusRule`
    pub kind: &'static str,
    /// The name, namespace and labels.
    pub metadata: Metadata,
    /// The rules.
    pub spec: RuleFile,
}

/// The metadata of a Kubernetes object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Metadata {
    /// A DNS subdomain, unique in its namespace.
    pub name: String,
    /// The namespace; `None` to leave it to the command that applies the object.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Labels, by which a Prometheus selects it.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
}

impl PrometheusRule {
    /// Creates a resource of rules.
    pub fn new(metadata: Metadata, spec: RuleFile) -> Self {
        Self {
            api_version: "monitoring.coreos.com/v1",
            kind: "PrometheusRule",
            metadata,
            spec,
        }
    }
}
