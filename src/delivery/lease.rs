//! The lease: at most one apply of a project and environment changes a destination at a time.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::error::DeliveryError;
use crate::object::Owner;

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
