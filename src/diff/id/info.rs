//! What is known about an id.

use crate::class::Class;

/// What is known about an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IdInfo {
    /// The id: `objective-lowered`.
    pub name: &'static str,
    /// The class. Where an incident decides between loosened and tightened, it is [`Class::Unknown`] until one is found.
    pub class: Class,
    /// What changes, as one sentence.
    pub summary: &'static str,
    /// What follows, or what to check, in Markdown.
    pub advice: &'static str,
}
