//! Whether the recording rules of a group record anything.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;
use ureq::http::Method;

use super::Ruler;
use super::state::{Group, Rule};
use crate::error::DeliveryError;
use crate::http::path_segment;

/// The number of groups of one query.
const GROUPS: usize = 20;
/// The most recorded series of a group that are looked for.
const MOST_SERIES: usize = 10;
/// The longest interval of a group, in seconds, whose series are surely found: a query looks back for five minutes.
const LONGEST_INTERVAL: f64 = 240.0;
/// The label with the number of a group in the answer.
const NUMBER: &str = "nthc_group";

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

impl Ruler {
    /// Returns the groups among these that have recording rules and no recorded series at this moment, by their numbers. What
    /// the server refuses to say, for example as a query is too large for it, counts as recorded.
    pub(super) fn groups_without_data(
        &self,
        groups: &[(usize, &Group)],
    ) -> Result<BTreeSet<usize>, DeliveryError> {
        let mut empty = BTreeSet::new();
        // By the server's own clock. Cortex asks at whole seconds, so a series that is younger than a second is found only after
        // the next one.
        let rules = groups.iter().flat_map(|(_, group)| &group.rules);
        let times = rules.filter_map(|rule| rule.last_evaluation.parse::<Timestamp>().ok());
        let Some(time) = times.max().map(|time| time.as_second().saturating_add(1)) else {
            return Ok(empty);
        };
        let queries: Vec<(usize, String)> = groups
            .iter()
            .filter(|(_, group)| group.interval <= LONGEST_INTERVAL)
            .filter_map(|(number, group)| Some((*number, query(*number, group)?)))
            .collect();
        for part in queries.chunks(GROUPS) {
            let query: Vec<&str> = part.iter().map(|(_, query)| query.as_str()).collect();
            let Some(found) = self.query(&query.join("\nor\n"), time)? else {
                continue;
            };
            let missing = part.iter().map(|(number, _)| *number);
            empty.extend(missing.filter(|number| !found.contains(number)));
        }
        Ok(empty)
    }

    /// Asks a query at a time; returns the numbers in the answer, and `None` if the server refuses to answer.
    fn query(&self, query: &str, time: i64) -> Result<Option<BTreeSet<usize>>, DeliveryError> {
        let path = format!("{}/api/v1/query", self.state);
        let form = format!("time={time}&query={}", path_segment(query)).into_bytes();
        let body = Some(("application/x-www-form-urlencoded", form));
        let answer = self.client.send(Method::POST, &path, body)?;
        let answer = match self.client.success(answer) {
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
}

/// A query with one sample, labeled with the number, if a recording rule of the group has a series. `None` if it has no recording
/// rules besides the mark.
fn query(number: usize, group: &Group) -> Option<String> {
    let selectors: BTreeSet<String> = group.recordings().map(selector).collect();
    let selectors: Vec<String> = selectors.into_iter().take(MOST_SERIES).collect();
    (!selectors.is_empty()).then(|| {
        let series = selectors.join(" or ");
        format!("label_replace(group({series}), \"{NUMBER}\", \"{number}\", \"\", \"\")")
    })
}

/// The series that a recording rule records.
fn selector(rule: &Rule) -> String {
    let name = [("__name__", rule.name.as_str())];
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
