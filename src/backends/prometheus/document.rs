//! Rule files as Prometheus and its operator define them.

use std::collections::BTreeMap;

use serde::Serialize;

/// A rule file; also the `spec` of a [`PrometheusRule`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RuleFile {
    /// Its groups.
    pub groups: Vec<Group>,
}

/// Rules that are evaluated one after the other, at the same time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Group {
    /// Unique in its file.
    pub name: String,
    /// How often it is evaluated.
    pub interval: String,
    /// The most series that one of its rules may give.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// Its rules, in the order of evaluation.
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

/// A recording rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RecordingRule {
    /// The metric's name.
    pub record: String,
    /// What is recorded.
    pub expr: String,
    /// Labels set on it.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
}

/// An alerting rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AlertingRule {
    /// The alert's name.
    pub alert: String,
    /// Fires for each series that it gives.
    pub expr: String,
    /// For how long that must hold.
    #[serde(rename = "for")]
    pub hold: String,
    /// For how long it keeps firing after that has ended.
    #[serde(rename = "keep_firing_for", skip_serializing_if = "Option::is_none")]
    pub keep_firing: Option<String>,
    /// Labels set on it; each a Go template.
    pub labels: BTreeMap<String, String>,
    /// Texts; each a Go template.
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
    /// Its name, namespace and labels.
    pub metadata: Metadata,
    /// The rules.
    pub spec: RuleFile,
}

/// The metadata of a Kubernetes object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Metadata {
    /// A DNS subdomain, unique in its namespace.
    pub name: String,
    /// The namespace; whoever applies it decides where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Labels, by which a Prometheus selects it.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
}

impl PrometheusRule {
    /// A resource around rules.
    pub fn new(metadata: Metadata, spec: RuleFile) -> Self {
        Self {
            api_version: "monitoring.coreos.com/v1",
            kind: "PrometheusRule",
            metadata,
            spec,
        }
    }
}
