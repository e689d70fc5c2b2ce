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
    /// The name of the service; empty for the overview.
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

/// What the page calls the dashboard of all services: no service has this name.
pub const OVERVIEW: &str = "";

/// The panels of a dashboard, also those in collapsed rows.
pub(super) struct Panels<'d> {
    items: &'d [Value],
}

impl<'d> Panels<'d> {
    /// Reads the panels of a dashboard.
    pub(super) fn new(dashboard: &'d Value) -> Self {
        let items = dashboard.get("panels").and_then(Value::as_array);
        Self {
            items: items.map_or(&[], Vec::as_slice),
        }
    }

    /// Returns all panels and rows.
    pub(super) fn all(&self) -> Vec<&'d Value> {
        let inside = |item: &'d Value| item.get("panels").and_then(Value::as_array);
        let collapsed = self.items.iter().filter_map(inside).flatten();
        self.items.iter().chain(collapsed).collect()
    }
}

/// Returns a query with Grafana's variables replaced, for a panel of the dashboard of a service or of the overview that shows
/// so many seconds.
pub(super) fn substituted(query: &str, dashboard: &str, seconds: i64) -> String {
    let services = if dashboard == OVERVIEW {
        ".+"
    } else {
        dashboard
    };
    // Longer names first: one is a prefix of the other.
    query
        .replace("$__rate_interval", RATE_INTERVAL)
        .replace("$__interval", "1m")
        .replace("$__range", &format!("{}s", seconds.max(60)))
        .replace("${service}", services)
        .replace("$service", services)
}

/// Returns the query with Grafana's variables replaced; `None` if there is no such query.
pub fn panel_expression(model: &Model, panel_query: &PanelQuery) -> Option<String> {
    let dashboard = if panel_query.dashboard == OVERVIEW {
        model.overview.as_ref()?
    } else {
        let named = |service: &&super::Service| service.name == panel_query.dashboard;
        model.services.iter().find(named)?.dashboard.as_ref()?
    };
    let panels = Panels::new(dashboard);
    let all = panels.all().into_iter();
    let is_it = |panel: &&Value| panel.get("id").and_then(Value::as_u64) == Some(panel_query.panel);
    let panel = all.clone().find(is_it)?;
    let mut targets = panel.get("targets")?.as_array()?.iter();
    let target = targets
        .find(|target| target.get("refId").and_then(Value::as_str) == Some(&panel_query.target))?;
    let query = target.get("expr")?.as_str()?;
    let range = panel_query.to.saturating_sub(panel_query.from);
    let range = i64::try_from(range).unwrap_or(i64::MAX);
    Some(substituted(query, &panel_query.dashboard, range))
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
