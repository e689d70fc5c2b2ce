//! The files of `promtool test rules`.

use std::collections::BTreeMap;

use serde::Serialize;

/// A file of unit tests.
#[derive(Debug, Serialize)]
pub struct TestFile {
    /// The rules, beside the file.
    pub rule_files: Vec<String>,
    /// The time between two evaluations of all groups.
    pub evaluation_interval: String,
    /// The names of all groups in order.
    pub group_eval_order: Vec<String>,
    /// The one test.
    pub tests: Vec<TestGroup>,
}

/// A test.
#[derive(Debug, Serialize)]
pub struct TestGroup {
    /// The name.
    pub name: String,
    /// The time of the first evaluation and of the first values.
    pub start_timestamp: String,
    /// The time between two values.
    pub interval: String,
    /// The series.
    pub input_series: Vec<InputSeries>,
    /// The alerts.
    pub alert_rule_test: Vec<AlertTest>,
    /// The results of queries.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub promql_expr_test: Vec<QueryTest>,
}

/// A series.
#[derive(Debug, Serialize)]
pub struct InputSeries {
    /// The metric with its labels.
    pub series: String,
    /// The values.
    pub values: String,
}

/// The alerts of a name that fire at a time, and no others.
#[derive(Debug, Serialize)]
pub struct AlertTest {
    /// The time since the start.
    pub eval_time: String,
    /// The name.
    pub alertname: String,
    /// The alerts.
    pub exp_alerts: Vec<ExpectedAlert>,
}

/// An alert that fires.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ExpectedAlert {
    /// The labels, without the name.
    pub exp_labels: BTreeMap<String, String>,
    /// The annotations.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub exp_annotations: BTreeMap<String, String>,
}

/// The result of a query at a time.
#[derive(Debug, Serialize)]
pub struct QueryTest {
    /// The query.
    pub expr: String,
    /// The time since the start.
    pub eval_time: String,
    /// The samples, and no others.
    pub exp_samples: Vec<ExpectedSample>,
}

/// A sample.
#[derive(Debug, Serialize)]
pub struct ExpectedSample {
    /// The labels.
    pub labels: String,
    /// The value.
    pub value: f64,
}
