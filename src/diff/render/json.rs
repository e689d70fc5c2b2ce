//! The document as JSON, and its schema.

mod schema;

pub use schema::schema;

use crate::document::Document;

/// Returns the document as JSON, indented, with a line end.
///
/// # Errors
///
/// Only those of the library: a document has no value that JSON cannot express.
pub fn json(document: &Document) -> Result<String, serde_json::Error> {
    let mut text = serde_json::to_string_pretty(document)?;
    text.push('\n');
    Ok(text)
}
