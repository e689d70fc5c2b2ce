//! A panel's data: which query is asked, and what a Prometheus answers.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Model;
use nth_metrics::{BadAnswer, answer_data};

/// Which of a panel's queries the page wants drawn. The query itself is looked up, so that the page can ask nothing
/// but what a dashboard asks.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Asked {
    /// The environment that is shown.
    pub environment: Option<String>,
    /// The service, or `overview`.
    pub dashboard: String,
    /// The panel's id.
    pub panel: u64,
    /// The query's letter.
    pub target: String,
    /// The first moment, in seconds since 1970.
    pub from: u64,
    /// The last moment.
    pub to: u64,
}

/// A series as the page draws it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Series {
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// Moments in seconds since 1970 and values; `null` for NaN and the infinities.
    pub points: Vec<(f64, f64)>,
}

/// What stands for Grafana's variables of time, for a panel over some hours.
const RATE_INTERVAL: &str = "5m";

/// The query that is asked for, with Grafana's variables filled in; `None` where there is none such.
pub fn expression(model: &Model, asked: &Asked) -> Option<String> {
    let dashboard = if asked.dashboard == "overview" {
        model.overview.as_ref()?
    } else {
        let named = |service: &&super::Service| service.name == asked.dashboard;
        model.services.iter().find(named)?.dashboard.as_ref()?
    };
    let panels = dashboard.get("panels")?.as_array()?;
    let panel = panels
        .iter()
        .find(|panel| panel.get("id").and_then(Value::as_u64) == Some(asked.panel))?;
    let target = panel
        .get("targets")?
        .as_array()?
        .iter()
        .find(|target| target.get("refId").and_then(Value::as_str) == Some(&asked.target))?;
    let query = target.get("expr")?.as_str()?;
    // The longer names first: one begins with the other.
    let range = format!("{}s", asked.to.saturating_sub(asked.from).max(60));
    Some(
        query
            .replace("$__rate_interval", RATE_INTERVAL)
            .replace("$__interval", "1m")
            .replace("$__range", &range)
            .replace("${service}", &asked.dashboard)
            .replace("$service", &asked.dashboard),
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

/// The series in an answer of `/api/v1/query_range`.
///
/// # Errors
/// Where it is not a whole one.
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
