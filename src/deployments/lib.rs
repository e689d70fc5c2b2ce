#![forbid(unsafe_code)]
//! Owns the readers of deployments: documents and answers of the systems that make them in, deployments of services out.
//!
//! Nothing here does I/O or reads a clock: the caller passes bytes, and what the ledger has already. A reader is strict about
//! the fields that it reads, and ignores all others, so that it accepts documents of later versions. The same artifact again,
//! scaling and replaced pods are no deployments; a return to an earlier artifact rolls back those that it reverts.

pub mod argo_cd;
pub mod argo_rollouts;
pub mod cdevents;
pub mod deployed;
mod document;
mod environments;
mod error;
pub mod flux;
pub mod github;
pub mod gitlab;
mod images;
mod key;
pub mod kube;
pub mod pipeline;
mod reading;
mod reconcile;
mod scope;
mod sequence;
mod series;
#[cfg(test)]
mod tests;

pub use error::ReadError;
pub use key::page_url;
pub use reading::{Reading, Skipped};
pub use reconcile::{TOLERANCE, reconcile};
pub use scope::{MappingError, Scope, Services};
pub use series::Series;
