//! Grafana's newer API: `/apis/dashboard.grafana.app` and `/apis/folder.grafana.app`, with the `resourceVersion` of each object.

use serde_json::{Map, Value, json};
use ureq::http::Method;

use super::server::Server;
use super::{Item, form};
use crate::error::DeliveryError;
use crate::http::path_segment;
use crate::object::{ChangedBy, ContentHash, Owner};

/// The annotation with the folder of an object.
const FOLDER: &str = "grafana.app/folder";
/// The annotation with the message of a change.
const MESSAGE: &str = "grafana.app/message";
/// The annotation with the program that manages an object: a repository, Terraform.
const MANAGED_BY: &str = "grafana.app/managedBy";
/// Annotations of nthc. Servers that do not keep them ignore them.
const PROJECT: &str = "nth.dev/project";
const ENVIRONMENT: &str = "nth.dev/environment";
const CONTENT: &str = "nth.dev/content";

/// The paths of the two kinds of objects in a namespace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Paths {
    /// `/apis/dashboard.grafana.app/v1/namespaces/default/dashboards`
    pub dashboards: String,
    /// `/apis/folder.grafana.app/v1/namespaces/default/folders`
    pub folders: String,
}

/// The versions that nthc writes, the best first. The content of a dashboard is the same in them.
const VERSIONS: [&str; 2] = ["v1", "v1beta1"];

impl Paths {
    /// Finds the paths by what a server offers; `None` if it does not offer this API.
    pub fn find(groups: &Value, namespace: &str) -> Option<Self> {
        let offered: Vec<&str> = groups
            .get("groups")?
            .as_array()?
            .iter()
            .filter_map(|group| group.get("versions")?.as_array())
            .flatten()
            .filter_map(|version| version.get("groupVersion")?.as_str())
            .collect();
        let path = |group: &str, kind: &str| {
            let named = |version: &&str| format!("{group}/{version}");
            let version = VERSIONS
                .iter()
                .find(|version| offered.contains(&named(version).as_str()))?;
            let namespace = path_segment(namespace);
            Some(format!(
                "/apis/{group}/{version}/namespaces/{namespace}/{kind}"
            ))
        };
        Some(Self {
            dashboards: path("dashboard.grafana.app", "dashboards")?,
            folders: path("folder.grafana.app", "folders")?,
        })
    }
}

/// Reads an object.
fn object(server: &Server, path: &str, uid: &str) -> Result<Option<Value>, DeliveryError> {
    let Some(object) = server.find(&format!("{path}/{}", path_segment(uid)), "")? else {
        return Ok(None);
    };
    let is_object = object.pointer("/metadata/resourceVersion").is_some()
        && object.get("spec").is_some_and(Value::is_object);
    if is_object {
        Ok(Some(object))
    } else {
        Err(malformed())
    }
}

fn malformed() -> DeliveryError {
    DeliveryError::Malformed {
        why: "Grafana does not return an object with its version".to_owned(),
    }
}

/// An annotation of an object.
fn annotation<'a>(object: &'a Value, name: &str) -> Option<&'a str> {
    object
        .get("metadata")?
        .get("annotations")?
        .get(name)?
        .as_str()
}

/// What both kinds of objects have.
fn item(object: &Value, content: Value, tags: Vec<String>) -> Item {
    let who = annotation(object, "grafana.app/updatedBy")
        .or_else(|| annotation(object, "grafana.app/createdBy"));
    let when = annotation(object, "grafana.app/updatedTimestamp");
    let version = object.pointer("/metadata/resourceVersion");
    Item {
        content,
        tags,
        version: version
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned(),
        changed_by: who.map(|who| ChangedBy {
            who: Some(who.to_owned()),
            when: when.and_then(|time| time.parse().ok()),
            with: None,
        }),
        applied: form::applied(annotation(object, CONTENT)),
        manager: annotation(object, MANAGED_BY).map(str::to_owned),
    }
}

/// Reads a dashboard.
pub(super) fn dashboard(
    server: &Server,
    paths: &Paths,
    uid: &str,
) -> Result<Option<Item>, DeliveryError> {
    let Some(object) = object(server, &paths.dashboards, uid)? else {
        return Ok(None);
    };
    if object.pointer("/status/conversion/failed") == Some(&Value::Bool(true)) {
        return Err(DeliveryError::Malformed {
            why: format!(
                "the dashboard `{}` is stored in a newer version, which Grafana cannot convert",
                uid.escape_debug()
            ),
        });
    }
    let none = Value::Null;
    let spec = object.get("spec").unwrap_or(&none);
    let folder = annotation(&object, FOLDER).unwrap_or_default();
    let tags = form::tags(spec).into_iter().map(str::to_owned).collect();
    Ok(Some(item(&object, form::dashboard(folder, spec), tags)))
}

/// Reads a folder.
pub(super) fn folder(
    server: &Server,
    paths: &Paths,
    uid: &str,
) -> Result<Option<Item>, DeliveryError> {
    let object = object(server, &paths.folders, uid)?;
    Ok(object.map(|object| {
        let title = object.pointer("/spec/title").and_then(Value::as_str);
        item(&object, form::folder(title.unwrap_or_default()), Vec::new())
    }))
}

/// Writes a dashboard over a version; `None` creates it.
pub(super) fn write_dashboard(
    server: &Server,
    paths: &Paths,
    uid: &str,
    content: &Value,
    owner: &Owner,
    version: Option<&str>,
) -> Result<(), DeliveryError> {
    let spec = Value::Object(form::marked(content, owner, uid));
    let mut annotations = Map::new();
    let folder = form::folder_of(content);
    if !folder.is_empty() {
        annotations.insert(FOLDER.to_owned(), folder.into());
    }
    let path = &paths.dashboards;
    write(
        server,
        path,
        uid,
        (content, &spec),
        owner,
        version,
        annotations,
    )
}

/// Writes a folder over a version; `None` creates it.
pub(super) fn write_folder(
    server: &Server,
    paths: &Paths,
    uid: &str,
    content: &Value,
    owner: &Owner,
    version: Option<&str>,
) -> Result<(), DeliveryError> {
    let spec = json!({ "title": form::title(content) });
    let path = &paths.folders;
    write(
        server,
        path,
        uid,
        (content, &spec),
        owner,
        version,
        Map::new(),
    )
}

fn write(
    server: &Server,
    path: &str,
    uid: &str,
    (content, spec): (&Value, &Value),
    owner: &Owner,
    version: Option<&str>,
    mut annotations: Map<String, Value>,
) -> Result<(), DeliveryError> {
    annotations.insert(MESSAGE.to_owned(), "nthc apply".into());
    annotations.insert(PROJECT.to_owned(), owner.project.as_str().into());
    if let Some(environment) = &owner.environment {
        annotations.insert(ENVIRONMENT.to_owned(), environment.as_str().into());
    }
    let hash = ContentHash::compute(content);
    annotations.insert(CONTENT.to_owned(), hash.as_str().into());
    let own = format!("{path}/{}", path_segment(uid));
    let Some(version) = version else {
        let object =
            json!({ "metadata": { "name": uid, "annotations": annotations }, "spec": spec });
        return server.send(Method::POST, path, Some(&object)).map(drop);
    };
    // A replacement has all that the object has: labels, and annotations of others.
    let Some(mut object) = object(server, path, uid)? else {
        return Err(DeliveryError::Conflict {
            cause: "it was deleted".to_owned(),
        });
    };
    let known = object
        .pointer("/metadata/resourceVersion")
        .and_then(Value::as_str);
    if known != Some(version) {
        return Err(DeliveryError::Conflict {
            cause: "it is another version".to_owned(),
        });
    }
    if let Value::Object(members) = &mut object {
        members.insert("spec".to_owned(), spec.clone());
        members.remove("status");
    }
    if let Some(Value::Object(metadata)) = object.get_mut("metadata") {
        metadata.remove("managedFields");
        let all = metadata.entry("annotations").or_insert_with(|| json!({}));
        if let Value::Object(all) = all {
            if !annotations.contains_key(FOLDER) {
                all.remove(FOLDER);
            }
            all.extend(annotations);
        }
    }
    server.send(Method::PUT, &own, Some(&object)).map(drop)
}

/// Deletes an object in a version.
pub(super) fn delete(
    server: &Server,
    path: &str,
    uid: &str,
    version: &str,
) -> Result<(), DeliveryError> {
    let options = json!({ "preconditions": { "resourceVersion": version } });
    let path = format!("{path}/{}", path_segment(uid));
    server.delete(&path, Some(&options))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_version_that_is_offered_is_used() {
        let groups = |dashboards: &[&str], folders: &[&str]| {
            let versions = |group: &str, versions: &[&str]| -> Value {
                let list = versions
                    .iter()
                    .map(|version| json!({ "groupVersion": format!("{group}/{version}") }));
                json!({ "name": group, "versions": list.collect::<Vec<_>>() })
            };
            json!({ "groups": [versions("dashboard.grafana.app", dashboards), versions("folder.grafana.app", folders)] })
        };
        let found = Paths::find(&groups(&["v2", "v1beta1", "v1"], &["v1beta1"]), "stacks-7");
        let expected = Paths {
            dashboards: "/apis/dashboard.grafana.app/v1/namespaces/stacks-7/dashboards".to_owned(),
            folders: "/apis/folder.grafana.app/v1beta1/namespaces/stacks-7/folders".to_owned(),
        };
        assert_eq!(found, Some(expected));
        assert_eq!(
            Paths::find(&groups(&["v0alpha1", "v2"], &["v1"]), "default"),
            None
        );
        assert_eq!(Paths::find(&groups(&["v1"], &[]), "default"), None);
        assert_eq!(Paths::find(&json!({}), "default"), None);
    }
}
