//! The data of a panel: its query, and the answer of Prometheus.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Model;
use nth_metrics::{BadAnswer, answer_data};

/// Identifies a query of a panel. The query itself is looked up, so that the page can run only queries of a dashboard.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct PanelQuery {
    /// The environment of the page.
    pub environment: Option<String>,
    /// The name of the service, or `overview`.
    pub dashboard: String,
    /// The id of the panel.
    pub panel: u64,
    /// The letter of the query.
    pub target: String,
    /// The start, in seconds since 1970.
    pub from: u64,
    /// The end, in seconds since 1970.
    pub to: u64,
}

/// A series for the page.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Series {
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// Timestamps in seconds since 1970, and values; `null` for NaN and infinities.
    pub points: Vec<(f64, f64)>,
}

/// The value of Grafana's interval variables, for a panel over some hours.
const RATE_INTERVAL: &str = "5m";

/// Returns the query with Grafana's variables replaced; `None` if there is no such query.
pub fn panel_expression(model: &Model, panel_query: &PanelQuery) -> Option<String> {
    let dashboard = if panel_query.dashboard == "overview" {
        model.overview.as_ref()?
    } else {
        let named = |service: &&super::Service| service.name == panel_query.dashboard;
        model.services.iter().find(named)?.dashboard.as_ref()?
    };
    let items = dashboard.get("panels")?.as_array()?;
    let inside = |item: &Value| item.get("panels").and_then(Value::as_array).cloned();
    let collapsed: Vec<Value> = items.iter().filter_map(inside).flatten().collect();
    let panel = items
        .iter()
        .chain(&collapsed)
        .find(|panel| panel.get("id").and_then(Value::as_u64) == Some(panel_query.panel))?;
    let target =
        panel.get("targets")?.as_array()?.iter().find(|target| {
            target.get("refId").and_then(Value::as_str) == Some(&panel_query.target)
        })?;
    let query = target.get("expr")?.as_str()?;
    // Longer names first: one is a prefix of the other.
    let range = format!(
        "{}s",
        panel_query.to.saturating_sub(panel_query.from).max(60)
    );
    Some(
        query
            .replace("$__rate_interval", RATE_INTERVAL)
            .replace("$__interval", "1m")
            .replace("$__range", &range)
            .replace("${service}", &panel_query.dashboard)
            .replace("$service", &panel_query.dashboard),
    )
}

#[derive(Deserialize)]
struct Answer {
    result: Vec<Line>,
}

#[derive(Deserialize)]
struct Line {
    metric: BTreeMap<String, String>,
    #[serde(default)]
    values: Vec<(f64, String)>,
}

/// Reads the series in an answer of `/api/v1/query_range`.
///
/// # Errors
///
/// If the answer is not complete.
pub fn series(bytes: &[u8]) -> Result<Vec<Series>, BadAnswer> {
    let answer: Answer = answer_data(bytes)?;
    Ok(answer
        .result
        .into_iter()
        .map(|line| Series {
            labels: line.metric,
            points: line
                .values
                .into_iter()
                .map(|(at, value)| (at, value.parse().unwrap_or(f64::NAN)))
                .collect(),
        })
        .collect())
}
