//! Rulers with Cortex's API: Cortex, Mimir, Grafana Cloud.
//!
//! API: <https://cortexmetrics.io/docs/api/#ruler> and
//! <https://grafana.com/docs/mimir/latest/references/http-api/#ruler>. It stores one group a request, without versions, and
//! answers 404 to "no groups", with words of its own.

mod data;
mod group;
mod health;
mod lease;
mod limits;
mod state;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::Value;
use ureq::Agent;

pub use self::group::MARK;
pub(super) use self::group::normalize as normalize_group;
pub use self::lease::LEASES;
use super::{cortex, yaml};
use crate::destination::{Destination, DestinationIdentity, DestinationKind, Excess, ObjectHealth};
use crate::error::DeliveryError;
use crate::http::{Answer, HttpClient};
use crate::lease::LeaseStore;
use crate::object::{DesiredObject, LiveObject, ObjectKey, ObjectKind, Owner};

/// The program whose paths are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RulerApi {
    /// Cortex: `/api/v1/rules`.
    Cortex,
    /// Mimir and Grafana Cloud: `/prometheus/config/v1/rules`.
    Mimir,
}

/// How a ruler is used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RulerSettings {
    /// Whose paths are used.
    pub api: RulerApi,
    /// The tenant; `None` if the server finds it by the credentials, or has only one.
    pub tenant: Option<String>,
    /// Namespaces that are never changed. `*` at the end stands for any rest.
    pub protected: Vec<String>,
}

/// A ruler with Cortex's API.
#[derive(Debug)]
pub struct Ruler {
    client: HttpClient,
    settings: RulerSettings,
    /// The path of the stored groups.
    rules: &'static str,
    /// The path of the Prometheus API.
    state: &'static str,
    /// The labels of the marks that this process wrote, for [`Destination::health`].
    written: Mutex<BTreeMap<ObjectKey, String>>,
}

impl Ruler {
    /// Creates a client of the ruler at `base`. `headers` are sent with each request, and `secrets` never shown.
    ///
    /// # Errors
    ///
    /// [`DeliveryError::Invalid`] if the URL, a header or the tenant is invalid.
    pub fn new(
        agent: Agent,
        base: &str,
        headers: &[(String, String)],
        secrets: Vec<String>,
        settings: RulerSettings,
    ) -> Result<Self, DeliveryError> {
        let headers = cortex::with_tenant(headers, settings.tenant.as_deref())?;
        Ok(Self {
            client: HttpClient::new(agent, base, &headers, secrets)?,
            rules: match settings.api {
                RulerApi::Cortex => "/api/v1/rules",
                RulerApi::Mimir => "/prometheus/config/v1/rules",
            },
            state: "/prometheus",
            settings,
            written: Mutex::default(),
        })
    }

    /// Reads all groups of the tenant, also the leases.
    fn list(&self) -> Result<Vec<LiveObject>, DeliveryError> {
        let answer = self.client.get(self.rules)?;
        if cortex::is_missing(&answer, "no rule groups found") {
            return Ok(Vec::new());
        }
        let answer = self.success(answer)?;
        let namespaces: BTreeMap<String, Vec<Value>> = yaml::read(&answer.body)?;
        let mut found = Vec::new();
        for (namespace, groups) in namespaces {
            for group in groups {
                let group = group::read(&namespace, group);
                found.push(group.ok_or_else(|| DeliveryError::Malformed {
                    why: "a rule group without a name or rules".to_owned(),
                })?);
            }
        }
        Ok(found)
    }

    /// The answer of a read, if it is one. Cortex's file system storage writes in place, so what is read at that moment is cut off:
    /// that is worth another request.
    fn success(&self, answer: Answer) -> Result<Answer, DeliveryError> {
        let words = "failed to unmarshal rule group";
        if answer.status == 400 && answer.text().contains(words) {
            return Err(DeliveryError::Unavailable {
                cause: self.client.sanitize(&answer.text()),
            });
        }
        self.client.success(answer)
    }

    fn written(&self) -> MutexGuard<'_, BTreeMap<ObjectKey, String>> {
        self.written.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn refuse_protected(&self, key: &ObjectKey) -> Result<(), DeliveryError> {
        let is_protected = |pattern: &String| match pattern.strip_suffix('*') {
            Some(start) => key.namespace.starts_with(start),
            None => key.namespace == *pattern,
        };
        if self.settings.protected.iter().any(is_protected) {
            return Err(DeliveryError::Protected { key: key.clone() });
        }
        Ok(())
    }
}

impl Destination for Ruler {
    fn identity(&self) -> DestinationIdentity {
        DestinationIdentity {
            kind: DestinationKind::Ruler,
            url: self.client.base().to_owned(),
            scope: self.settings.tenant.clone(),
        }
    }

    fn normalize(&self, object: DesiredObject) -> Result<DesiredObject, DeliveryError> {
        let unsupported = |key: &ObjectKey, why: &str| {
            Err(DeliveryError::Unsupported {
                key: key.clone(),
                why: why.to_owned(),
            })
        };
        let key = &object.key;
        if key.kind != ObjectKind::RuleGroup {
            return unsupported(key, "a ruler holds only rule groups");
        }
        // Servers resolve these as paths.
        let is_name = |name: &str| !matches!(name, "" | "." | "..");
        if !is_name(&key.namespace) || !is_name(&key.name) {
            return unsupported(key, "invalid name");
        }
        if key.namespace == LEASES {
            return unsupported(key, "the namespace is reserved for leases");
        }
        let rules = object.content.get("rules").and_then(Value::as_array);
        let Some(rules) = rules.filter(|rules| !rules.is_empty()) else {
            return unsupported(key, "it has no rules");
        };
        let is_mark = |rule: &Value| rule.get("record").and_then(Value::as_str) == Some(MARK);
        if rules.iter().any(is_mark) {
            return unsupported(key, "a rule has the name of the mark");
        }
        self.refuse_protected(key)?;
        Ok(DesiredObject {
            content: group::normalize(object.content),
            ..object
        })
    }

    fn read(&self, owner: &Owner, wanted: &[ObjectKey]) -> Result<Vec<LiveObject>, DeliveryError> {
        let wanted: BTreeSet<&ObjectKey> = wanted.iter().collect();
        let mut live = self.list()?;
        live.retain(|object| {
            let is_ours = object
                .owner
                .as_ref()
                .is_some_and(|found| found.project == owner.project);
            object.key.namespace != LEASES && (is_ours || wanted.contains(&object.key))
        });
        Ok(live)
    }

    fn read_one(&self, key: &ObjectKey) -> Result<Option<LiveObject>, DeliveryError> {
        let Some(group) = self.get_group(&key.namespace, &key.name)? else {
            return Ok(None);
        };
        let live = group::read(&key.namespace, group);
        live.map(Some).ok_or_else(|| DeliveryError::Malformed {
            why: "a rule group without a name or rules".to_owned(),
        })
    }

    fn limits(&self, desired: &[DesiredObject]) -> Result<Vec<Excess>, DeliveryError> {
        self.excesses(desired)
    }

    fn write(
        &self,
        object: &DesiredObject,
        owner: &Owner,
        _before: Option<&LiveObject>,
    ) -> Result<(), DeliveryError> {
        self.refuse_protected(&object.key)?;
        let group = group::marked(&object.key, &object.content, owner);
        self.post_group(&object.key.namespace, &group)?;
        let label = group::label_of(&object.hash());
        self.written().insert(object.key.clone(), label);
        Ok(())
    }

    fn delete(&self, object: &LiveObject) -> Result<(), DeliveryError> {
        self.refuse_protected(&object.key)?;
        self.delete_group(&object.key.namespace, &object.key.name)?;
        self.written().remove(&object.key);
        Ok(())
    }

    fn finish(&self) -> Result<(), DeliveryError> {
        // The ruler polls its store.
        Ok(())
    }

    fn health(&self, keys: &[ObjectKey]) -> Result<Vec<ObjectHealth>, DeliveryError> {
        self.group_health(keys)
    }

    fn lease_store(&self) -> Option<&dyn LeaseStore> {
        Some(self)
    }
}
