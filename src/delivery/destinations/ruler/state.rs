//! What a ruler evaluates, as its Prometheus API returns it.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::Ruler;
use super::group::MARK;
use crate::error::DeliveryError;
use crate::http::path_segment;
use crate::object::ObjectKey;

/// The most namespaces that are asked for by name: so long may a URL be.
const MOST_NAMESPACES: usize = 40;

#[derive(Deserialize)]
struct State {
    status: String,
    data: Option<Data>,
}

#[derive(Deserialize)]
struct Data {
    #[serde(default)]
    groups: Vec<Group>,
}

/// A group.
#[derive(Deserialize)]
pub(super) struct Group {
    pub(super) name: String,
    /// Its namespace.
    pub(super) file: String,
    /// The time between two evaluations, in seconds.
    #[serde(default)]
    pub(super) interval: f64,
    #[serde(default)]
    pub(super) rules: Vec<Rule>,
}

/// A rule.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Rule {
    /// `recording` or `alerting`.
    #[serde(default, rename = "type")]
    kind: String,
    pub(super) name: String,
    #[serde(default)]
    pub(super) labels: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) health: String,
    #[serde(default)]
    pub(super) last_error: String,
    #[serde(default)]
    pub(super) last_evaluation: String,
}

impl Group {
    /// Its recording rules, without the mark.
    pub(super) fn recordings(&self) -> impl Iterator<Item = &Rule> {
        let rules = self.rules.iter();
        rules.filter(|rule| rule.kind == "recording" && rule.name != MARK)
    }
}

impl Ruler {
    /// Reads what is evaluated.
    pub(super) fn state(&self, keys: &[ObjectKey]) -> Result<Vec<Group>, DeliveryError> {
        let namespaces: BTreeSet<&str> = keys.iter().map(|key| key.namespace.as_str()).collect();
        let mut path = format!("{}/api/v1/rules", self.state);
        if namespaces.len() <= MOST_NAMESPACES {
            let parameters = namespaces
                .into_iter()
                .map(|namespace| format!("file[]={}", path_segment(namespace)));
            path.push('?');
            path.push_str(
                &parameters
                    .collect::<Vec<_>>()
                    .join("&")
                    .replace("[]", "%5B%5D"),
            );
        }
        let answer = self.client.success(self.client.get(&path)?)?;
        let state: Result<State, _> = serde_json::from_slice(&answer.body);
        match state {
            Ok(State {
                status,
                data: Some(data),
            }) if status == "success" => Ok(data.groups),
            _ => Err(DeliveryError::Malformed {
                why: "not the state of rules".to_owned(),
            }),
        }
    }
}
