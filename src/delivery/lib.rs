#![forbid(unsafe_code)]
//! Owns the way from files to what really runs: what is live, what would change, and applying exactly that.
//!
//! Nothing here knows `.nth`, the model or the command line. The caller passes [`DesiredObject`]s, and a [`Destination`] reads
//! and writes one server or folder. [`survey()`] says what would change, a [`Plan`] is what was reviewed of it, and [`apply()`] does
//! exactly that. Whatever bears no mark of ours is never changed, and what cannot be read is an error, never "nothing there".

mod apply;
mod clock;
mod destination;
pub mod destinations;
mod document;
mod error;
mod files;
pub mod http;
pub mod journal;
mod lease;
mod object;
mod outcome;
mod plan;
mod retry;
mod sanitizer;
mod survey;

pub use apply::{ApplyOptions, Progress, Target, apply};
pub use clock::{Clock, SystemClock};
pub use destination::{
    Destination, DestinationIdentity, DestinationKind, Excess, Health, ObjectHealth,
};
pub use document::{PLAN_VERSION, Plan, PlanError};
pub use error::DeliveryError;
pub use files::yaml_documents;
pub use lease::{Lease, LeaseStore};
pub use object::{
    ChangedBy, ContentHash, DesiredObject, InvalidHash, LiveObject, ObjectKey, ObjectKind, Owner,
    Phase,
};
pub use outcome::{Applied, ApplyError, ApplyFailure};
pub use plan::{
    Action, Comparison, DestinationPlan, Drift, Foreign, Operation, SourceState, compare,
};
pub use retry::RetryPolicy;
pub use sanitizer::Sanitizer;
pub use survey::{Survey, SurveyOptions, survey};
