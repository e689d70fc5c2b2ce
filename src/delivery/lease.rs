//! The lease: at most one apply of a project and environment changes a destination at a time.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::clock::after;
use crate::error::DeliveryError;
use crate::object::Owner;
use crate::retry::Retries;

/// Who may change the objects of an owner, and until when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lease {
    /// Whose objects.
    pub owner: Owner,
    /// Who holds it, for people: a user and a machine, or a job of a pipeline.
    pub holder: String,
    /// A text that no other run has.
    pub token: String,
    /// After this time anyone may take it.
    pub expires: Timestamp,
}

/// Where a destination keeps the lease of each owner.
pub trait LeaseStore: Send + Sync {
    /// Reads the lease of an owner, expired or not; `None` if there is none.
    ///
    /// # Errors
    ///
    /// If it cannot be read.
    fn read_lease(&self, owner: &Owner) -> Result<Option<Lease>, DeliveryError>;

    /// Replaces the lease of an owner. `before` is what [`read_lease`](Self::read_lease) returned; `after` is the new one, and
    /// `None` removes it.
    ///
    /// # Errors
    ///
    /// [`DeliveryError::Conflict`] if the store compares, and finds another one than `before`.
    fn replace_lease(
        &self,
        owner: &Owner,
        before: Option<&Lease>,
        after: Option<&Lease>,
    ) -> Result<(), DeliveryError>;

    /// Returns true if the store compares and replaces in one step. If not, whoever takes the lease reads it again after a
    /// moment.
    fn is_atomic(&self) -> bool;
}

/// How a lease is taken and kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LeaseTerms {
    /// Who takes it, for people.
    pub holder: String,
    /// A text that no other run has.
    pub token: String,
    /// For how long it is taken, and extended after a third of it.
    pub duration: Duration,
    /// How long to wait, if the store is not atomic, before reading whether another run took it at the same moment: longer than a
    /// request takes.
    pub settle: Duration,
    /// How long to trust that it is still held, without reading it.
    pub trust: Duration,
}

/// A lease that this run holds.
pub(crate) struct HeldLease<'a> {
    store: &'a dyn LeaseStore,
    terms: &'a LeaseTerms,
    lease: Lease,
    /// When it was taken or extended.
    extended: Timestamp,
    /// When it was last known to be held.
    known: Timestamp,
}

impl<'a> HeldLease<'a> {
    /// Takes the lease of an owner, if none holds it or it has expired. A run with the same token takes it again.
    pub(crate) fn acquire(
        store: &'a dyn LeaseStore,
        owner: &Owner,
        terms: &'a LeaseTerms,
        retries: &Retries<'_>,
    ) -> Result<Self, DeliveryError> {
        let start = retries.clock.now();
        let before = retries.repeat(|| store.read_lease(owner))?;
        let now = retries.clock.now();
        if let Some(other) = &before
            && other.token != terms.token
            && other.expires > now
        {
            return Err(held(other));
        }
        let lease = Lease {
            owner: owner.clone(),
            holder: terms.holder.clone(),
            token: terms.token.clone(),
            expires: after(now, terms.duration),
        };
        let taken = retries.repeat(|| store.replace_lease(owner, before.as_ref(), Some(&lease)));
        match taken {
            Ok(()) if store.is_atomic() => {}
            // Whoever read before this run wrote has written, too, after the time to settle; and whoever needed longer than that may
            // have replaced the lease of a run that trusts in it, and waits until that run has noticed.
            Ok(()) if after(start, terms.settle) >= retries.clock.now() => {
                retries.wait(terms.settle);
            }
            Ok(()) => retries.wait(terms.settle.saturating_add(terms.trust)),
            // Another run was faster, or an answer was lost and the repeated request found what it wrote itself.
            Err(DeliveryError::Conflict { .. }) => {}
            Err(error) => return Err(error),
        }
        if !store.is_atomic() || taken.is_err() {
            let found = retries.repeat(|| store.read_lease(owner))?;
            match found {
                Some(found) if found.token == terms.token => {}
                Some(other) => return Err(held(&other)),
                None => return Err(DeliveryError::LeaseLost),
            }
        }
        Ok(Self {
            store,
            terms,
            lease,
            extended: now,
            known: retries.clock.now(),
        })
    }

    /// Makes sure that the lease is still held, and extends it in time.
    pub(crate) fn keep(&mut self, retries: &Retries<'_>) -> Result<(), DeliveryError> {
        let now = retries.clock.now();
        let is_due = after(self.extended, self.terms.duration / 3) <= now;
        if !is_due && after(self.known, self.terms.trust) > now {
            return Ok(());
        }
        let owner = &self.lease.owner;
        let found = retries.repeat(|| self.store.read_lease(owner))?;
        let now = retries.clock.now();
        let is_held = found
            .as_ref()
            .is_some_and(|found| found.token == self.lease.token && found.expires > now);
        if !is_held {
            return Err(DeliveryError::LeaseLost);
        }
        if is_due {
            let lease = Lease {
                expires: after(now, self.terms.duration),
                ..self.lease.clone()
            };
            let extended = retries.repeat(|| {
                self.store
                    .replace_lease(owner, found.as_ref(), Some(&lease))
            });
            match extended {
                // After a lost answer, the repeated request finds what it wrote itself.
                Err(DeliveryError::Conflict { .. }) => {
                    let found = retries.repeat(|| self.store.read_lease(owner))?;
                    if found.as_ref() != Some(&lease) {
                        return Err(DeliveryError::LeaseLost);
                    }
                }
                other => other?,
            }
            self.lease = lease;
            self.extended = now;
        }
        self.known = now;
        Ok(())
    }

    /// Gives the lease back, if it is still held.
    pub(crate) fn release(self, retries: &Retries<'_>) -> Result<(), DeliveryError> {
        let owner = &self.lease.owner;
        let found = retries.repeat(|| self.store.read_lease(owner))?;
        let Some(found) = found.filter(|found| found.token == self.lease.token) else {
            return Ok(());
        };
        match retries.repeat(|| self.store.replace_lease(owner, Some(&found), None)) {
            // It has expired and is another run's, or an answer was lost and it is gone.
            Err(DeliveryError::Conflict { .. }) => Ok(()),
            other => other,
        }
    }
}

/// The error if another run holds the lease.
fn held(other: &Lease) -> DeliveryError {
    DeliveryError::LeaseHeld {
        holder: other.holder.clone(),
        expires: other.expires,
    }
}
