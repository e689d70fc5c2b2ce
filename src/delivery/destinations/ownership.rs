//! What no destination does, whatever it is asked for.

use crate::error::DeliveryError;
use crate::object::{LiveObject, ObjectKey, Owner};

/// Refuses to write over what bears the mark of another project or environment.
pub(super) fn refuse_other(
    key: &ObjectKey,
    before: Option<&LiveObject>,
    owner: &Owner,
) -> Result<(), DeliveryError> {
    match before.and_then(|live| live.owner.as_ref()) {
        Some(other) if other != owner => Err(DeliveryError::Unsupported {
            key: key.clone(),
            why: format!("it belongs to {other}"),
        }),
        _ => Ok(()),
    }
}

/// Refuses to delete what bears no mark.
pub(super) fn refuse_unmarked(object: &LiveObject) -> Result<(), DeliveryError> {
    match &object.owner {
        Some(_) => Ok(()),
        None => Err(DeliveryError::Unsupported {
            key: object.key.clone(),
            why: "it bears no mark of nthc".to_owned(),
        }),
    }
}
