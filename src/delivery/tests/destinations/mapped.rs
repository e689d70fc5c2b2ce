//! Lets the laws of an apply, which know rule groups, hold for any destination.

use nth_delivery::{
    DeliveryError, DesiredObject, Destination, DestinationIdentity, Excess, LeaseStore, LiveObject,
    ObjectHealth, ObjectKey, Owner,
};
use serde_json::Value;

use crate::support::world;

/// A destination whose objects have the keys of the laws.
pub struct Mapped<D> {
    pub inner: D,
    /// The key of the object with a name.
    pub key: fn(&str) -> ObjectKey,
    /// The name in a key.
    pub name: fn(&ObjectKey) -> String,
    /// The content that stands for a rule group.
    pub content: fn(&str, &Value) -> Value,
}

impl<D: Destination> Mapped<D> {
    /// The desired object that stands for a rule group.
    pub fn object(&self, key: &ObjectKey, content: &Value) -> DesiredObject {
        let object = DesiredObject {
            key: (self.key)(&key.name),
            phase: nth_delivery::Phase::Recordings,
            content: (self.content)(&key.name, content),
            services: Vec::new(),
        };
        self.inner.normalize(object).unwrap()
    }

    /// Writes an object as another run of nthc would.
    pub fn write_for(&self, key: &ObjectKey, owner: &Owner, content: &Value) {
        let object = self.object(key, content);
        let before = self.inner.read_one(&object.key).unwrap();
        self.inner.write(&object, owner, before.as_ref()).unwrap();
    }

    fn inward(&self, key: &ObjectKey) -> ObjectKey {
        (self.key)(&key.name)
    }

    fn outward(&self, live: LiveObject) -> LiveObject {
        LiveObject {
            key: world::key(&(self.name)(&live.key)),
            ..live
        }
    }

    fn inwards(&self, live: &LiveObject) -> LiveObject {
        LiveObject {
            key: self.inward(&live.key),
            ..live.clone()
        }
    }
}

impl<D: Destination> Destination for Mapped<D> {
    fn identity(&self) -> DestinationIdentity {
        self.inner.identity()
    }

    fn normalize(&self, object: DesiredObject) -> Result<DesiredObject, DeliveryError> {
        let content = self.object(&object.key, &object.content).content;
        Ok(DesiredObject { content, ..object })
    }

    fn read(&self, owner: &Owner, wanted: &[ObjectKey]) -> Result<Vec<LiveObject>, DeliveryError> {
        let wanted: Vec<ObjectKey> = wanted.iter().map(|key| self.inward(key)).collect();
        let live = self.inner.read(owner, &wanted)?;
        Ok(live.into_iter().map(|live| self.outward(live)).collect())
    }

    fn read_one(&self, key: &ObjectKey) -> Result<Option<LiveObject>, DeliveryError> {
        let live = self.inner.read_one(&self.inward(key))?;
        Ok(live.map(|live| self.outward(live)))
    }

    fn limits(&self, desired: &[DesiredObject]) -> Result<Vec<Excess>, DeliveryError> {
        self.inner.limits(desired)
    }

    fn write(
        &self,
        object: &DesiredObject,
        owner: &Owner,
        before: Option<&LiveObject>,
    ) -> Result<(), DeliveryError> {
        let inner = DesiredObject {
            key: self.inward(&object.key),
            ..object.clone()
        };
        let before = before.map(|live| self.inwards(live));
        self.inner.write(&inner, owner, before.as_ref())
    }

    fn delete(&self, object: &LiveObject) -> Result<(), DeliveryError> {
        self.inner.delete(&self.inwards(object))
    }

    fn finish(&self) -> Result<(), DeliveryError> {
        self.inner.finish()
    }

    fn health(&self, keys: &[ObjectKey]) -> Result<Vec<ObjectHealth>, DeliveryError> {
        let inner: Vec<ObjectKey> = keys.iter().map(|key| self.inward(key)).collect();
        let health = self.inner.health(&inner)?;
        Ok(keys
            .iter()
            .zip(health)
            .map(|(key, one)| ObjectHealth {
                key: key.clone(),
                ..one
            })
            .collect())
    }

    fn lease_store(&self) -> Option<&dyn LeaseStore> {
        self.inner.lease_store()
    }
}
