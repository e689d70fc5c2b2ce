#![forbid(unsafe_code)]
//! Evaluates PromQL, and groups of rules, over series in memory, with the semantics of Prometheus 3.
//!
//! An expression is evaluated over all [`Steps`] of a range at once: each node of its tree becomes series with one
//! [`Point`] per step. An instant query is a range with one step.

mod annotations;
mod error;
pub mod eval;
mod functions;
pub mod histogram;
mod labels;
mod names;
pub mod rules;
mod stale;
mod store;
mod stored_hint;
pub mod testing;
mod value;

pub use annotations::Annotations;
pub use error::Error;
pub use labels::{Labels, METRIC_NAME};
pub use names::NameRemoval;
pub use stale::{STALE_NAN, is_stale};
pub use store::{LabelMatcher, MemoryStore, Samples, Store};
pub use value::{
    Evaluated, FloatSample, HistogramSample, Point, Prepared, Series, Steps, Timestamp, Window,
};

/// Runs the README's example as a test.
#[cfg(doctest)]
#[doc = include_str!("README.md")]
struct Readme;
