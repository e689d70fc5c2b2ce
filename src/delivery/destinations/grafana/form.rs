//! Dashboards and folders as content: what Grafana keeps of them, without what it adds.

use serde_json::{Map, Value, json};

use super::mark;
use crate::object::{ContentHash, Owner};

/// Members of a dashboard that are Grafana's own, or are in the key.
const OWN: [&str; 4] = ["id", "uid", "version", "iteration"];

/// The content of a dashboard in a folder: `{"folder": uid, "dashboard": {…}}`. The folder is empty for the root.
pub(super) fn dashboard(folder: &str, document: &Value) -> Value {
    let mut kept = Map::new();
    for (name, member) in document.as_object().into_iter().flatten() {
        if OWN.contains(&name.as_str()) || member.is_null() {
            continue;
        }
        let mut member = member.clone();
        if let ("tags", Value::Array(tags)) = (name.as_str(), &mut member) {
            tags.retain(|tag| !mark::is_mark(tag));
            if tags.is_empty() {
                continue;
            }
        }
        kept.insert(name.clone(), member);
    }
    // Grafana's name of the root in its older API.
    let folder = if folder == "general" { "" } else { folder };
    json!({ "folder": folder, "dashboard": kept })
}

/// The dashboard of a content with the mark of an owner.
pub(super) fn marked(content: &Value, owner: &Owner, uid: &str) -> Map<String, Value> {
    let dashboard = content.get("dashboard").and_then(Value::as_object);
    let mut dashboard = dashboard.cloned().unwrap_or_default();
    let tags = dashboard.entry("tags").or_insert_with(|| json!([]));
    if let Value::Array(tags) = tags {
        tags.push(mark::TAG.into());
        tags.push(mark::tag(owner, uid).into());
    }
    dashboard
}

/// The folder of a content.
pub(super) fn folder_of(content: &Value) -> &str {
    let folder = content.get("folder").and_then(Value::as_str);
    folder.unwrap_or_default()
}

/// The tags of a dashboard.
pub(super) fn tags(document: &Value) -> Vec<&str> {
    let tags = document.get("tags").and_then(Value::as_array);
    tags.into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect()
}

/// The content of a folder.
pub(super) fn folder(title: &str) -> Value {
    json!({ "title": title })
}

/// The title of a content of a folder.
pub(super) fn title(content: &Value) -> &str {
    let title = content.get("title").and_then(Value::as_str);
    title.unwrap_or_default()
}

/// The hash in an annotation of the newer API.
pub(super) fn applied(annotation: Option<&str>) -> Option<ContentHash> {
    ContentHash::try_from(annotation?.to_owned()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_grafana_adds_is_no_content() {
        let owner = Owner {
            project: "shop".to_owned(),
            environment: None,
        };
        let source = json!({ "id": null, "uid": "u", "title": "t", "tags": ["nthc", "team:a"], "panels": [{ "id": 1, "description": null }] });
        let content = dashboard("f", &source);
        assert_eq!(
            content,
            json!({ "folder": "f", "dashboard": { "title": "t", "tags": ["team:a"], "panels": [{ "id": 1, "description": null }] } })
        );
        let mut stored = Value::Object(marked(&content, &owner, "u"));
        assert_eq!(
            stored["tags"],
            json!(["team:a", "nthc", "nthc:shop@0bfe935e"])
        );
        stored["id"] = json!(7);
        stored["version"] = json!(3);
        assert_eq!(dashboard("f", &stored), content);
        let plain = dashboard("general", &json!({ "title": "t" }));
        assert_eq!(
            plain,
            json!({ "folder": "", "dashboard": { "title": "t" } })
        );
        let marked = Value::Object(marked(&plain, &owner, "u"));
        assert_eq!(dashboard("", &marked), plain);
    }
}
