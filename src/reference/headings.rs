//! The headings of the reference, and links to them.

use super::markdown::{code, link};

/// Returns the heading of a kind.
pub fn heading(kind: &str) -> String {
    format!("Kind {}", code(kind))
}

/// Returns a link to the section of a kind.
pub fn link_to(kind: &str) -> String {
    link(&code(kind), &heading(kind))
}

/// Returns the heading of an enum.
pub fn enum_heading(name: &str) -> String {
    format!("Enum {}", code(name))
}
