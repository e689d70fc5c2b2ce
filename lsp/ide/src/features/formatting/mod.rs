//! Formatting of a document, of a range, or of the line being typed, as in `nthc fmt`.

pub mod diff;
pub mod layout;
pub mod on_type;

pub use diff::Change;
