//! Objects of a Kubernetes cluster, by server-side apply with the field manager `nthc`, never forced.
//!
//! An object bears the label `app.kubernetes.io/managed-by: nthc` and the annotations `nth.dev/project`, `nth.dev/environment` and
//! `nth.dev/name`. Without the annotations it is someone else's: an object of the same build that another program applied has the
//! label too, and a copy under another name has another `nth.dev/name`.
//!
//! A field that someone else manages is reported with its manager, and stays as it is: remove it from the other manager's object, or
//! give the field back with `kubectl apply --server-side --field-manager=nthc --force-conflicts`.
//!
//! The account needs the verbs `get`, `list`, `create`, `patch` and `delete` for the types of the objects, and `get`, `create`, `update`
//! and `delete` for `leases` of `coordination.k8s.io`, in the namespaces of the objects.

mod api;
mod fields;
mod form;
mod lease;
mod proxy;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use ureq::http::Method;

pub use self::api::ClusterAccess;
use self::api::{Answer, Api};
use self::fields::MANAGER;
use self::form::{MANAGED_BY, NTHC};
pub use self::form::{ResourceType, object_key};
use self::lease::Leases;
use super::ownership;
use crate::destination::{
    Destination, DestinationIdentity, DestinationKind, Excess, Health, ObjectHealth,
};
use crate::error::DeliveryError;
use crate::http::path_segment;
use crate::lease::LeaseStore;
use crate::object::{DesiredObject, LiveObject, ObjectKey, Owner};

/// A `resourceVersion` that no object has: with it, the server refuses to apply to an object that exists.
const NO_VERSION: &str = "1";

/// Which cluster, and what of it.
#[derive(Clone)]
pub struct KubernetesSettings {
    /// How to enter it.
    pub access: ClusterAccess,
    /// The namespace of objects that name none, and of the lease; `None` for that of the context.
    pub namespace: Option<String>,
    /// The types whose objects are looked for: [`ResourceType::generated`].
    pub types: Vec<ResourceType>,
    /// The longest wait for an answer.
    pub timeout: Duration,
}

/// A cluster.
#[derive(Debug)]
pub struct Kubernetes {
    api: Arc<Api>,
    namespace: String,
    types: Vec<ResourceType>,
    leases: Leases,
}

impl Kubernetes {
    /// Creates the destination. Nothing is requested yet.
    ///
    /// # Errors
    ///
    /// [`DeliveryError::Invalid`] if the kubeconfig cannot be used, or if it is called from asynchronous code.
    pub fn new(settings: KubernetesSettings) -> Result<Self, DeliveryError> {
        let api = Arc::new(Api::new(&settings.access, settings.timeout)?);
        let namespace = settings.namespace.unwrap_or_else(|| api.namespace.clone());
        Ok(Self {
            leases: Leases {
                api: Arc::clone(&api),
                namespace: namespace.clone(),
            },
            api,
            namespace,
            types: settings.types,
        })
    }

    /// The path of an object.
    fn path(&self, key: &ObjectKey) -> Result<(ResourceType, String), DeliveryError> {
        let (of, name) = form::parts(key)?;
        let namespace = match key.namespace.as_str() {
            "" => &self.namespace,
            namespace => namespace,
        };
        let Some(path) = self.api.path(&of, namespace)? else {
            return Err(DeliveryError::Unsupported {
                key: key.clone(),
                why: format!(
                    "the cluster has no `{}` of `{}` in namespaces: install its definition",
                    of.kind.escape_debug(),
                    of.api_version().escape_debug()
                ),
            });
        };
        let path = format!("{path}/{}", path_segment(name));
        Ok((of, path))
    }

    /// Sends an apply, and returns the object.
    fn apply(&self, path: &str, object: &Value) -> Result<Answer, DeliveryError> {
        let path = format!("{path}?fieldManager={MANAGER}&fieldValidation=Strict");
        let body = ("application/apply-patch+yaml", object);
        self.api.send(Method::PATCH, &path, Some(body))
    }
}

/// The resource version and the uid of what was live a moment ago.
fn version(before: &LiveObject) -> Result<(&str, &str), DeliveryError> {
    let version = before
        .version
        .as_deref()
        .and_then(|text| text.split_once(' '));
    version.ok_or_else(|| DeliveryError::Invalid {
        why: format!("no version is known of {}", before.key),
    })
}

/// Who else manages fields of an object: `kubectl-edit`, `argocd-controller`.
fn others(object: &Value) -> Vec<String> {
    let managers = fields::managers(object);
    let names: BTreeSet<String> = managers
        .iter()
        .filter(|manager| !manager.is_ours() && manager.subresource.is_none())
        .map(|manager| format!("`{}`", manager.name.escape_debug()))
        .collect();
    names.into_iter().collect()
}

/// The health of an object by its status. Only the newer operators of Prometheus write one.
fn health_of(object: &Value) -> Health {
    let generation = object
        .pointer("/metadata/generation")
        .and_then(Value::as_i64);
    let bindings = object.pointer("/status/bindings").and_then(Value::as_array);
    let conditions = bindings
        .into_iter()
        .flatten()
        .filter_map(|binding| binding.get("conditions")?.as_array())
        .flatten()
        .filter(|condition| condition.get("type").and_then(Value::as_str) == Some("Accepted"));
    let mut health = Health::Unknown;
    for condition in conditions {
        let text = |name: &str| condition.get(name).and_then(Value::as_str);
        let observed = condition.get("observedGeneration").and_then(Value::as_i64);
        if observed.is_some() && observed != generation {
            return Health::Pending;
        }
        match text("status") {
            Some("True") => health = Health::Healthy,
            Some("False") => {
                let message = text("message")
                    .or_else(|| text("reason"))
                    .unwrap_or("not accepted");
                return Health::Failing {
                    error: crate::sanitizer::Sanitizer::default().sanitize(message),
                };
            }
            _ => return Health::Pending,
        }
    }
    health
}

impl Destination for Kubernetes {
    fn identity(&self) -> DestinationIdentity {
        DestinationIdentity {
            kind: DestinationKind::Kubernetes,
            url: self.api.url.clone(),
            scope: Some(self.namespace.clone()),
        }
    }

    fn normalize(&self, object: DesiredObject) -> Result<DesiredObject, DeliveryError> {
        let key = form::object_key(&object.content)?;
        let (of, name) = form::parts(&key)?;
        let unsupported = |why: &str| DeliveryError::Unsupported {
            key: object.key.clone(),
            why: why.to_owned(),
        };
        if of.group.is_empty() && of.kind == "Secret" {
            return Err(unsupported("secrets are not delivered"));
        }
        let namespace = match key.namespace.as_str() {
            "" => self.namespace.as_str(),
            namespace => namespace,
        };
        let normal = form::key(&of, namespace, name);
        let is_same = object.key.name == normal.name
            && (object.key.namespace.is_empty() || object.key.namespace == namespace);
        if !is_same {
            return Err(unsupported("its key is not that of its content"));
        }
        Ok(DesiredObject {
            key: normal,
            content: form::desired(&object.content, namespace),
            ..object
        })
    }

    fn read(&self, owner: &Owner, wanted: &[ObjectKey]) -> Result<Vec<LiveObject>, DeliveryError> {
        let mut places: BTreeMap<(ResourceType, String), bool> = BTreeMap::new();
        for of in &self.types {
            places.insert((of.clone(), self.namespace.clone()), false);
        }
        for key in wanted {
            let (of, _) = form::parts(key)?;
            // Fails if the cluster does not have the type.
            self.path(key)?;
            places.insert((of.clone(), self.namespace.clone()), true);
            if !key.namespace.is_empty() {
                places.insert((of, key.namespace.clone()), true);
            }
        }
        let mut found = BTreeMap::new();
        for (of, namespace) in places.keys() {
            // What the cluster does not have cannot be there.
            let Some(path) = self.api.path(of, namespace)? else {
                continue;
            };
            for object in self.api.list(&path, &format!("{MANAGED_BY}={NTHC}"))? {
                let Some(live) = form::live(of, &object) else {
                    continue;
                };
                let is_ours = live
                    .owner
                    .as_ref()
                    .is_some_and(|mark| mark.project == owner.project);
                if is_ours || wanted.contains(&live.key) {
                    found.insert(live.key.clone(), live);
                }
            }
        }
        for key in wanted {
            if !found.contains_key(key)
                && let Some(live) = self.read_one(key)?
            {
                found.insert(key.clone(), live);
            }
        }
        Ok(found.into_values().collect())
    }

    fn read_one(&self, key: &ObjectKey) -> Result<Option<LiveObject>, DeliveryError> {
        let (of, path) = self.path(key)?;
        let answer = self.api.send(Method::GET, &path, None)?;
        if answer.is_missing() {
            return Ok(None);
        }
        let object = self.api.success(answer)?;
        match form::live(&of, &object) {
            Some(live) => Ok(Some(live)),
            None => Err(DeliveryError::NotTheApi {
                found: "an answer that is not an object".to_owned(),
            }),
        }
    }

    fn limits(&self, _: &[DesiredObject]) -> Result<Vec<Excess>, DeliveryError> {
        // The size of an object is checked when it is built; quotas are applied by the server.
        Ok(Vec::new())
    }

    fn write(
        &self,
        object: &DesiredObject,
        owner: &Owner,
        before: Option<&LiveObject>,
    ) -> Result<(), DeliveryError> {
        ownership::refuse_other(&object.key, before, owner)?;
        let (of, path) = self.path(&object.key)?;
        let mut applied = form::marked(&object.content, owner);
        if let Some(Value::Object(metadata)) = applied.get_mut("metadata") {
            let (version, uid) = match before {
                Some(before) => version(before)?,
                None => (NO_VERSION, ""),
            };
            metadata.insert("resourceVersion".to_owned(), version.into());
            if !uid.is_empty() {
                // Without it the server would create an object that was deleted meanwhile.
                metadata.insert("uid".to_owned(), uid.into());
            }
        }
        let answer = self.apply(&path, &applied)?;
        if answer.status == 422 && before.is_some() && is_other_uid(&answer.document) {
            return Err(DeliveryError::Conflict {
                cause: "it was deleted or created anew".to_owned(),
            });
        }
        let written = self.api.success(answer)?;
        let live = form::live(&of, &written);
        let difference = live.and_then(|live| form::difference(&live.content, &object.content));
        match difference {
            None => Ok(()),
            // Others keep what they manage.
            Some(field) => Err(DeliveryError::Conflict {
                cause: format!(
                    "`{}` stays as {} {} it",
                    field.escape_debug(),
                    match others(&written).as_slice() {
                        [] => "the server".to_owned(),
                        names => names.join(" and "),
                    },
                    if others(&written).len() > 1 {
                        "manage"
                    } else {
                        "manages"
                    },
                ),
            }),
        }
    }

    fn delete(&self, object: &LiveObject) -> Result<(), DeliveryError> {
        ownership::refuse_unmarked(object)?;
        let (_, path) = self.path(&object.key)?;
        let (version, uid) = version(object)?;
        let options = json!({
            "preconditions": { "resourceVersion": version, "uid": uid },
            "propagationPolicy": "Background",
        });
        let body = ("application/json", &options);
        let answer = self.api.send(Method::DELETE, &path, Some(body))?;
        if answer.is_missing() {
            return Ok(());
        }
        self.api.success(answer).map(drop)
    }

    fn finish(&self) -> Result<(), DeliveryError> {
        Ok(())
    }

    fn health(&self, keys: &[ObjectKey]) -> Result<Vec<ObjectHealth>, DeliveryError> {
        let mut all = Vec::new();
        for key in keys {
            let (_, path) = self.path(key)?;
            let answer = self.api.send(Method::GET, &path, None)?;
            let health = if answer.is_missing() {
                Health::Failing {
                    error: "the object does not exist".to_owned(),
                }
            } else {
                health_of(&self.api.success(answer)?)
            };
            all.push(ObjectHealth {
                key: key.clone(),
                health,
            });
        }
        Ok(all)
    }

    fn lease_store(&self) -> Option<&dyn LeaseStore> {
        Some(&self.leases)
    }
}

/// Returns true if the server refuses the uid: there is another object, or none.
fn is_other_uid(status: &Value) -> bool {
    let causes = status.pointer("/details/causes").and_then(Value::as_array);
    causes
        .into_iter()
        .flatten()
        .any(|cause| cause.get("field").and_then(Value::as_str) == Some("metadata.uid"))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn object(generation: i64, status: &str) -> Value {
        json!({
            "metadata": { "generation": 2 },
            "status": { "bindings": [{ "name": "k8s", "conditions": [
                { "type": "Accepted", "status": status, "observedGeneration": generation, "message": "bad rule\u{1b}[2J" },
            ] }] },
        })
    }

    #[test]
    fn the_status_of_the_operator_is_the_health() {
        assert_eq!(health_of(&object(2, "True")), Health::Healthy);
        assert_eq!(health_of(&object(1, "True")), Health::Pending);
        assert_eq!(health_of(&object(2, "Unknown")), Health::Pending);
        let failing = Health::Failing {
            error: "bad rule [2J".to_owned(),
        };
        assert_eq!(health_of(&object(2, "False")), failing);
        assert_eq!(health_of(&json!({ "metadata": {} })), Health::Unknown);
    }
}
