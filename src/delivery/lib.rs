#![forbid(unsafe_code)]
//! Owns the way from files to what really runs: what is live, what would change, and applying exactly that.
//!
//! Nothing here knows `.nth`, the model or the command line. The caller passes [`DesiredObject`]s, and a [`Destination`] reads
//! and writes one server or folder. Whatever bears no mark of ours is never changed, and what cannot be read is an error,
//! never "nothing there".

mod destination;
pub mod destinations;
mod error;
pub mod http;
mod lease;
mod object;
mod sanitizer;

pub use destination::{
    Destination, DestinationIdentity, DestinationKind, Excess, Health, ObjectHealth,
};
pub use error::DeliveryError;
pub use lease::{Lease, LeaseStore};
pub use object::{
    ChangedBy, ContentHash, DesiredObject, InvalidHash, LiveObject, ObjectKey, ObjectKind, Owner,
    Phase,
};
pub use sanitizer::Sanitizer;
