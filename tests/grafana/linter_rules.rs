//! The rules of Grafana's dashboard-linter, as its documentation has them, for where the program itself is not
//! installed: each asks at least what the program asks. What is not asked, and why, is in `lint.yaml`.

use std::collections::BTreeMap;

use nthc::promql::{self, Call, Expr, MatchOp, Node, classify};
use serde_json::Value;

use crate::schema_files::{panels, targets};

/// A rule: its name, and what it finds in a dashboard.
pub(crate) type Rule = (&'static str, fn(&Value) -> Vec<String>);

/// All rules that a dashboard of Prometheus's data can break.
pub(crate) const RULES: &[Rule] = &[
    ("template-datasource-rule", template_datasource),
    ("template-job-rule", |dashboard| chooser(dashboard, "job")),
    ("template-instance-rule", |dashboard| {
        chooser(dashboard, "instance")
    }),
    ("template-label-promql-rule", template_label_promql),
    ("template-on-time-change-reload-rule", template_reload),
    ("panel-datasource-rule", panel_datasource),
    ("panel-title-description-rule", panel_title_description),
    ("panel-units-rule", panel_units),
    ("panel-no-targets-rule", panel_no_targets),
    ("target-promql-rule", target_promql),
    ("target-rate-interval-rule", target_rate_interval),
    ("target-job-rule", |dashboard| matcher(dashboard, "job")),
    ("target-instance-rule", |dashboard| {
        matcher(dashboard, "instance")
    }),
    ("target-counter-agg-rule", target_counter_agg),
    ("uneditable-dashboard", uneditable),
];

/// Those units of Grafana's that the linter knows and this target has a use for.
const UNITS: [&str; 10] = [
    "none",
    "short",
    "percent",
    "percentunit",
    "bytes",
    "s",
    "ms",
    "cps",
    "reqps",
    "binBps",
];

/// What the linter puts in the place of `$__rate_interval`: a range that nobody writes.
const RATE_INTERVAL: &str = "8869990787ms";

/// What each rule that is not excluded finds, by the rule.
pub(crate) fn lint(
    dashboard: &Value,
    excluded: &BTreeMap<String, String>,
) -> BTreeMap<&'static str, Vec<String>> {
    RULES
        .iter()
        .filter(|(name, _)| !excluded.contains_key(*name))
        .map(|(name, rule)| (*name, rule(dashboard)))
        .filter(|(_, found)| !found.is_empty())
        .collect()
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

fn variables(dashboard: &Value) -> impl Iterator<Item = &Value> {
    dashboard["templating"]["list"]
        .as_array()
        .into_iter()
        .flatten()
}

fn of_type<'a>(dashboard: &'a Value, kind: &'a str) -> impl Iterator<Item = &'a Value> {
    variables(dashboard).filter(move |variable| variable["type"] == kind)
}

/// The panels that show data.
fn charts(dashboard: &Value) -> impl Iterator<Item = &Value> {
    panels(dashboard).filter(|panel| panel["type"] != "text")
}

fn template_datasource(dashboard: &Value) -> Vec<String> {
    let all: Vec<_> = of_type(dashboard, "datasource").collect();
    let [one] = all.as_slice() else {
        return vec![format!("{} data sources can be chosen", all.len())];
    };
    let mut found = Vec::new();
    if !["datasource", "prometheus_datasource"].contains(&text(one, "name")) {
        found.push(format!("the data source is called {}", one["name"]));
    }
    if !["Data source", "Prometheus data source"].contains(&text(one, "label")) {
        found.push(format!("the data source is labeled {}", one["label"]));
    }
    found
}

/// `template-job-rule` and `template-instance-rule`: one can choose among the label's values.
fn chooser(dashboard: &Value, label: &str) -> Vec<String> {
    let Some(variable) = variables(dashboard).find(|variable| variable["name"] == label) else {
        return vec![format!("unknown variable `{label}`")];
    };
    let title = format!("{}{}", label[..1].to_uppercase(), &label[1..]);
    let asked = [
        (variable["type"] == "query", "is no query"),
        (
            ["$datasource", "${datasource}"].contains(&text(&variable["datasource"], "uid")),
            "is not asked of the chosen data source",
        ),
        (variable["label"] == title, "is not labeled by its name"),
        (variable["multi"] == true, "has one value only"),
        (variable["allValue"] == ".+", "has no value for all"),
    ];
    asked
        .into_iter()
        .filter(|(holds, _)| !holds)
        .map(|(_, what)| format!("the variable `{label}` {what}"))
        .collect()
}

fn template_label_promql(dashboard: &Value) -> Vec<String> {
    let sound = |query: &str| {
        let (function, rest) = query.split_once('(')?;
        let inside = rest.strip_suffix(')')?;
        match function {
            "label_values" => {
                let selector = inside
                    .rsplit_once(',')
                    .map_or(inside, |(selector, _)| selector);
                read(selector)
            }
            "query_result" | "metrics" => read(inside),
            "label_names" => Some(promql::build::number("0")),
            _ => None,
        }
    };
    of_type(dashboard, "query")
        .filter(|variable| sound(text(variable, "query")).is_none())
        .map(|variable| format!("{} asks {}", variable["name"], variable["query"]))
        .collect()
}

fn template_reload(dashboard: &Value) -> Vec<String> {
    // Grafana's number for «when the time range changes».
    of_type(dashboard, "query")
        .filter(|variable| variable["refresh"] != 2)
        .map(|variable| format!("{} is read once", variable["name"]))
        .collect()
}

fn panel_datasource(dashboard: &Value) -> Vec<String> {
    let known: Vec<String> = of_type(dashboard, "datasource")
        .map(|variable| text(variable, "name"))
        .flat_map(|name| [format!("${name}"), format!("${{{name}}}")])
        .collect();
    charts(dashboard)
        .filter(|panel| {
            !known
                .iter()
                .any(|known| panel["datasource"]["uid"] == **known)
        })
        .map(|panel| format!("{} asks {}", panel["title"], panel["datasource"]))
        .collect()
}

fn panel_title_description(dashboard: &Value) -> Vec<String> {
    panels(dashboard)
        .filter(|panel| text(panel, "title").is_empty() || text(panel, "description").is_empty())
        .map(|panel| format!("{} has no title or no description", panel["id"]))
        .collect()
}

fn panel_units(dashboard: &Value) -> Vec<String> {
    charts(dashboard)
        .filter(|panel| !UNITS.contains(&text(&panel["fieldConfig"]["defaults"], "unit")))
        .map(|panel| format!("{} has no unit", panel["title"]))
        .collect()
}

fn panel_no_targets(dashboard: &Value) -> Vec<String> {
    charts(dashboard)
        .filter(|panel| targets(panel).next().is_none())
        .map(|panel| format!("{} asks nothing", panel["title"]))
        .collect()
}

/// A query as the linter reads it.
fn read(query: &str) -> Option<Expr> {
    promql::parse(&query.replace("$__rate_interval", RATE_INTERVAL)).ok()
}

/// What a rule finds in the queries of a dashboard that can be read.
fn in_queries(dashboard: &Value, judge: impl Fn(&Expr) -> bool) -> Vec<String> {
    panels(dashboard)
        .flat_map(targets)
        .map(|target| text(target, "expr"))
        .filter(|query| read(query).is_some_and(|expr| !judge(&expr)))
        .map(str::to_owned)
        .collect()
}

fn target_promql(dashboard: &Value) -> Vec<String> {
    panels(dashboard)
        .flat_map(targets)
        .map(|target| text(target, "expr"))
        .filter(|query| read(query).is_none())
        .map(|query| format!("`{query}` is no PromQL"))
        .collect()
}

fn calls(expr: &Expr) -> impl Iterator<Item = &Call> {
    classify::exprs(expr).filter_map(|expr| match &expr.node {
        Node::Call(call) => Some(call),
        _ => None,
    })
}

/// The selector that a rate is taken of, with its range as written.
fn rated(call: &Call) -> Option<(&Expr, String)> {
    if !["rate", "irate", "increase"].contains(&call.function.as_str()) {
        return None;
    }
    match &call.args.first()?.node {
        Node::Range(of, range) => match &range.node {
            promql::DurationNode::Literal(text) => Some((of, text.to_string())),
            _ => Some((of, String::new())),
        },
        _ => None,
    }
}

fn target_rate_interval(dashboard: &Value) -> Vec<String> {
    in_queries(dashboard, |expr| {
        calls(expr)
            .filter_map(rated)
            .all(|(_, range)| range == RATE_INTERVAL)
    })
}

/// `target-job-rule` and `target-instance-rule`: every selector heeds what was chosen.
fn matcher(dashboard: &Value, label: &str) -> Vec<String> {
    let chosen = format!("${label}");
    in_queries(dashboard, |expr| {
        classify::metrics(expr).all(|selector| {
            selector.matchers.iter().any(|matcher| {
                matcher.label == label
                    && matcher.op == MatchOp::Matches
                    && matcher.value.text() == Some(&chosen)
            })
        })
    })
}

fn target_counter_agg(dashboard: &Value) -> Vec<String> {
    let is_counter = |expr: &&Expr| match &expr.node {
        Node::Selector(selector) => {
            let metric = selector.metric.as_ref();
            metric.is_some_and(|metric| metric.text.ends_with("_total"))
        }
        _ => false,
    };
    in_queries(dashboard, |expr| {
        let counters = classify::exprs(expr).filter(is_counter).count();
        let taken = calls(expr)
            .filter_map(rated)
            .filter(|(of, _)| is_counter(of));
        counters == taken.count()
    })
}

fn uneditable(dashboard: &Value) -> Vec<String> {
    if dashboard["editable"] == false {
        Vec::new()
    } else {
        vec!["it can be edited".to_owned()]
    }
}
