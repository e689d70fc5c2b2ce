//! Objects of Kubernetes: their keys, marks and the form in which equal meaning is equal JSON.

use serde_json::{Map, Value, json};

use super::fields::{self, Manager};
use crate::error::DeliveryError;
use crate::object::{ContentHash, LiveObject, ObjectKey, ObjectKind, Owner};

/// The label that all objects of nthc have.
pub(super) const MANAGED_BY: &str = "app.kubernetes.io/managed-by";
/// Its value.
pub(super) const NTHC: &str = "nthc";
/// The annotation with the project.
pub(super) const PROJECT: &str = "nth.dev/project";
/// The annotation with the environment.
pub(super) const ENVIRONMENT: &str = "nth.dev/environment";
/// The annotation with the namespace and the name: a copy under another name is not ours.
pub(super) const NAME: &str = "nth.dev/name";
/// The annotation with the hash of the content that was applied last.
pub(super) const CONTENT: &str = "nth.dev/content";
/// What `kubectl apply` without `--server-side` writes: a copy of the object.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// A type of objects.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ResourceType {
    /// The API group; empty for the core.
    pub group: String,
    /// Its version.
    pub version: String,
    /// The kind: `PrometheusRule`.
    pub kind: String,
}

impl ResourceType {
    /// Creates a type.
    pub fn new(group: &str, version: &str, kind: &str) -> Self {
        Self {
            group: group.to_owned(),
            version: version.to_owned(),
            kind: kind.to_owned(),
        }
    }

    /// `monitoring.coreos.com/v1`, or `v1` of the core.
    pub fn api_version(&self) -> String {
        if self.group.is_empty() {
            self.version.clone()
        } else {
            format!("{}/{}", self.group, self.version)
        }
    }

    /// The types of the objects that nthc generates and lists in each namespace.
    pub fn generated() -> Vec<Self> {
        vec![
            Self::new("", "v1", "ConfigMap"),
            Self::new("monitoring.coreos.com", "v1", "PrometheusRule"),
            Self::new("monitoring.coreos.com", "v1alpha1", "AlertmanagerConfig"),
        ]
    }

    /// Reads the type from `apiVersion` and `kind`.
    fn of_object(object: &Value) -> Option<Self> {
        let api_version = object.get("apiVersion")?.as_str()?;
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        let kind = object.get("kind")?.as_str()?;
        let is_named = !version.is_empty() && !kind.is_empty();
        is_named.then(|| Self::new(group, version, kind))
    }
}

/// The key of an object: its name is `PrometheusRule.v1.monitoring.coreos.com/NAME`, as `kubectl get` takes it. The namespace is
/// empty if the object has none.
///
/// # Errors
///
/// [`DeliveryError::Invalid`] if it has no `apiVersion`, `kind` or name.
pub fn object_key(object: &Value) -> Result<ObjectKey, DeliveryError> {
    let metadata = |name: &str| object.get("metadata")?.get(name)?.as_str();
    let of = ResourceType::of_object(object);
    let (Some(of), Some(name)) = (of, metadata("name").filter(|name| !name.is_empty())) else {
        return Err(DeliveryError::Invalid {
            why: "an object of Kubernetes has an `apiVersion`, a `kind` and a name".to_owned(),
        });
    };
    Ok(key(&of, metadata("namespace").unwrap_or_default(), name))
}

/// The key of an object of a type.
pub(super) fn key(of: &ResourceType, namespace: &str, name: &str) -> ObjectKey {
    let ResourceType {
        group,
        version,
        kind,
    } = of;
    let dot = if group.is_empty() { "" } else { "." };
    let name = format!("{kind}.{version}{dot}{group}/{name}");
    ObjectKey::new(ObjectKind::KubernetesObject, namespace, name)
}

/// The type and the name in a key.
///
/// # Errors
///
/// If it is no key of an object of Kubernetes.
pub(super) fn parts(key: &ObjectKey) -> Result<(ResourceType, &str), DeliveryError> {
    let unsupported = || DeliveryError::Unsupported {
        key: key.clone(),
        why: "expected a name such as `ConfigMap.v1/NAME`".to_owned(),
    };
    if key.kind != ObjectKind::KubernetesObject {
        return Err(unsupported());
    }
    let (of, name) = key.name.split_once('/').ok_or_else(unsupported)?;
    let mut parts = of.splitn(3, '.');
    let (Some(kind), Some(version)) = (parts.next(), parts.next()) else {
        return Err(unsupported());
    };
    if name.is_empty() || name.contains('/') || kind.is_empty() || version.is_empty() {
        return Err(unsupported());
    }
    let of = ResourceType::new(parts.next().unwrap_or_default(), version, kind);
    Ok((of, name))
}

/// The namespace and the name of an object: `shop/checkout`.
fn full_name(object: &Value) -> Option<String> {
    let metadata = object.get("metadata")?;
    let text = |name: &str| metadata.get(name)?.as_str();
    Some(format!("{}/{}", text("namespace")?, text("name")?))
}

/// Whose mark an object bears.
pub(super) fn owner(object: &Value) -> Option<Owner> {
    let metadata = object.get("metadata")?;
    let text = |map: &str, name: &str| metadata.get(map)?.get(name)?.as_str();
    let is_ours = text("labels", MANAGED_BY) == Some(NTHC)
        && text("annotations", NAME) == full_name(object).as_deref();
    if !is_ours {
        return None;
    }
    Some(Owner {
        project: text("annotations", PROJECT)?.to_owned(),
        environment: text("annotations", ENVIRONMENT).map(str::to_owned),
    })
}

/// The content of a desired object: without its status, and with nothing that is empty.
pub(super) fn desired(object: &Value, namespace: &str) -> Value {
    let mut content = content(object, |_, _| true);
    if let Some(Value::Object(metadata)) = content.get_mut("metadata") {
        metadata.insert("namespace".to_owned(), namespace.into());
    }
    content
}

/// The object that is applied: the content with the mark of an owner.
pub(super) fn marked(content: &Value, owner: &Owner) -> Value {
    let mut object = content.clone();
    let hash = ContentHash::compute(content);
    let name = full_name(content).unwrap_or_default();
    let mut annotations = vec![
        (PROJECT, owner.project.as_str()),
        (CONTENT, hash.as_str()),
        (NAME, name.as_str()),
    ];
    annotations.extend(owner.environment.as_deref().map(|name| (ENVIRONMENT, name)));
    for (map, names) in [
        ("labels", vec![(MANAGED_BY, NTHC)]),
        ("annotations", annotations),
    ] {
        let Some(Value::Object(metadata)) = object.get_mut("metadata") else {
            continue;
        };
        let known = metadata.entry(map).or_insert_with(|| json!({}));
        if let Value::Object(known) = known {
            for (name, value) in names {
                known.insert(name.to_owned(), value.into());
            }
        }
    }
    object
}

/// A live object in the form of a desired one.
///
/// Of an object that nthc applies, fields that nobody manages are defaults of the server and left out, and so are labels and
/// annotations of others. Every other field is part of it, also one that someone else has added. Of any other object all is part
/// of it.
pub(super) fn live(of: &ResourceType, object: &Value) -> Option<LiveObject> {
    let metadata = object.get("metadata")?;
    let text = |name: &str| metadata.get(name).and_then(Value::as_str);
    let key = key(of, text("namespace").unwrap_or_default(), text("name")?);
    let mut whole = object.clone();
    if let Value::Object(members) = &mut whole {
        // Lists leave them out of their items.
        members.insert("apiVersion".to_owned(), of.api_version().into());
        members.insert("kind".to_owned(), of.kind.as_str().into());
    }
    let managers = fields::managers(object);
    let ours: Vec<Manager<'_>> = managers
        .iter()
        .filter(|one| one.is_ours())
        .cloned()
        .collect();
    let content = if ours.is_empty() {
        content(&whole, |_, name| name != LAST_APPLIED)
    } else {
        let own = fields::managed(object, &ours);
        let is_own = |map: &str, name: &str| {
            let map = own.get("metadata").and_then(|metadata| metadata.get(map));
            map.is_some_and(|map| map.get(name).is_some())
        };
        let mut managed = fields::managed(object, &managers);
        if let (Value::Object(managed), Value::Object(whole)) = (&mut managed, &whole) {
            for name in ["apiVersion", "kind", "metadata"] {
                if let Some(value) = whole.get(name) {
                    managed.insert(name.to_owned(), value.clone());
                }
            }
        }
        content(&managed, is_own)
    };
    let mut live = LiveObject::new(key, owner(object), content);
    live.version = text("resourceVersion")
        .map(|version| format!("{version} {}", text("uid").unwrap_or_default()));
    live.changed_by = fields::changed_by(object);
    live.applied = object
        .pointer("/metadata/annotations")
        .and_then(|annotations| annotations.get(CONTENT)?.as_str())
        .and_then(|hash| ContentHash::try_from(hash.to_owned()).ok());
    Some(live)
}

/// The members of an object that are its content; of labels and annotations those that `is_kept` says, without the mark.
fn content(object: &Value, is_kept: impl Fn(&str, &str) -> bool) -> Value {
    let mut content = Map::new();
    for (name, member) in object.as_object().into_iter().flatten() {
        if name != "metadata" && name != "status" && !member.is_null() {
            content.insert(name.clone(), member.clone());
        }
    }
    let mut metadata = Map::new();
    for (name, member) in object
        .get("metadata")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
    {
        match name.as_str() {
            "name" | "namespace" => {
                metadata.insert(name.clone(), member.clone());
            }
            "labels" | "annotations" => {
                let mut kept = Map::new();
                for (key, value) in member.as_object().into_iter().flatten() {
                    let is_mark = match name.as_str() {
                        "labels" => key == MANAGED_BY && value == NTHC,
                        _ => [PROJECT, ENVIRONMENT, CONTENT, NAME].contains(&key.as_str()),
                    };
                    if !is_mark && is_kept(name, key) {
                        kept.insert(key.clone(), value.clone());
                    }
                }
                if !kept.is_empty() {
                    metadata.insert(name.clone(), Value::Object(kept));
                }
            }
            _ => {}
        }
    }
    content.insert("metadata".to_owned(), Value::Object(metadata));
    Value::Object(content)
}

/// Where two contents differ first: `.spec.groups[1]`; `None` if they are equal.
pub(super) fn difference(one: &Value, other: &Value) -> Option<String> {
    match (one, other) {
        (Value::Object(one), Value::Object(other)) => {
            let mut names: Vec<&String> = one.keys().chain(other.keys()).collect();
            names.sort();
            names.dedup();
            let none = Value::Null;
            names.into_iter().find_map(|name| {
                let of = |map: &Map<String, Value>| map.get(name).cloned().unwrap_or(none.clone());
                let below = difference(&of(one), &of(other))?;
                Some(format!(".{name}{below}"))
            })
        }
        (Value::Array(one), Value::Array(other)) => {
            let most = one.len().max(other.len());
            (0..most).find_map(|number| {
                let of = |list: &[Value]| list.get(number).cloned().unwrap_or(Value::Null);
                let below = difference(&of(one), &of(other))?;
                Some(format!("[{number}]{below}"))
            })
        }
        _ => (one != other).then(String::new),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_key_names_the_type_as_kubectl_does() {
        for (of, namespace, name, expected) in [
            (
                ("monitoring.coreos.com", "v1", "PrometheusRule"),
                "shop",
                "a",
                "Kubernetes object shop/PrometheusRule.v1.monitoring.coreos.com/a",
            ),
            (
                ("", "v1", "ConfigMap"),
                "",
                "b.c",
                "Kubernetes object ConfigMap.v1/b.c",
            ),
        ] {
            let of = ResourceType::new(of.0, of.1, of.2);
            let object = json!({ "apiVersion": of.api_version(), "kind": of.kind, "metadata": { "name": name, "namespace": namespace } });
            let key = object_key(&object).unwrap();
            assert_eq!(key.to_string(), expected);
            assert_eq!(parts(&key).unwrap(), (of, name));
        }
        for name in [
            "a",
            "ConfigMap/a",
            "ConfigMap.v1/",
            ".v1/a",
            "ConfigMap.v1/a/b",
            "ConfigMap./a",
        ] {
            let key = ObjectKey::new(ObjectKind::KubernetesObject, "", name);
            assert!(parts(&key).is_err(), "{name}");
        }
        for object in [
            json!({}),
            json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": {} }),
            json!({ "apiVersion": "apps/", "kind": "A", "metadata": { "name": "a" } }),
        ] {
            assert!(object_key(&object).is_err());
        }
    }

    #[test]
    fn the_mark_is_in_no_content() {
        let object = json!({
            "apiVersion": "v1", "kind": "ConfigMap",
            "metadata": { "name": "a", "labels": { MANAGED_BY: NTHC, "role": "rules" } },
            "data": { "a": "b" }, "status": {},
        });
        let content = desired(&object, "shop");
        assert_eq!(
            content,
            json!({
                "apiVersion": "v1", "kind": "ConfigMap",
                "metadata": { "name": "a", "namespace": "shop", "labels": { "role": "rules" } },
                "data": { "a": "b" },
            })
        );
        let mine = Owner {
            project: "shop".to_owned(),
            environment: Some("production".to_owned()),
        };
        let applied = marked(&content, &mine);
        assert_eq!(owner(&applied), Some(mine));
        assert_eq!(desired(&applied, "shop"), content);
        // What was applied by other means has the label, and no owner; neither has a copy.
        assert_eq!(owner(&object), None);
        let mut copy = applied;
        copy["metadata"]["name"] = "b".into();
        assert_eq!(owner(&copy), None);
    }

    #[test]
    fn the_first_difference_is_named() {
        let one = json!({ "a": 1, "spec": { "groups": [{ "name": "a" }] } });
        assert_eq!(difference(&one, &one), None);
        let other = json!({ "a": 1, "spec": { "groups": [{ "name": "a" }, { "name": "b" }] } });
        assert_eq!(difference(&one, &other).unwrap(), ".spec.groups[1]");
    }
}
