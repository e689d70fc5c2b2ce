//! Laying a document out, as `nthc fmt` does: all of it, a range, or the line that is typed.

pub mod diff;
pub mod layout;
pub mod on_type;

pub use diff::Change;
