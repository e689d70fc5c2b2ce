//! Whether the groups of a ruler are evaluated.

use std::collections::BTreeMap;

use super::Ruler;
use super::group::{self, MARK};
use super::state::{Group, Rule};
use crate::destination::{Health, ObjectHealth};
use crate::error::DeliveryError;
use crate::object::ObjectKey;

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
        let group_of = |key: &ObjectKey| {
            let place = (key.namespace.as_str(), key.name.as_str());
            state.get(&place).copied()
        };
        let mut found: Vec<Health> = keys
            .iter()
            .map(|key| match (stored.get(key), group_of(key)) {
                (None, _) => Health::Failing {
                    error: "the rule group does not exist".to_owned(),
                },
                (Some(_), None) => Health::Pending,
                (Some(stored), Some(group)) => self.health_of(group, stored.as_deref()),
            })
            .collect();
        // Whoever waits for evaluations asks often, and needs to know this only at the end.
        if !found.contains(&Health::Pending) {
            let healthy = keys.iter().zip(&found).enumerate();
            let healthy = healthy.filter(|(_, (_, health))| **health == Health::Healthy);
            let healthy: Vec<(usize, &Group)> = healthy
                .filter_map(|(number, (key, _))| Some((number, group_of(key)?)))
                .collect();
            for number in self.groups_without_data(&healthy)? {
                if let Some(health) = found.get_mut(number) {
                    *health = Health::NoData;
                }
            }
        }
        Ok(keys
            .iter()
            .cloned()
            .zip(found)
            .map(|(key, health)| ObjectHealth { key, health })
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
