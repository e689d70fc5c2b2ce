//! The provisioning file of alert rules, as `pkg/services/provisioning/alerting/rules_types.go` of Grafana reads it.

use std::collections::BTreeMap;

use serde::Serialize;

/// The id of the query of an alert.
const VALUE: &str = "A";

/// The id of the condition of an alert.
pub const EXISTS: &str = "B";

/// How far back Grafana looks for series. The query is for one moment, so this has no effect on its result.
const RANGE: u64 = 600;

/// The pseudo data source of expressions.
const EXPRESSIONS: &str = "__expr__";

/// The value of the alert's query in a template.
pub const TEMPLATE_VALUE: &str = "(index .Values \"A\").Value";

/// Escapes text in which Grafana expands variables of its environment; `$$` is a `$`.
pub fn escape(text: &str) -> String {
    text.replace('$', "$$")
}

/// A provisioning file.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct File {
    /// `1`
    pub api_version: u8,
    /// The groups.
    pub groups: Vec<RuleGroup>,
}

/// Rules that are evaluated at the same interval.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RuleGroup {
    /// The organization.
    pub org_id: u32,
    /// The name, unique in its folder.
    pub name: String,
    /// The title of the folder.
    pub folder: String,
    /// The evaluation interval, a multiple of 10s.
    pub interval: String,
    /// The rules.
    pub rules: Vec<Rule>,
}

/// A rule.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Rule {
    /// The name in URLs and in the API, unique in the organization.
    pub uid: String,
    /// The alert's name, which is the label `alertname`.
    pub title: String,
    /// The id of the query that decides.
    pub condition: &'static str,
    /// The queries.
    pub data: [Query; 2],
    /// The state if the query returns nothing: as in Prometheus, the alert does not fire.
    pub no_data_state: &'static str,
    /// The state if the query fails.
    pub exec_err_state: &'static str,
    /// The duration for which the condition must hold.
    #[serde(rename = "for")]
    pub hold: String,
    /// The duration for which the alert keeps firing after the condition has ended.
    #[serde(rename = "keepFiringFor", skip_serializing_if = "Option::is_none")]
    pub keep_firing: Option<String>,
    /// The number of evaluations without a series after which its alert is resolved. Prometheus needs one.
    #[serde(rename = "missing_series_evals_to_resolve")]
    pub missing_series: u32,
    /// The annotations; each is a Go template.
    pub annotations: BTreeMap<String, String>,
    /// The labels; each is a Go template.
    pub labels: BTreeMap<String, String>,
}

/// A query of a rule.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Query {
    ref_id: &'static str,
    relative_time_range: RelativeTimeRange,
    datasource_uid: String,
    model: Model,
}

/// A range of time before the evaluation, in seconds.
#[derive(Debug, Serialize)]
struct RelativeTimeRange {
    from: u64,
    to: u64,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Model {
    ref_id: &'static str,
    datasource: DataSource,
    #[serde(flatten)]
    kind: Kind,
    interval_ms: u32,
    max_data_points: u32,
}

#[derive(Debug, Serialize)]
#[serde(untagged, rename_all_fields = "camelCase")]
enum Kind {
    Prometheus {
        editor_mode: &'static str,
        expr: String,
        instant: bool,
        range: bool,
    },
    Expression {
        #[serde(rename = "type")]
        kind: &'static str,
        expression: String,
    },
}

#[derive(Debug, Serialize)]
struct DataSource {
    #[serde(rename = "type")]
    kind: &'static str,
    uid: String,
}

impl Query {
    /// A query of Prometheus as of `offset` seconds ago. Grafana replaces no variables in a query.
    pub fn of_prometheus(datasource: &str, expr: &str, offset: u64) -> Self {
        Self {
            ref_id: VALUE,
            relative_time_range: RelativeTimeRange {
                from: RANGE + offset,
                to: offset,
            },
            datasource_uid: escape(datasource),
            model: Model {
                ref_id: VALUE,
                datasource: DataSource {
                    kind: "prometheus",
                    uid: datasource.to_owned(),
                },
                kind: Kind::Prometheus {
                    editor_mode: "code",
                    expr: expr.to_owned(),
                    instant: true,
                    range: false,
                },
                interval_ms: 1000,
                max_data_points: 43_200,
            },
        }
    }

    /// The condition: as in Prometheus, an alert fires for each series that the query returns, whatever its value.
    pub fn exists() -> Self {
        Self {
            ref_id: EXISTS,
            relative_time_range: RelativeTimeRange { from: 0, to: 0 },
            datasource_uid: EXPRESSIONS.to_owned(),
            model: Model {
                ref_id: EXISTS,
                datasource: DataSource {
                    kind: EXPRESSIONS,
                    uid: EXPRESSIONS.to_owned(),
                },
                kind: Kind::Expression {
                    kind: "math",
                    expression: format!(
                        "is_number(${VALUE}) || is_nan(${VALUE}) || is_inf(${VALUE})"
                    ),
                },
                interval_ms: 1000,
                max_data_points: 43_200,
            },
        }
    }
}
