//! Generated files as documents.

use serde::Deserialize as _;
use serde_json::Value;

use crate::error::DeliveryError;

/// Reads the YAML documents of a file; empty ones are left out.
///
/// # Errors
///
/// [`DeliveryError::Malformed`] if it is not YAML, or has values that JSON lacks.
pub fn yaml_documents(text: &str) -> Result<Vec<Value>, DeliveryError> {
    let mut found = Vec::new();
    for document in yaml_serde::Deserializer::from_str(text) {
        let value = Value::deserialize(document).map_err(|error| DeliveryError::Malformed {
            why: match error.location() {
                Some(place) => format!("invalid YAML in line {}", place.line()),
                None => "invalid YAML".to_owned(),
            },
        })?;
        if !value.is_null() {
            found.push(value);
        }
    }
    Ok(found)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_document_is_read() {
        let text = "# a comment\n---\na: 1\n---\n---\nb: [no, 12:30]\n";
        assert_eq!(
            yaml_documents(text).unwrap(),
            [json!({"a": 1}), json!({"b": ["no", "12:30"]})]
        );
        assert!(yaml_documents("a: [").is_err());
        assert!(yaml_documents("").unwrap().is_empty());
    }
}
