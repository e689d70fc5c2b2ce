//! Whether recording rules record anything, by Prometheus's API for queries.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;
use ureq::http::Method;

use crate::error::DeliveryError;
use crate::http::{HttpClient, path_segment};

/// The number of groups of one query.
const GROUPS: usize = 20;
/// The most recorded series of a group that are looked for.
const MOST_SERIES: usize = 10;
/// The longest interval of a group, in seconds, whose series are surely found: a query looks back for five minutes.
const LONGEST_INTERVAL: f64 = 240.0;
/// The label with the number of a group in the answer.
const NUMBER: &str = "nthc_group";

/// What a recording rule records.
pub(super) struct Series<'a> {
    /// The name of the series.
    pub name: &'a str,
    /// The labels that the rule sets.
    pub labels: &'a BTreeMap<String, String>,
}

/// A group of rules that is evaluated.
pub(super) struct Recording<'a> {
    /// The number in the answer.
    pub number: usize,
    /// Its interval in seconds.
    pub interval: f64,
    /// What its recording rules record.
    pub series: Vec<Series<'a>>,
}

/// The time of a query, in seconds since 1970, that finds what was recorded in these evaluations, by the server's own clock: Cortex
/// asks at whole seconds, so a series that is younger than a second is found only after the next one. `None` without any.
pub(super) fn time<'a>(evaluations: impl Iterator<Item = &'a str>) -> Option<i64> {
    let times = evaluations.filter_map(|text| text.parse::<Timestamp>().ok());
    let last = times.max()?;
    Some(last.as_second().saturating_add(1))
}

#[derive(Deserialize)]
struct Answer {
    status: String,
    data: Option<Data>,
}

#[derive(Deserialize)]
struct Data {
    #[serde(default)]
    result: Vec<Value>,
}

/// Returns the groups among these that have recording rules and no recorded series at this moment, by their numbers. `path` is that
/// of the API for queries. What the server refuses to say, for example as a query is too large for it, counts as recorded.
pub(super) fn groups_without_data(
    client: &HttpClient,
    path: &str,
    time: i64,
    groups: &[Recording<'_>],
) -> Result<BTreeSet<usize>, DeliveryError> {
    let mut empty = BTreeSet::new();
    let queries: Vec<(usize, String)> = groups
        .iter()
        .filter(|group| group.interval <= LONGEST_INTERVAL)
        .filter_map(|group| Some((group.number, query(group.number, &group.series)?)))
        .collect();
    for part in queries.chunks(GROUPS) {
        let query: Vec<&str> = part.iter().map(|(_, query)| query.as_str()).collect();
        let Some(found) = ask(client, path, time, &query.join("\nor\n"))? else {
            continue;
        };
        let missing = part.iter().map(|(number, _)| *number);
        empty.extend(missing.filter(|number| !found.contains(number)));
    }
    Ok(empty)
}

/// Asks a query at a time; returns the numbers in the answer, and `None` if the server refuses to answer.
fn ask(
    client: &HttpClient,
    path: &str,
    time: i64,
    query: &str,
) -> Result<Option<BTreeSet<usize>>, DeliveryError> {
    let form = format!("time={time}&query={}", path_segment(query)).into_bytes();
    let body = Some(("application/x-www-form-urlencoded", form));
    let answer = client.send(Method::POST, path, body)?;
    let answer = match client.success(answer) {
        Ok(answer) => answer,
        Err(error) if error.is_transient() => return Err(error),
        Err(_) => return Ok(None),
    };
    let answer: Result<Answer, _> = serde_json::from_slice(&answer.body);
    let Ok(Answer {
        status,
        data: Some(data),
    }) = answer
    else {
        return Ok(None);
    };
    let number = |sample: &Value| sample.get("metric")?.get(NUMBER)?.as_str()?.parse().ok();
    Ok((status == "success").then(|| data.result.iter().filter_map(number).collect()))
}

/// A query with one sample, labeled with the number, if one of these is there. `None` without any.
fn query(number: usize, series: &[Series<'_>]) -> Option<String> {
    let selectors: BTreeSet<String> = series.iter().map(selector).collect();
    let selectors: Vec<String> = selectors.into_iter().take(MOST_SERIES).collect();
    (!selectors.is_empty()).then(|| {
        let series = selectors.join(" or ");
        format!("label_replace(group({series}), \"{NUMBER}\", \"{number}\", \"\", \"\")")
    })
}

/// A selector of what a recording rule records.
fn selector(rule: &Series<'_>) -> String {
    let name = [("__name__", rule.name)];
    let labels = rule.labels.iter();
    let labels = labels.map(|(name, value)| (name.as_str(), value.as_str()));
    let matchers: Vec<String> = name
        .into_iter()
        .chain(labels)
        .map(|(name, value)| format!("{}={}", quoted(name), Value::from(value)))
        .collect();
    format!("{{{}}}", matchers.join(","))
}

/// A label's name as PromQL reads it: quoted if it has unusual letters.
fn quoted(name: &str) -> String {
    let is_usual = name
        .chars()
        .all(|letter| letter.is_ascii_alphanumeric() || letter == '_');
    if is_usual {
        name.to_owned()
    } else {
        Value::from(name).to_string()
    }
}
