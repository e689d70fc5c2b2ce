//! Queries for diagnosis, and links to them in Grafana.

use serde::Serialize;

use crate::links::percent_encode;
use nth_model::Settings;
use nth_promql::{Expr, Node};

/// The query that an alert's condition compares with a threshold, without the threshold, so that a graph shows it
/// whether or not the alert fires.
pub fn compared_query(condition: &Expr) -> &Expr {
    match &condition.unparenthesised().node {
        Node::Binary(binary) if binary.op.is_comparison() && !binary.return_bool => {
            if is_number(&binary.right) {
                &binary.left
            } else if is_number(&binary.left) {
                &binary.right
            } else {
                condition
            }
        }
        _ => condition,
    }
}

fn is_number(expr: &Expr) -> bool {
    match &expr.unparenthesised().node {
        Node::Number(_) => true,
        Node::Unary(_, inner) => is_number(inner),
        Node::Binary(binary) => is_number(&binary.left) && is_number(&binary.right),
        _ => false,
    }
}

/// The state of Grafana's Explore.
#[derive(Serialize)]
struct Panes<'a> {
    a: Pane<'a>,
}

#[derive(Serialize)]
struct Pane<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    datasource: Option<&'a str>,
    queries: [Query<'a>; 1],
    range: Range,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Query<'a> {
    ref_id: &'static str,
    expr: &'a str,
}

#[derive(Serialize)]
struct Range {
    from: &'static str,
    to: &'static str,
}

/// The URL at which Grafana shows a query over the last hours; `None` if the project does not set Grafana's URL.
///
/// # Errors
///
/// If the state of the link cannot be serialized, which does not happen for text.
pub fn explore(query: &str, settings: &Settings) -> serde_json::Result<Option<String>> {
    let Some(base) = &settings.dashboard_base_url else {
        return Ok(None);
    };
    let panes = Panes {
        a: Pane {
            datasource: settings.grafana.datasource.as_deref(),
            queries: [Query {
                ref_id: "A",
                expr: query,
            }],
            range: Range {
                from: "now-6h",
                to: "now",
            },
        },
    };
    let panes = percent_encode(&serde_json::to_string(&panes)?);
    let base = base.trim_end_matches('/');
    Ok(Some(format!(
        "{base}/explore?schemaVersion=1&orgId=1&panes={panes}"
    )))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use nth_promql::parse;

    #[test]
    fn a_threshold_is_left_out() {
        for (condition, seen) in [
            ("max(depth) > 1000", "max(depth)"),
            ("1000 < max(depth)", "max(depth)"),
            ("(max(depth) > 2 * 10)", "max(depth)"),
            ("a > b", "a > b"),
            ("absent(up)", "absent(up)"),
            ("a > 1 and b > 2", "a > 1 and b > 2"),
        ] {
            assert_eq!(compared_query(&parse(condition).unwrap()).to_string(), seen);
        }
    }
}
