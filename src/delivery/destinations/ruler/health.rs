//! Whether the groups of a ruler are evaluated.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::Ruler;
use super::group::{self, MARK};
use crate::destination::{Health, ObjectHealth};
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

#[derive(Deserialize)]
struct Group {
    name: String,
    file: String,
    #[serde(default)]
    rules: Vec<Rule>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Rule {
    name: String,
    #[serde(default)]
    labels: BTreeMap<String, String>,
    #[serde(default)]
    health: String,
    #[serde(default)]
    last_error: String,
    #[serde(default)]
    last_evaluation: String,
}

impl Ruler {
    /// Compares what is evaluated with what is stored.
    pub(super) fn group_health(
        &self,
        keys: &[ObjectKey],
    ) -> Result<Vec<ObjectHealth>, DeliveryError> {
        let state = self.state(keys)?;
        let stored = self.stored_labels(keys)?;
        let state: BTreeMap<(&str, &str), &Group> = state
            .iter()
            .map(|group| ((group.file.as_str(), group.name.as_str()), group))
            .collect();
        let health = |key: &ObjectKey| {
            let Some(stored) = stored.get(key) else {
                return Health::Failing {
                    error: "the rule group does not exist".to_owned(),
                };
            };
            match state.get(&(key.namespace.as_str(), key.name.as_str())) {
                Some(group) => self.health_of(group, stored.as_deref()),
                None => Health::Pending,
            }
        };
        Ok(keys
            .iter()
            .map(|key| ObjectHealth {
                key: key.clone(),
                health: health(key),
            })
            .collect())
    }

    /// The health of an evaluated group, of which the content `stored` is stored.
    fn health_of(&self, group: &Group, stored: Option<&str>) -> Health {
        let mark = group.rules.iter().find(|rule| rule.name == MARK);
        let evaluated = mark.and_then(|mark| mark.labels.get("content"));
        if stored.is_some() && evaluated.map(String::as_str) != stored {
            return Health::Pending;
        }
        if let Some(rule) = group.rules.iter().find(|rule| rule.health == "err") {
            let error = format!("{}: {}", rule.name, rule.last_error);
            return Health::Failing {
                error: self.client.sanitize(&error),
            };
        }
        // Go's zero time: never.
        let is_evaluated =
            |rule: &Rule| rule.health == "ok" && !rule.last_evaluation.starts_with("0001-01-01");
        if group.rules.iter().all(is_evaluated) {
            Health::Healthy
        } else {
            Health::Pending
        }
    }

    /// Reads what is evaluated.
    fn state(&self, keys: &[ObjectKey]) -> Result<Vec<Group>, DeliveryError> {
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

    /// Which content of each group is stored, by the label of its mark: what this process wrote, else what the server says. A
    /// group that is not stored is missing.
    fn stored_labels(
        &self,
        keys: &[ObjectKey],
    ) -> Result<BTreeMap<ObjectKey, Option<String>>, DeliveryError> {
        let written = self.written();
        let mut labels: BTreeMap<ObjectKey, Option<String>> = keys
            .iter()
            .filter_map(|key| Some((key.clone(), Some(written.get(key)?.clone()))))
            .collect();
        drop(written);
        if keys.iter().any(|key| !labels.contains_key(key)) {
            for object in self.list()? {
                let applied = object.applied.as_ref();
                let label = applied.map(group::label_of);
                labels.entry(object.key).or_insert(label);
            }
        }
        Ok(labels)
    }
}
