//! Renders a document as a comment in Markdown.

use crate::document::Document;

/// What a comment may contain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The largest length, in bytes of UTF-8 and in units of UTF-16.
    pub most: usize,
    /// The number of changes of a section.
    pub rows: usize,
    /// The number of rows of a table of numbers.
    pub numbers: usize,
    /// True if sections can be folded with `<details>`.
    pub details: bool,
    /// True if incidents are shown as tests of the language.
    pub tests: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            most: 60_000,
            rows: 40,
            numbers: 40,
            details: true,
            tests: true,
        }
    }
}

/// A comment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comment {
    /// The Markdown.
    pub body: String,
    /// The names of the sections that were dropped.
    pub dropped: Vec<String>,
}

/// Renders a document as a comment.
pub fn comment(document: &Document, limits: Limits) -> Comment {
    let mut body = format!("**nthc diff**: {} changes\n", document.changes.len());
    for change in document.shown() {
        let line = format!("- {}: {}\n", change.class.name(), change.id);
        if body.len() + line.len() > limits.most {
            break;
        }
        body.push_str(&line);
    }
    Comment {
        body,
        dropped: Vec::new(),
    }
}

/// Renders that nothing changes any longer, as one line.
pub fn clean(_document: &Document) -> String {
    "**nthc diff**: no changes\n".to_owned()
}
