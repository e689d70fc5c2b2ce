//! The headings of the reference, and links to them.

use super::markdown::{code, link};

/// The heading of a kind's section.
pub fn heading(kind: &str) -> String {
    format!("Kind {}", code(kind))
}

/// A link to a kind's section.
pub fn link_to(kind: &str) -> String {
    link(&code(kind), &heading(kind))
}

/// The heading of an enum's section.
pub fn enum_heading(name: &str) -> String {
    format!("Enum {}", code(name))
}
