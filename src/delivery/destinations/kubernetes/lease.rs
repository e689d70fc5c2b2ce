//! Leases as objects of `coordination.k8s.io/v1`, replaced only in the version that was read.

use jiff::Timestamp;
use serde_json::{Value, json};
use ureq::http::Method;

use super::api::Api;
use super::fields::MANAGER;
use super::form::{ENVIRONMENT, MANAGED_BY, NTHC, PROJECT, ResourceType};
use crate::error::DeliveryError;
use crate::http::path_segment;
use crate::lease::{Lease, LeaseStore};
use crate::object::{ContentHash, Owner};

/// The annotation with the text that no other run has.
const TOKEN: &str = "nth.dev/lease-token";

/// The annotation with the end of the lease: the object itself has whole seconds after its renewal only.
const EXPIRES: &str = "nth.dev/lease-expires";

/// The leases in a namespace.
#[derive(Debug)]
pub(super) struct Leases {
    pub api: std::sync::Arc<Api>,
    pub namespace: String,
}

impl Leases {
    /// The path of all leases.
    fn path(&self) -> Result<String, DeliveryError> {
        let of = ResourceType::new("coordination.k8s.io", "v1", "Lease");
        let path = self.api.path(&of, &self.namespace)?;
        path.ok_or_else(|| DeliveryError::NotTheApi {
            found: "a server without `coordination.k8s.io/v1`".to_owned(),
        })
    }

    /// Reads the object of an owner's lease.
    fn object(&self, owner: &Owner) -> Result<Option<Value>, DeliveryError> {
        let path = format!("{}/{}", self.path()?, path_segment(&name(owner)));
        let answer = self.api.send(Method::GET, &path, None)?;
        if answer.is_missing() {
            return Ok(None);
        }
        self.api.success(answer).map(Some)
    }
}

/// The name of an owner's lease.
fn name(owner: &Owner) -> String {
    let owner = serde_json::to_value(owner).unwrap_or_default();
    let hash = ContentHash::compute(&owner);
    format!("nthc-{}", hash.as_str().get(..16).unwrap_or_default())
}

/// The lease in an object; `None` in one that someone else wrote.
fn lease(object: &Value, owner: &Owner) -> Option<Lease> {
    let annotation = |name: &str| object.pointer("/metadata/annotations")?.get(name)?.as_str();
    let is_owners = annotation(PROJECT) == Some(owner.project.as_str())
        && annotation(ENVIRONMENT) == owner.environment.as_deref();
    if !is_owners {
        return None;
    }
    Some(Lease {
        owner: owner.clone(),
        holder: object.pointer("/spec/holderIdentity")?.as_str()?.to_owned(),
        token: annotation(TOKEN)?.to_owned(),
        expires: annotation(EXPIRES)?.parse().ok()?,
    })
}

fn conflict() -> DeliveryError {
    DeliveryError::Conflict {
        cause: "another run has taken the lease".to_owned(),
    }
}

impl LeaseStore for Leases {
    fn read_lease(&self, owner: &Owner) -> Result<Option<Lease>, DeliveryError> {
        let Some(object) = self.object(owner)? else {
            return Ok(None);
        };
        match lease(&object, owner) {
            Some(lease) => Ok(Some(lease)),
            None => Err(DeliveryError::Malformed {
                why: format!(
                    "the lease `{}` was not written by nthc: delete it",
                    name(owner)
                ),
            }),
        }
    }

    fn replace_lease(
        &self,
        owner: &Owner,
        before: Option<&Lease>,
        after: Option<&Lease>,
    ) -> Result<(), DeliveryError> {
        let object = self.object(owner)?;
        let found = object.as_ref().and_then(|object| lease(object, owner));
        if found.as_ref() != before || (object.is_some() && found.is_none()) {
            return Err(conflict());
        }
        let version = object
            .as_ref()
            .and_then(|object| object.pointer("/metadata/resourceVersion"))
            .cloned();
        let path = self.path()?;
        let own = format!("{path}/{}", path_segment(&name(owner)));
        let answer = match (version, after) {
            (None, None) => return Ok(()),
            (Some(version), None) => {
                let options = json!({ "preconditions": { "resourceVersion": version } });
                let body = ("application/json", &options);
                self.api.send(Method::DELETE, &own, Some(body))?
            }
            (version, Some(after)) => {
                let object = document(owner, after, version.as_ref());
                let body = Some(("application/json", &object));
                let manager = format!("?fieldManager={MANAGER}");
                match version {
                    None => self
                        .api
                        .send(Method::POST, &format!("{path}{manager}"), body)?,
                    Some(_) => self
                        .api
                        .send(Method::PUT, &format!("{own}{manager}"), body)?,
                }
            }
        };
        if answer.status == 409 || answer.is_missing() {
            return Err(conflict());
        }
        self.api.success(answer).map(drop)
    }

    fn is_atomic(&self) -> bool {
        true
    }
}

/// The object of a lease.
fn document(owner: &Owner, lease: &Lease, version: Option<&Value>) -> Value {
    let now = Timestamp::now();
    let seconds = lease.expires.duration_since(now).as_secs().clamp(1, 86_400);
    let mut object = json!({
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": {
            "name": name(owner),
            "labels": { MANAGED_BY: NTHC },
            "annotations": {
                PROJECT: owner.project,
                TOKEN: lease.token,
                EXPIRES: lease.expires.to_string(),
            },
        },
        "spec": {
            "holderIdentity": lease.holder,
            "leaseDurationSeconds": seconds,
            // Six digits are required.
            "renewTime": format!("{now:.6}"),
        },
    });
    if let Some(environment) = &owner.environment
        && let Some(Value::Object(annotations)) = object.pointer_mut("/metadata/annotations")
    {
        annotations.insert(ENVIRONMENT.to_owned(), environment.as_str().into());
    }
    if let (Some(version), Some(Value::Object(metadata))) = (version, object.get_mut("metadata")) {
        metadata.insert("resourceVersion".to_owned(), version.clone());
    }
    object
}
