//! Values in a JSON document, with their places for errors.

use jiff::Timestamp;
use nth_metrics::check_json;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::ReadError;

/// The longest text that is read, in bytes. Longer ones are not what a format describes.
const LONGEST_TEXT: usize = 4_096;

/// Parses the values of a document: one, or several after one another, as JSON Lines and the pages of some tools are.
pub(crate) fn values(bytes: &[u8]) -> Result<Vec<Value>, ReadError> {
    let text = bytes.trim_ascii();
    if text.is_empty() {
        return Err(ReadError::Empty);
    }
    if text.starts_with(b"<") {
        return Err(ReadError::Html);
    }
    let not_json = |error: serde_json::Error| ReadError::NotJson {
        why: error.to_string(),
    };
    let raw = serde_json::Deserializer::from_slice(text).into_iter::<Box<RawValue>>();
    raw.map(|raw| {
        let raw = raw.map_err(not_json)?;
        check_json(raw.get().as_bytes())?;
        serde_json::from_str(raw.get()).map_err(not_json)
    })
    .collect()
}

/// A value with its place.
#[derive(Debug, Clone)]
pub(crate) struct Node<'v> {
    value: &'v Value,
    place: String,
}

impl<'v> Node<'v> {
    /// The values of a document. A single one has no place of its own.
    pub(crate) fn roots(values: &'v [Value]) -> Vec<Self> {
        let node = |(index, value)| Self {
            value,
            place: match values.len() {
                1 => String::new(),
                _ => format!("[{index}]"),
            },
        };
        values.iter().enumerate().map(node).collect()
    }

    /// A field; `None` if it is missing or `null`.
    pub(crate) fn get(&self, name: &str) -> Option<Self> {
        let value = self.value.as_object()?.get(name)?;
        (!value.is_null()).then(|| Self {
            value,
            place: self.place_of(name),
        })
    }

    /// A field below others; `None` if one of them is missing.
    pub(crate) fn find(&self, path: &[&str]) -> Option<Self> {
        path.iter()
            .try_fold(self.clone(), |node, name| node.get(name))
    }

    /// A field that must exist.
    pub(crate) fn require(&self, name: &str) -> Result<Self, ReadError> {
        self.object()?;
        self.get(name).ok_or_else(|| ReadError::Missing {
            place: self.place_of(name),
        })
    }

    /// Requires that the value is an object.
    pub(crate) fn object(&self) -> Result<(), ReadError> {
        match self.value {
            Value::Object(_) => Ok(()),
            _ => Err(self.unexpected("an object")),
        }
    }

    /// Whether the value is a list.
    pub(crate) fn is_list(&self) -> bool {
        self.value.is_array()
    }

    /// The elements of a list.
    pub(crate) fn items(&self) -> Result<Vec<Self>, ReadError> {
        let Value::Array(items) = self.value else {
            return Err(self.unexpected("a list"));
        };
        let node = |(index, value)| Self {
            value,
            place: format!("{}[{index}]", self.place),
        };
        Ok(items.iter().enumerate().map(node).collect())
    }

    /// The elements of a list in a field; none if it is missing.
    pub(crate) fn list(&self, name: &str) -> Result<Vec<Self>, ReadError> {
        self.get(name).map_or(Ok(Vec::new()), |list| list.items())
    }

    /// A text that is not empty.
    pub(crate) fn text(&self) -> Result<&'v str, ReadError> {
        match self.value.as_str() {
            Some("") => Err(self.unexpected("a text that is not empty")),
            Some(text) if text.len() > LONGEST_TEXT => Err(self.unexpected("a shorter text")),
            Some(text) => Ok(text),
            None => Err(self.unexpected("a text")),
        }
    }

    /// A text in a field; `None` if it is missing or empty.
    pub(crate) fn optional_text(&self, name: &str) -> Result<Option<&'v str>, ReadError> {
        match self.get(name) {
            Some(node) if node.value.as_str() == Some("") => Ok(None),
            Some(node) => node.text().map(Some),
            None => Ok(None),
        }
    }

    /// An integer.
    pub(crate) fn integer(&self) -> Result<i64, ReadError> {
        self.value
            .as_i64()
            .ok_or_else(|| self.unexpected("an integer"))
    }

    /// A boolean in a field; false if it is missing.
    pub(crate) fn flag(&self, name: &str) -> Result<bool, ReadError> {
        match self.get(name) {
            Some(node) => node
                .value
                .as_bool()
                .ok_or_else(|| node.unexpected("true or false")),
            None => Ok(false),
        }
    }

    /// A time in RFC 3339, in seconds since 1970.
    pub(crate) fn time(&self) -> Result<i64, ReadError> {
        let text = self.text()?;
        let time: Timestamp = text
            .parse()
            .map_err(|_| self.unexpected("a time, e.g. `2026-12-24T12:00:00Z`"))?;
        Ok(time.as_second())
    }

    /// A time in a field; `None` if it is missing. Go's zero time, in the year 1, is missing too.
    pub(crate) fn optional_time(&self, name: &str) -> Result<Option<i64>, ReadError> {
        let time = self.get(name).map(|node| node.time()).transpose()?;
        Ok(time.filter(|seconds| *seconds > 0))
    }

    /// The JSON of the value, for comparisons. Fields are in their order in the document.
    pub(crate) fn json(&self) -> String {
        self.value.to_string()
    }

    /// The error of a value that is not as expected.
    pub(crate) fn unexpected(&self, expected: &'static str) -> ReadError {
        let found = match self.value {
            Value::Null => "nothing".to_owned(),
            Value::Bool(value) => value.to_string(),
            Value::Number(number) => number.to_string(),
            Value::String(text) if text.len() > LONGEST_TEXT => {
                format!("a text of {} bytes", text.len())
            }
            Value::String(text) => {
                let start: String = text.chars().take(60).collect();
                format!("{start:?}")
            }
            Value::Array(_) => "a list".to_owned(),
            Value::Object(_) => "an object".to_owned(),
        };
        let place = match self.place.as_str() {
            "" => "document".to_owned(),
            place => place.to_owned(),
        };
        ReadError::Unexpected {
            place,
            expected,
            found,
        }
    }

    fn place_of(&self, name: &str) -> String {
        match self.place.as_str() {
            "" => name.to_owned(),
            place => format!("{place}.{name}"),
        }
    }
}

/// All objects in values that are objects, lists of them, or Kubernetes lists with `items`.
pub(crate) fn objects<'v>(values: &'v [Value]) -> Result<Vec<Node<'v>>, ReadError> {
    let mut found = Vec::new();
    for root in Node::roots(values) {
        add_objects(&root, &mut found, 0)?;
    }
    Ok(found)
}

/// How deep lists may be in lists: the pages of a list.
const DEEPEST: usize = 3;

fn add_objects<'v>(
    node: &Node<'v>,
    found: &mut Vec<Node<'v>>,
    depth: usize,
) -> Result<(), ReadError> {
    let items = if node.is_list() && depth < DEEPEST {
        Some(node.items()?)
    } else if is_kubernetes_list(node) {
        Some(node.list("items")?)
    } else {
        None
    };
    match items {
        Some(items) => {
            for item in &items {
                add_objects(item, found, depth + 1)?;
            }
        }
        None => {
            node.object()?;
            found.push(node.clone());
        }
    }
    Ok(())
}

/// Whether an object is a list: its kind ends with `List`, or it has `items` and no kind, as in Argo CD's API. Without any
/// object, that API has `"items": null`.
fn is_kubernetes_list(node: &Node<'_>) -> bool {
    let Some(fields) = node.value.as_object() else {
        return false;
    };
    match fields.get("kind").and_then(Value::as_str) {
        Some(kind) => kind.ends_with("List"),
        None => matches!(fields.get("items"), Some(Value::Array(_) | Value::Null)),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn error_of(text: &str) -> String {
        let read = || -> Result<i64, ReadError> {
            let values = values(text.as_bytes())?;
            let found = objects(&values)?;
            let first = found.first().ok_or(ReadError::Empty)?;
            first.require("a")?.require("at")?.time()
        };
        read().unwrap_err().to_string()
    }

    #[test]
    fn errors_name_the_place() {
        for (text, said) in [
            ("", "the document is empty"),
            ("<html>", "got an HTML page instead of JSON"),
            (
                "{",
                "invalid JSON: EOF while parsing an object at line 1 column 1",
            ),
            (
                r#"{"a":1,"a":2}"#,
                "invalid JSON: duplicate field `a` at line 1 column 13",
            ),
            ("7", "`document`: expected an object, found 7"),
            ("{}", "missing `a`"),
            (r#"{"items":[{"a":{}}]}"#, "missing `items[0].a.at`"),
            (
                r#"[{"a":{"at":"soon"}}]"#,
                "`[0].a.at`: expected a time, e.g. `2026-12-24T12:00:00Z`, found \"soon\"",
            ),
            (r#"{"a":{"at":null}}"#, "missing `a.at`"),
            (
                r#"{"a":{"at":""}}"#,
                "`a.at`: expected a text that is not empty, found \"\"",
            ),
            (
                "{\"a\":1}\n{\"a\":[]}",
                "`[0].a`: expected an object, found 1",
            ),
        ] {
            assert_eq!(error_of(text), said, "{text}");
        }
    }

    #[test]
    fn lists_are_objects() {
        let count = |text: &str| objects(&values(text.as_bytes()).unwrap()).unwrap().len();
        assert_eq!(count("{}"), 1);
        assert_eq!(count("{} {}\n{}"), 3);
        assert_eq!(count("[{},{}] [{}]"), 3);
        assert_eq!(count(r#"{"kind":"ApplicationList","items":[{},{}]}"#), 2);
        assert_eq!(count(r#"{"metadata":{},"items":null}"#), 0);
        assert_eq!(count(r#"[[{}],[{"kind":"List","items":[{}]}]]"#), 2);
    }
}
