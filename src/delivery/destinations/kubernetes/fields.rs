//! `metadata.managedFields`: who manages which field of an object.
//!
//! The format of `fieldsV1` is that of
//! [structured-merge-diff](https://github.com/kubernetes-sigs/structured-merge-diff): `f:<name>` is a member, `k:<keys>` the item of
//! a list with these keys, `v:<value>` an item of a set, `i:<index>` an item by its index, and `.` the value itself.

use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::object::ChangedBy;

/// The name by which the server knows nthc.
pub(super) const MANAGER: &str = "nthc";

/// One who manages fields.
#[derive(Debug, Clone)]
pub(super) struct Manager<'a> {
    pub name: &'a str,
    /// `Apply` or `Update`.
    pub operation: &'a str,
    /// `status`, for example.
    pub subresource: Option<&'a str>,
    pub time: Option<Timestamp>,
    fields: &'a Value,
}

impl Manager<'_> {
    /// Returns true if it is nthc's own.
    pub fn is_ours(&self) -> bool {
        self.name == MANAGER && self.operation == "Apply" && self.subresource.is_none()
    }
}

/// All that manage fields of an object.
pub(super) fn managers(object: &Value) -> Vec<Manager<'_>> {
    let entries = object
        .pointer("/metadata/managedFields")
        .and_then(Value::as_array);
    entries
        .into_iter()
        .flatten()
        .filter_map(|entry| {
            let text = |name: &str| entry.get(name).and_then(Value::as_str);
            Some(Manager {
                name: text("manager")?,
                operation: text("operation").unwrap_or_default(),
                subresource: text("subresource").filter(|name| !name.is_empty()),
                time: text("time").and_then(|time| time.parse().ok()),
                fields: entry.get("fieldsV1")?,
            })
        })
        .collect()
}

/// Who changed an object last, apart from its status.
pub(super) fn changed_by(object: &Value) -> Option<ChangedBy> {
    let mut managers = managers(object);
    managers.retain(|manager| manager.subresource.is_none());
    // The server leaves the time out where two changes are in the same second.
    let last = managers.into_iter().max_by_key(|manager| manager.time)?;
    Some(ChangedBy {
        who: None,
        when: last.time,
        with: Some(last.name.to_owned()),
    })
}

/// The part of an object that these managers manage.
pub(super) fn managed(object: &Value, managers: &[Manager<'_>]) -> Value {
    let fields: Vec<&Value> = managers.iter().map(|manager| manager.fields).collect();
    project(object, &fields).unwrap_or(Value::Object(Map::new()))
}

/// The part of a value that is in one of the sets; `None` if nothing is.
fn project(value: &Value, sets: &[&Value]) -> Option<Value> {
    if sets.is_empty() {
        return None;
    }
    let is_leaf = |set: &&Value| set.as_object().is_none_or(Map::is_empty);
    if sets.iter().any(is_leaf) {
        return Some(value.clone());
    }
    match value {
        Value::Object(members) => {
            let mut kept = Map::new();
            for (name, member) in members {
                let field = format!("f:{name}");
                let below: Vec<&Value> = sets.iter().filter_map(|set| set.get(&field)).collect();
                if let Some(member) = project(member, &below) {
                    kept.insert(name.clone(), member);
                }
            }
            Some(Value::Object(kept))
        }
        Value::Array(items) => {
            let mut kept = Vec::new();
            for (number, item) in items.iter().enumerate() {
                let below: Vec<&Value> = sets
                    .iter()
                    .filter_map(|set| set.as_object())
                    .flatten()
                    .filter(|(name, _)| is_of_item(name, number, item))
                    .map(|(_, below)| below)
                    .collect();
                if let Some(item) = project(item, &below) {
                    kept.push(item);
                }
            }
            Some(Value::Array(kept))
        }
        scalar => Some(scalar.clone()),
    }
}

/// Returns true if an element of a path names this item of a list.
fn is_of_item(element: &str, number: usize, item: &Value) -> bool {
    let parsed = |text: &str| serde_json::from_str::<Value>(text).ok();
    match element.split_once(':') {
        Some(("k", keys)) => {
            let Some(Value::Object(keys)) = parsed(keys) else {
                return false;
            };
            // A key that has its default may be missing in the item.
            keys.iter()
                .all(|(name, value)| item.get(name).is_none_or(|found| found == value))
                && keys.keys().any(|name| item.get(name).is_some())
        }
        Some(("v", value)) => parsed(value).as_ref() == Some(item),
        Some(("i", index)) => index.parse() == Ok(number),
        _ => false,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde_json::json;

    use super::*;

    fn object() -> Value {
        json!({
            "metadata": {
                "labels": { "a": "1", "b": "2" },
                "managedFields": [
                    { "manager": "nthc", "operation": "Apply", "time": "2026-03-01T10:00:00Z", "fieldsType": "FieldsV1", "fieldsV1": {
                        "f:metadata": { "f:labels": { "f:a": {} } },
                        "f:spec": { "f:groups": { "k:{\"name\":\"g\"}": { ".": {}, "f:name": {}, "f:rules": {} } } },
                    } },
                    { "manager": "kubectl-edit", "operation": "Update", "time": "2026-03-02T10:00:00Z", "fieldsType": "FieldsV1", "fieldsV1": {
                        "f:spec": { "f:set": { "v:\"x\"": {} }, "f:groups": { "k:{\"name\":\"theirs\"}": { ".": {}, "f:name": {} } } },
                    } },
                    { "manager": "operator", "operation": "Update", "subresource": "status", "time": "2026-03-03T10:00:00Z", "fieldsType": "FieldsV1", "fieldsV1": { "f:status": {} } },
                ],
            },
            "spec": {
                "default": true,
                "set": ["w", "x"],
                "groups": [
                    { "name": "g", "rules": [{ "a": { "b": 1 } }], "limit": 0 },
                    { "name": "theirs", "rules": [] },
                ],
            },
            "status": { "x": 1 },
        })
    }

    #[test]
    fn what_is_managed_is_found_in_maps_sets_and_lists() {
        let object = object();
        let all = managers(&object);
        let ours: Vec<Manager<'_>> = all.iter().filter(|one| one.is_ours()).cloned().collect();
        assert_eq!(
            managed(&object, &ours),
            json!({
                "metadata": { "labels": { "a": "1" } },
                "spec": { "groups": [{ "name": "g", "rules": [{ "a": { "b": 1 } }] }] },
            })
        );
        assert_eq!(
            managed(&object, &all[..2])["spec"],
            json!({ "set": ["x"], "groups": [{ "name": "g", "rules": [{ "a": { "b": 1 } }] }, { "name": "theirs" }] })
        );
        assert_eq!(managed(&object, &[]), json!({}));
    }

    #[test]
    fn the_last_change_is_that_of_the_spec() {
        let changed = changed_by(&object()).unwrap();
        assert_eq!(changed.with.as_deref(), Some("kubectl-edit"));
        assert_eq!(changed.when, Some("2026-03-02T10:00:00Z".parse().unwrap()));
        assert_eq!(changed_by(&json!({})), None);
    }

    #[test]
    fn items_are_found_by_each_kind_of_path() {
        let item = json!({ "port": 80, "name": "http" });
        assert!(is_of_item("k:{\"port\":80,\"protocol\":\"TCP\"}", 0, &item));
        assert!(!is_of_item("k:{\"port\":81}", 0, &item));
        assert!(!is_of_item("k:{\"other\":81}", 0, &item));
        assert!(is_of_item("i:1", 1, &item));
        assert!(!is_of_item("i:1", 0, &item));
        assert!(is_of_item("v:\"x\"", 0, &json!("x")));
        assert!(!is_of_item(".", 0, &item));
    }
}
