//! What a plan of Terraform changes, from `show -json`, without a sensitive value.
//!
//! The format is [Terraform's](https://developer.hashicorp.com/terraform/internals/json-format), version 1, which OpenTofu
//! writes too.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

/// What stands for a sensitive value.
pub(super) const SENSITIVE: &str = "(sensitive value)";

/// What stands for a value that is only known after the apply.
pub(super) const UNKNOWN: &str = "(known after apply)";

/// Sensitive texts shorter than this are not looked for in other values: they would be found everywhere.
const SHORTEST_SECRET: usize = 5;

/// Why a plan cannot be summarized.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unreadable {
    /// Its format is another.
    Format(String),
    /// The plan is not complete, or has errors.
    Incomplete,
}

/// The changes of a plan: `{address, action, attributes}` for each resource, and `{output, action}` for each output.
///
/// # Errors
///
/// If the format is unknown, or the plan has errors.
pub(super) fn changes(plan: &Value) -> Result<Vec<Value>, Unreadable> {
    let format = plan.get("format_version").and_then(Value::as_str);
    match format {
        Some(version) if version.split('.').next() == Some("1") => {}
        other => return Err(Unreadable::Format(other.unwrap_or("none").to_owned())),
    }
    if plan.get("errored") == Some(&Value::Bool(true)) {
        return Err(Unreadable::Incomplete);
    }
    let secrets = secrets(plan);
    let mut changes = Vec::new();
    for resource in items(plan, "resource_changes") {
        let Some(action) = action(resource) else {
            continue;
        };
        let mut change = Map::new();
        let address = resource.get("address").and_then(Value::as_str);
        change.insert("address".to_owned(), address.unwrap_or_default().into());
        change.insert("action".to_owned(), action.into());
        if let Some(before) = resource.get("previous_address").and_then(Value::as_str) {
            change.insert("moved_from".to_owned(), before.into());
        }
        let attributes = resource
            .get("change")
            .map(|change| attributes(change, &secrets))
            .unwrap_or_default();
        change.insert("attributes".to_owned(), Value::Object(attributes));
        changes.push(Value::Object(change));
    }
    let outputs = plan.get("output_changes").and_then(Value::as_object);
    for (name, change) in outputs.into_iter().flatten() {
        if let Some(action) = verb(change) {
            changes.push(json!({ "output": name, "action": action }));
        }
    }
    Ok(changes)
}

fn items<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    match value.get(name) {
        Some(Value::Array(items)) => items,
        _ => &[],
    }
}

/// What happens to a resource: `create`, `update`, `delete`, `replace`, `import`, `forget`, `move`; `None` if nothing does.
fn action(resource: &Value) -> Option<&'static str> {
    // Data sources are read, not changed.
    if resource.get("mode").and_then(Value::as_str) == Some("data") {
        return None;
    }
    let change = resource.get("change")?;
    let imports = change
        .get("importing")
        .is_some_and(|value| !value.is_null());
    match verb(change) {
        None if imports => Some("import"),
        None if resource.get("previous_address").is_some() => Some("move"),
        Some("update") if imports => Some("import and update"),
        other => other,
    }
}

/// The actions of a change in one word; `None` without any.
fn verb(change: &Value) -> Option<&'static str> {
    let actions: Vec<&str> = items(change, "actions")
        .iter()
        .filter_map(Value::as_str)
        .collect();
    match actions.as_slice() {
        [] | ["no-op" | "read"] => None,
        ["create"] => Some("create"),
        ["update"] => Some("update"),
        ["delete"] => Some("delete"),
        ["forget"] => Some("forget"),
        ["delete", "create"] | ["create", "delete"] => Some("replace"),
        ["create", "forget"] | ["forget", "create"] => Some("replace and forget"),
        _ => Some("change"),
    }
}

/// The attributes that change, each with its value before and after.
fn attributes(change: &Value, secrets: &BTreeSet<String>) -> Map<String, Value> {
    let none = Value::Null;
    let part = |name: &str| change.get(name).unwrap_or(&none);
    let (before, after, unknown) = (part("before"), part("after"), part("after_unknown"));
    let names: BTreeSet<&String> = [before, after, unknown]
        .into_iter()
        .filter_map(Value::as_object)
        .flat_map(Map::keys)
        .collect();
    let mut attributes = Map::new();
    for name in names {
        let (old, new) = (before.get(name), after.get(name));
        let is_unknown = unknown.get(name).is_some_and(has_true);
        if !is_unknown && old.unwrap_or(&none) == new.unwrap_or(&none) {
            continue;
        }
        // A resource is replaced because of these.
        let old = shown(old, part("before_sensitive").get(name), secrets);
        let new = if is_unknown && new.is_none_or(Value::is_null) {
            Value::from(UNKNOWN)
        } else {
            shown(new, part("after_sensitive").get(name), secrets)
        };
        attributes.insert(name.clone(), json!({ "before": old, "after": new }));
    }
    attributes
}

/// Returns true if a mask marks anything.
fn has_true(mask: &Value) -> bool {
    match mask {
        Value::Bool(marked) => *marked,
        Value::Array(items) => items.iter().any(has_true),
        Value::Object(members) => members.values().any(has_true),
        _ => false,
    }
}

/// A value without its sensitive parts. Providers copy a sensitive argument to attributes that they do not mark, so texts that are
/// sensitive anywhere are sensitive everywhere.
fn shown(value: Option<&Value>, mask: Option<&Value>, secrets: &BTreeSet<String>) -> Value {
    let Some(value) = value else {
        return Value::Null;
    };
    if mask == Some(&Value::Bool(true)) {
        return SENSITIVE.into();
    }
    match value {
        Value::String(text) if secrets.iter().any(|secret| text.contains(secret)) => {
            SENSITIVE.into()
        }
        Value::Array(items) => {
            let part = |(number, item)| {
                let mask = mask.and_then(|mask| mask.get(number));
                shown(Some(item), mask, secrets)
            };
            items.iter().enumerate().map(part).collect()
        }
        Value::Object(members) => {
            let part = |(name, member): (&String, &Value)| {
                let mask = mask.and_then(|mask| mask.get(name));
                (name.clone(), shown(Some(member), mask, secrets))
            };
            Value::Object(members.iter().map(part).collect())
        }
        other => other.clone(),
    }
}

/// The texts that are sensitive somewhere in a plan: of sensitive variables, attributes and outputs.
fn secrets(plan: &Value) -> BTreeSet<String> {
    let mut secrets = BTreeSet::new();
    let declared = plan.pointer("/configuration/root_module/variables");
    for (name, variable) in declared.and_then(Value::as_object).into_iter().flatten() {
        if variable.get("sensitive") == Some(&Value::Bool(true)) {
            let all = Value::Bool(true);
            let value = plan
                .pointer("/variables")
                .and_then(|values| values.get(name));
            collect(
                value.and_then(|value| value.get("value")),
                Some(&all),
                &mut secrets,
            );
            collect(variable.get("default"), Some(&all), &mut secrets);
        }
    }
    let outputs = plan.get("output_changes").and_then(Value::as_object);
    let changes = items(plan, "resource_changes")
        .iter()
        .chain(items(plan, "resource_drift"))
        .filter_map(|resource| resource.get("change"))
        .chain(outputs.into_iter().flat_map(Map::values));
    for change in changes {
        for (value, mask) in [("before", "before_sensitive"), ("after", "after_sensitive")] {
            collect(change.get(value), change.get(mask), &mut secrets);
        }
    }
    secrets
}

/// Collects the texts of a value that a mask marks.
fn collect(value: Option<&Value>, mask: Option<&Value>, secrets: &mut BTreeSet<String>) {
    let (Some(value), Some(mask)) = (value, mask) else {
        return;
    };
    let is_all = mask == &Value::Bool(true);
    match value {
        Value::String(text) if is_all && text.len() >= SHORTEST_SECRET => {
            secrets.insert(text.clone());
        }
        Value::Array(items) => {
            for (number, item) in items.iter().enumerate() {
                let mask = if is_all { Some(mask) } else { mask.get(number) };
                collect(Some(item), mask, secrets);
            }
        }
        Value::Object(members) => {
            for (name, member) in members {
                let mask = if is_all { Some(mask) } else { mask.get(name) };
                collect(Some(member), mask, secrets);
            }
        }
        _ => {}
    }
}

/// The number of objects that changes of a plan delete or replace.
pub(super) fn deletions(changes: &[Value]) -> usize {
    changes
        .iter()
        .filter(|change| change.get("address").is_some())
        .filter_map(|change| change.get("action").and_then(Value::as_str))
        .filter(|action| matches!(*action, "delete" | "replace"))
        .count()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn plan(resources: Value) -> Value {
        json!({ "format_version": "1.2", "resource_changes": resources })
    }

    fn actions(changes: &[Value]) -> Vec<&str> {
        changes
            .iter()
            .map(|change| change["action"].as_str().unwrap())
            .collect()
    }

    #[test]
    fn each_action_has_a_word() {
        let one = |actions: Value| json!({ "address": "a", "mode": "managed", "change": { "actions": actions } });
        let mut import = one(json!(["no-op"]));
        import["change"]["importing"] = json!({ "id": "P1" });
        let mut changed_import = one(json!(["update"]));
        changed_import["change"]["importing"] = json!({ "id": "P1" });
        let mut moved = one(json!(["no-op"]));
        moved["previous_address"] = json!("b");
        let mut data = one(json!(["create"]));
        data["mode"] = json!("data");
        let all = json!([
            one(json!(["create"])),
            one(json!(["update"])),
            one(json!(["delete"])),
            one(json!(["delete", "create"])),
            one(json!(["create", "delete"])),
            one(json!(["forget"])),
            one(json!(["no-op"])),
            one(json!(["read"])),
            one(json!(["something new"])),
            import,
            changed_import,
            moved,
            data,
        ]);
        let changes = changes(&plan(all)).unwrap();
        assert_eq!(
            actions(&changes),
            [
                "create",
                "update",
                "delete",
                "replace",
                "replace",
                "forget",
                "change",
                "import",
                "import and update",
                "move"
            ]
        );
        assert_eq!(deletions(&changes), 3);
    }

    #[test]
    fn no_sensitive_value_is_shown() {
        let resources = json!([{
            "address": "pagerduty_service_integration.a", "mode": "managed",
            "change": {
                "actions": ["update"],
                "before": { "key": "old-secret", "copied": "https://x/old-secret/y", "name": "a", "list": [{ "token": "in-list" }, "b"] },
                "after": { "key": "new-secret", "copied": "https://x/new-secret/y", "name": "b", "list": [{ "token": "in-list-2" }, "c"] },
                "after_unknown": { "id": true },
                "before_sensitive": { "key": true, "list": [{ "token": true }] },
                "after_sensitive": { "key": true, "list": [{ "token": true }] },
            },
        }]);
        let mut plan = plan(resources);
        plan["variables"] = json!({ "token": { "value": "variable-secret" } });
        plan["configuration"] =
            json!({ "root_module": { "variables": { "token": { "sensitive": true } } } });
        plan["resource_changes"][0]["change"]["after"]["note"] = json!("by variable-secret");
        let changes = changes(&plan).unwrap();
        let text = serde_json::to_string(&changes).unwrap();
        for secret in ["old-secret", "new-secret", "in-list", "variable-secret"] {
            assert!(!text.contains(secret), "{text}");
        }
        let attributes = &changes[0]["attributes"];
        assert_eq!(attributes["name"], json!({ "before": "a", "after": "b" }));
        assert_eq!(
            attributes["id"],
            json!({ "before": null, "after": UNKNOWN })
        );
        assert_eq!(
            attributes["key"],
            json!({ "before": SENSITIVE, "after": SENSITIVE })
        );
        assert_eq!(
            attributes["list"]["after"],
            json!([{ "token": SENSITIVE }, "c"])
        );
    }

    #[test]
    fn another_format_is_an_error() {
        let unknown = json!({ "format_version": "2.0", "resource_changes": [] });
        assert_eq!(changes(&unknown), Err(Unreadable::Format("2.0".to_owned())));
        assert_eq!(
            changes(&json!({})),
            Err(Unreadable::Format("none".to_owned()))
        );
        let errored = json!({ "format_version": "1.2", "errored": true });
        assert_eq!(changes(&errored), Err(Unreadable::Incomplete));
    }
}
