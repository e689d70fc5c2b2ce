//! YAML as JSON, and back.

use serde_json::Value;

use crate::object::ContentHash;

/// Why a text is not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotYaml(pub String);

/// Reads one YAML document.
///
/// # Errors
///
/// If it is not YAML, or has values that JSON lacks.
pub fn read(text: &str) -> Result<Value, NotYaml> {
    yaml_serde::from_str(text).map_err(|cause| NotYaml(cause.to_string()))
}

/// Writes a document. Texts stay on their lines.
///
/// # Errors
///
/// If what is written would be read as something else.
pub fn write(document: &Value) -> Result<String, NotYaml> {
    let mut options = serde_saphyr::SerializerOptions::default();
    options.folded_wrap_chars = usize::MAX;
    let text = serde_saphyr::to_string_with_options(document, options)
        .map_err(|cause| NotYaml(cause.to_string()))?;
    let again = read(&text)?;
    if ContentHash::compute(&again) == ContentHash::compute(document) {
        Ok(text)
    } else {
        Err(NotYaml("a value cannot be written as YAML".to_owned()))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let document = json!({
            "groups": [{
                "name": "yes", "interval": "1m", "limit": 10,
                "rules": [{ "alert": "a", "expr": "up == 0\nor\n  vector(1)", "for": "0s", "labels": { "on": "1", "null": "~", "x": "0x1f", "empty": "" } }],
            }],
            "texts": ["", " a ", "a: b", "# c", "{{ $labels.a }}", "tab\t", "é\u{1f600}", "a\n\nb\n", "- x", "!tag", "1e3", "0o7", "2026-01-01", "a\u{7}b", "x".repeat(3000)],
        });
        let text = write(&document).unwrap();
        assert_eq!(read(&text).unwrap(), document);
        // YAML 1.1, as tools of Kubernetes read it, has more words that are no texts.
        assert!(text.contains("\"on\"") || text.contains("'on'"), "{text}");
        assert!(read("a: [").is_err());
    }
}
