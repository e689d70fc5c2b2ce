//! A destination in memory.

use std::collections::BTreeMap;
use std::sync::Mutex;

use nth_delivery::{
    DeliveryError, DesiredObject, Destination, DestinationIdentity, DestinationKind, Excess,
    Health, Lease, LeaseStore, LiveObject, ObjectHealth, ObjectKey, Owner,
};
use serde_json::Value;

use crate::support::world::World;

#[derive(Default)]
struct State {
    objects: BTreeMap<ObjectKey, (Option<Owner>, Value, u64)>,
    leases: BTreeMap<Owner, Lease>,
    writes: usize,
    version: u64,
}

/// A server that finds conflicts by versions.
pub struct Memory {
    state: Mutex<State>,
    pub tenant: String,
    has_atomic_leases: bool,
    /// The most objects that it publishes, and that it enforces.
    pub limits: Mutex<(Option<u64>, Option<usize>)>,
    pub health: Mutex<BTreeMap<String, Health>>,
}

impl Memory {
    pub fn new() -> Self {
        Self::with_leases(false)
    }

    pub fn with_leases(has_atomic_leases: bool) -> Self {
        Self {
            state: Mutex::default(),
            tenant: "shop".to_owned(),
            has_atomic_leases,
            limits: Mutex::default(),
            health: Mutex::default(),
        }
    }
}

impl World for Memory {
    fn destination(&self) -> &dyn Destination {
        self
    }

    fn put(&self, key: &ObjectKey, owner: Option<&Owner>, content: &Value) {
        let mut state = self.state.lock().unwrap();
        state.version += 1;
        let object = (owner.cloned(), content.clone(), state.version);
        state.objects.insert(key.clone(), object);
    }

    fn remove(&self, key: &ObjectKey) {
        self.state.lock().unwrap().objects.remove(key);
    }

    fn dump(&self) -> BTreeMap<String, String> {
        let state = self.state.lock().unwrap();
        let objects = state.objects.iter();
        objects
            .map(|(key, (owner, content, _))| {
                let owner = owner.as_ref().map(ToString::to_string);
                (key.to_string(), format!("{owner:?} {content}"))
            })
            .collect()
    }

    fn writes(&self) -> Option<usize> {
        Some(self.state.lock().unwrap().writes)
    }
}

impl Destination for Memory {
    fn identity(&self) -> DestinationIdentity {
        DestinationIdentity {
            kind: DestinationKind::Ruler,
            url: "https://mimir.example.com".to_owned(),
            scope: Some(self.tenant.clone()),
        }
    }

    fn normalize(&self, object: DesiredObject) -> Result<DesiredObject, DeliveryError> {
        Ok(object)
    }

    fn read(&self, owner: &Owner, wanted: &[ObjectKey]) -> Result<Vec<LiveObject>, DeliveryError> {
        let keys: Vec<ObjectKey> = self.state.lock().unwrap().objects.keys().cloned().collect();
        let all = keys.iter().filter_map(|key| self.read_one(key).transpose());
        let all: Vec<LiveObject> = all.collect::<Result<_, _>>()?;
        let is_ours = |object: &LiveObject| {
            let found = object.owner.as_ref();
            found.is_some_and(|found| found.project == owner.project)
        };
        Ok(all
            .into_iter()
            .filter(|object| is_ours(object) || wanted.contains(&object.key))
            .collect())
    }

    fn read_one(&self, key: &ObjectKey) -> Result<Option<LiveObject>, DeliveryError> {
        let state = self.state.lock().unwrap();
        Ok(state
            .objects
            .get(key)
            .map(|(owner, content, version)| LiveObject {
                version: Some(version.to_string()),
                ..LiveObject::new(key.clone(), owner.clone(), content.clone())
            }))
    }

    fn limits(&self, desired: &[DesiredObject]) -> Result<Vec<Excess>, DeliveryError> {
        let needed = desired.len() as u64;
        let (published, _) = *self.limits.lock().unwrap();
        let allowed = published.filter(|allowed| needed > *allowed);
        Ok(allowed
            .map(|allowed| Excess {
                key: None,
                limit: "max_objects".to_owned(),
                allowed,
                needed,
            })
            .into_iter()
            .collect())
    }

    fn write(
        &self,
        object: &DesiredObject,
        owner: &Owner,
        before: Option<&LiveObject>,
    ) -> Result<(), DeliveryError> {
        let mut state = self.state.lock().unwrap();
        let found = state.objects.get(&object.key);
        let found = found.map(|(_, _, version)| version.to_string());
        if found != before.and_then(|before| before.version.clone()) {
            return Err(DeliveryError::Conflict {
                cause: "another version".to_owned(),
            });
        }
        let (_, enforced) = *self.limits.lock().unwrap();
        if before.is_none() && enforced.is_some_and(|most| state.objects.len() >= most) {
            return Err(DeliveryError::LimitExceeded {
                cause: "too many objects".to_owned(),
            });
        }
        state.writes += 1;
        state.version += 1;
        let written = (Some(owner.clone()), object.content.clone(), state.version);
        state.objects.insert(object.key.clone(), written);
        Ok(())
    }

    fn delete(&self, object: &LiveObject) -> Result<(), DeliveryError> {
        let mut state = self.state.lock().unwrap();
        state.writes += 1;
        state.objects.remove(&object.key);
        Ok(())
    }

    fn finish(&self) -> Result<(), DeliveryError> {
        Ok(())
    }

    fn health(&self, keys: &[ObjectKey]) -> Result<Vec<ObjectHealth>, DeliveryError> {
        let known = self.health.lock().unwrap();
        Ok(keys
            .iter()
            .map(|key| ObjectHealth {
                key: key.clone(),
                health: known.get(&key.name).cloned().unwrap_or(Health::Healthy),
            })
            .collect())
    }

    fn lease_store(&self) -> Option<&dyn LeaseStore> {
        Some(self)
    }
}

impl LeaseStore for Memory {
    fn read_lease(&self, owner: &Owner) -> Result<Option<Lease>, DeliveryError> {
        Ok(self.state.lock().unwrap().leases.get(owner).cloned())
    }

    fn replace_lease(
        &self,
        owner: &Owner,
        before: Option<&Lease>,
        after: Option<&Lease>,
    ) -> Result<(), DeliveryError> {
        let mut state = self.state.lock().unwrap();
        if self.has_atomic_leases && state.leases.get(owner) != before {
            return Err(DeliveryError::Conflict {
                cause: "another lease".to_owned(),
            });
        }
        match after {
            Some(lease) => state.leases.insert(owner.clone(), lease.clone()),
            None => state.leases.remove(owner),
        };
        Ok(())
    }

    fn is_atomic(&self) -> bool {
        self.has_atomic_leases
    }
}
