//! A destination that fails at one of its calls, as networks, servers and people do.

use std::sync::Mutex;
use std::time::Duration;

use nth_delivery::{
    DeliveryError, DesiredObject, Destination, DestinationIdentity, Excess, Lease, LeaseStore,
    LiveObject, ObjectHealth, ObjectKey, Owner,
};

/// What happens at a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The connection is lost before the server has the request.
    LostBefore,
    /// The connection is lost before the answer comes.
    LostAfter,
    /// The process is killed before the request.
    KilledBefore,
    /// The process is killed after the request.
    KilledAfter,
    /// The server answers 503.
    Unavailable,
    /// The server answers 429 and asks for 7 s.
    RateLimited,
    /// The server answers 429 and asks for an hour.
    RateLimitedForLong,
    /// The server answers 401: a token has expired.
    Unauthorized,
    /// A proxy answers with a page of HTML.
    Html,
    /// The server does not accept the request.
    Rejected,
    /// The user cancels.
    Cancelled,
}

/// What is called with the number and the name of a call.
pub type AtCall<'a> = Box<dyn Fn(usize, &str) + Sync + Send + 'a>;

/// The end of a process.
pub struct Killed;

pub struct Faulty<'a> {
    inner: &'a dyn Destination,
    /// The number of the call, and what happens there.
    fault: Option<(usize, Fault)>,
    /// Called at each call, before it.
    pub at_call: AtCall<'a>,
    calls: Mutex<Vec<String>>,
}

impl<'a> Faulty<'a> {
    pub fn new(inner: &'a dyn Destination, fault: Option<(usize, Fault)>) -> Self {
        Self {
            inner,
            fault,
            at_call: Box::new(|_, _| {}),
            calls: Mutex::default(),
        }
    }

    /// What was called, in words.
    pub fn calls(&self) -> Vec<String> {
        self.calls.lock().unwrap().clone()
    }

    fn call<T>(
        &self,
        name: String,
        call: impl FnOnce() -> Result<T, DeliveryError>,
    ) -> Result<T, DeliveryError> {
        let number = {
            let mut calls = self.calls.lock().unwrap();
            calls.push(name.clone());
            calls.len() - 1
        };
        (self.at_call)(number, &name);
        let Some((_, fault)) = self.fault.filter(|(at, _)| *at == number) else {
            return call();
        };
        let cause = "injected".to_owned();
        let seconds = |seconds| Some(Duration::from_secs(seconds));
        Err(match fault {
            Fault::LostBefore | Fault::Unavailable => DeliveryError::Unavailable { cause },
            Fault::LostAfter => {
                let _ = call();
                DeliveryError::Unavailable { cause }
            }
            // Without the message of a panic.
            Fault::KilledBefore => std::panic::resume_unwind(Box::new(Killed)),
            Fault::KilledAfter => {
                let _ = call();
                std::panic::resume_unwind(Box::new(Killed))
            }
            Fault::RateLimited => DeliveryError::RateLimited {
                retry_after: seconds(7),
                cause,
            },
            Fault::RateLimitedForLong => DeliveryError::RateLimited {
                retry_after: seconds(3_600),
                cause,
            },
            Fault::Unauthorized => DeliveryError::Unauthorized { cause },
            Fault::Html => DeliveryError::NotTheApi {
                found: "a page of HTML".to_owned(),
            },
            Fault::Rejected => DeliveryError::Rejected { cause },
            Fault::Cancelled => return call(),
        })
    }
}

impl Destination for Faulty<'_> {
    fn identity(&self) -> DestinationIdentity {
        self.inner.identity()
    }

    fn normalize(&self, object: DesiredObject) -> Result<DesiredObject, DeliveryError> {
        self.inner.normalize(object)
    }

    fn read(&self, owner: &Owner, wanted: &[ObjectKey]) -> Result<Vec<LiveObject>, DeliveryError> {
        self.call("read all".to_owned(), || self.inner.read(owner, wanted))
    }

    fn read_one(&self, key: &ObjectKey) -> Result<Option<LiveObject>, DeliveryError> {
        self.call(format!("read {}", key.name), || self.inner.read_one(key))
    }

    fn limits(&self, desired: &[DesiredObject]) -> Result<Vec<Excess>, DeliveryError> {
        self.call("limits".to_owned(), || self.inner.limits(desired))
    }

    fn write(
        &self,
        object: &DesiredObject,
        owner: &Owner,
        before: Option<&LiveObject>,
    ) -> Result<(), DeliveryError> {
        self.call(format!("write {}", object.key.name), || {
            self.inner.write(object, owner, before)
        })
    }

    fn delete(&self, object: &LiveObject) -> Result<(), DeliveryError> {
        self.call(format!("delete {}", object.key.name), || {
            self.inner.delete(object)
        })
    }

    fn finish(&self) -> Result<(), DeliveryError> {
        self.call("finish".to_owned(), || self.inner.finish())
    }

    fn health(&self, keys: &[ObjectKey]) -> Result<Vec<ObjectHealth>, DeliveryError> {
        self.call("health".to_owned(), || self.inner.health(keys))
    }

    fn lease_store(&self) -> Option<&dyn LeaseStore> {
        self.inner.lease_store().is_some().then_some(self)
    }
}

impl LeaseStore for Faulty<'_> {
    fn read_lease(&self, owner: &Owner) -> Result<Option<Lease>, DeliveryError> {
        let store = self.inner.lease_store().unwrap();
        self.call("read lease".to_owned(), || store.read_lease(owner))
    }

    fn replace_lease(
        &self,
        owner: &Owner,
        before: Option<&Lease>,
        after: Option<&Lease>,
    ) -> Result<(), DeliveryError> {
        let store = self.inner.lease_store().unwrap();
        let name = if after.is_some() { "take" } else { "return" };
        self.call(format!("{name} lease"), || {
            store.replace_lease(owner, before, after)
        })
    }

    fn is_atomic(&self) -> bool {
        self.inner.lease_store().unwrap().is_atomic()
    }
}
