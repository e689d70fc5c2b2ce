//! Renders a document as a comment in Markdown.

use crate::document::Document;

/// The limits of a comment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The maximum number of UTF-16 code units, and of bytes.
    pub length: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { length: 60_000 }
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
        if body.len() + line.len() > limits.length {
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
