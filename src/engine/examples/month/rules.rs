//! Files of Prometheus rules.

use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;

use nth_engine::rules::{Alerting, Group, Recording, Rule};
use nth_engine::testing::parse_duration;
use serde::Deserialize;

#[derive(Deserialize)]
struct RuleFile {
    groups: Vec<FileGroup>,
}

#[derive(Deserialize)]
struct FileGroup {
    name: String,
    interval: Option<String>,
    query_offset: Option<String>,
    limit: Option<usize>,
    #[serde(default)]
    labels: BTreeMap<String, String>,
    rules: Vec<FileRule>,
}

#[derive(Deserialize)]
struct FileRule {
    record: Option<String>,
    alert: Option<String>,
    expr: String,
    #[serde(rename = "for")]
    hold: Option<String>,
    keep_firing_for: Option<String>,
    #[serde(default)]
    labels: BTreeMap<String, String>,
    #[serde(default)]
    annotations: BTreeMap<String, String>,
}

/// Reads a file of rules.
pub(crate) fn read(path: &Path) -> Result<Vec<Group>, Box<dyn Error>> {
    let file: RuleFile = yaml_serde::from_str(&std::fs::read_to_string(path)?)?;
    file.groups.into_iter().map(group).collect()
}

fn group(group: FileGroup) -> Result<Group, Box<dyn Error>> {
    let rules = group
        .rules
        .into_iter()
        .map(|rule| self::rule(rule, &group.labels));
    Ok(Group {
        rules: rules.collect::<Result<_, _>>()?,
        name: group.name.into(),
        interval: duration(group.interval.as_deref(), 60_000)?,
        query_offset: duration(group.query_offset.as_deref(), 0)?,
        limit: group.limit.unwrap_or(0),
    })
}

fn rule(rule: FileRule, shared: &BTreeMap<String, String>) -> Result<Rule, Box<dyn Error>> {
    let expr =
        nth_promql::parse(&rule.expr).map_err(|errors| format!("{}: {errors:?}", rule.expr))?;
    let labels = shared
        .iter()
        .chain(&rule.labels)
        .map(|(name, value)| (name.into(), value.into()))
        .collect();
    Ok(match (rule.record, rule.alert) {
        (Some(record), None) => Rule::Recording(Recording {
            record: record.into(),
            expr,
            labels,
        }),
        (None, Some(alert)) => Rule::Alerting(Alerting {
            alert: alert.into(),
            expr,
            hold: duration(rule.hold.as_deref(), 0)?,
            keep_firing: duration(rule.keep_firing_for.as_deref(), 0)?,
            labels,
            annotations: rule
                .annotations
                .iter()
                .map(|(name, value)| (name.into(), value.into()))
                .collect(),
        }),
        _ => return Err(format!("expected record or alert: {}", rule.expr).into()),
    })
}

fn duration(text: Option<&str>, default: i64) -> Result<i64, String> {
    text.map_or(Ok(default), |text| {
        parse_duration(text).ok_or_else(|| format!("invalid duration {text}"))
    })
}
