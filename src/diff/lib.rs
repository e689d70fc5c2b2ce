#![forbid(unsafe_code)]
//! What a change of a project means: compares the models of two versions, and writes the changes for people and programs.
//!
//! [`compare()`] compares two models, never files. [`Document`] is everything that is known about a change, and what is
//! rendered: on a terminal, as a comment, as a page, as JSON, as SARIF or as annotations. A document that is read from JSON
//! renders as the one that was written.

mod change;
mod class;
mod compare;
mod document;
mod fingerprint;
mod id;
pub mod render;

pub use change::{
    Cause, CauseKind, Change, Fired, GateRule, History, Number, Place, Side, Subject, Witness,
};
pub use class::{Class, Level};
pub use compare::{Version, compare, compare_environments};
pub use document::{
    Accepted, Document, Figure, Figures, Problem, Reach, Revision, SCHEMA_VERSION, ServiceFigures,
    Verdict,
};
pub use id::{ChangeId, IdInfo};
