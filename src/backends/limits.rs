//! Limits of the programs that read the files.
//!
//! | limit | of | if exceeded |
//! |---|---|---|
//! | 262,144 bytes of annotations | an object that `kubectl apply` stores in an annotation (`metadata.annotations: Too long`) | rules are split, dashboards are written without spaces, otherwise an error |
//! | 1,048,576 bytes | a `ConfigMap`, below etcd's 1.5 MiB for a request | the same |
//! | 189 characters | a title in Grafana's database | an error |
//! | 50 characters | a tag in Grafana's database | shortened with a hash |

use std::fmt;

use serde::Serialize;

use super::fnv1a;
use nth_model::Settings;
use nth_model::settings::texts;

/// The largest total size of all annotations of a Kubernetes object, in bytes.
const ANNOTATIONS: usize = 256 * 1024;

/// The annotation in which `kubectl apply` stores the applied object.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// The additional size of that annotation: an empty list of annotations, and the namespace if the object has none.
const MORE: usize = 128;

/// The largest size of the other annotations of generated objects: a hook's, a folder's.
const LONGEST_ANNOTATIONS: usize = 1024;

/// The largest size of an object, in bytes.
const OBJECT: usize = 1024 * 1024;

/// The longest title of a dashboard or folder, in characters.
pub const TITLE: usize = texts::LONGEST_TITLE;

/// The longest tag of a dashboard, in characters.
pub const TAG: usize = texts::LONGEST_TAG;

/// A document that exceeds the size limit of its reader.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Excess {
    /// The message, with the limit and the document.
    pub message: String,
    /// The help.
    pub help: String,
    /// The service that owns the document; `None` if the project does.
    pub service: Option<String>,
}

impl fmt::Display for Excess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.message, self.help)
    }
}

impl std::error::Error for Excess {}

/// The size of an object as JSON in bytes, as Go writes it: with HTML characters escaped.
///
/// # Errors
///
/// If the object cannot be serialized.
pub fn size(object: &impl Serialize) -> Result<usize, serde_json::Error> {
    let json = serde_json::to_string(object)?;
    let signs = json.bytes().filter(|byte| b"<>&".contains(byte)).count();
    let separators = json.matches(['\u{2028}', '\u{2029}']).count();
    Ok(json.len() + 5 * signs + 3 * separators)
}

/// The size limit of an object with `annotations` bytes of annotations.
fn limit(settings: &Settings, annotations: usize) -> usize {
    if settings.server_side_apply {
        OBJECT
    } else {
        ANNOTATIONS.saturating_sub(annotations + LAST_APPLIED.len() + MORE)
    }
}

/// Returns whether an object with few annotations is within the limit.
///
/// # Errors
///
/// If the object cannot be serialized.
pub fn fits(object: &impl Serialize, settings: &Settings) -> Result<bool, serde_json::Error> {
    Ok(size(object)? <= limit(settings, LONGEST_ANNOTATIONS))
}

/// Checks an object of a service, or of the project, in its final form.
///
/// # Errors
///
/// If it exceeds the size limit of Kubernetes.
pub fn check(
    object: &impl Serialize,
    service: Option<&str>,
    settings: &Settings,
) -> Result<(), Excess> {
    // The caller reports errors of serialization when it writes the object.
    let Ok(size) = size(object) else {
        return Ok(());
    };
    if size <= limit(settings, LONGEST_ANNOTATIONS) {
        return Ok(());
    }
    let object = serde_json::to_value(object).unwrap_or_default();
    let annotations = object.pointer("/metadata/annotations");
    let annotations = annotations.and_then(serde_json::Value::as_object);
    let annotations = annotations.into_iter().flatten();
    let annotations = annotations
        .map(|(key, value)| key.len() + value.as_str().map_or(0, str::len))
        .sum();
    if size <= limit(settings, annotations) {
        return Ok(());
    }
    let text = |pointer: &str| {
        let found = object.pointer(pointer).and_then(serde_json::Value::as_str);
        found.unwrap_or_default().to_owned()
    };
    let (kind, name) = (text("/kind"), text("/metadata/name"));
    let (why, instead) = if settings.server_side_apply {
        (
            format!("Kubernetes allows at most {} per object", bytes(OBJECT)),
            "split what it is generated from",
        )
    } else {
        (
            format!(
                "`kubectl apply` stores it in an annotation, and Kubernetes allows at most {} of \
                annotations",
                bytes(ANNOTATIONS)
            ),
            "set `server_side_apply = true` in `[kubernetes]` of `nth.toml` and apply with `kubectl \
            apply --server-side`, or split what it is generated from",
        )
    };
    Err(Excess {
        message: format!("the `{kind}` `{name}` is {} as JSON: {why}", bytes(size)),
        help: instead.to_owned(),
        service: service.map(str::to_owned),
    })
}

/// `262,144 bytes`
fn bytes(count: usize) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    format!("{text} bytes")
}

/// Checks a dashboard's title.
///
/// # Errors
///
/// If it is longer than Grafana accepts.
pub fn title(title: &str) -> Result<(), Excess> {
    let length = title.chars().count();
    if length <= TITLE {
        return Ok(());
    }
    Err(Excess {
        message: format!(
            "the dashboard title has {length} characters; Grafana allows at most {TITLE}"
        ),
        help: "shorten the service's name".to_owned(),
        service: None,
    })
}

/// A tag within Grafana's limit: a longer one is cut and ends with a hash of the complete tag.
pub fn tag(tag: &str) -> String {
    if tag.chars().count() <= TAG {
        return tag.to_owned();
    }
    let hash = format!("-{:08x}", fnv1a(tag));
    let kept: String = tag.chars().take(TAG - hash.len()).collect();
    format!("{kept}{hash}")
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde_json::json;

    use super::*;
    use nth_model::default_settings;

    fn object(bytes: usize) -> serde_json::Value {
        json!({"kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"k": "x".repeat(bytes)}})
    }

    #[test]
    fn signs_of_html_are_six_bytes() {
        assert_eq!(size(&json!({"a": "<"})).unwrap(), r#"{"a":"\u003c"}"#.len());
        assert_eq!(
            size(&json!({"a": "x\n\""})).unwrap(),
            r#"{"a":"x\n\""}"#.len()
        );
    }

    #[test]
    fn what_is_applied_fits_into_an_annotation() {
        let mut settings = default_settings("shop");
        assert_eq!(check(&object(261_000), None, &settings), Ok(()));
        let told = check(&object(262_144), None, &settings).unwrap_err();
        assert!(
            told.message.starts_with("the `ConfigMap` `a` is 262,"),
            "{told}"
        );
        assert!(told.message.contains("262,144 bytes"), "{told}");
        assert!(told.help.contains("server_side_apply = true"), "{told}");
        settings.server_side_apply = true;
        assert_eq!(check(&object(262_144), None, &settings), Ok(()));
        let told = check(&object(1_048_576), None, &settings).unwrap_err();
        assert!(told.message.contains("1,048,576 bytes"), "{told}");
    }

    #[test]
    fn long_tags_stay_apart() {
        let long = "service:".to_owned() + &"x".repeat(60);
        assert_eq!(tag(&long).chars().count(), TAG);
        assert_ne!(tag(&long), tag(&format!("{long}y")));
        assert_eq!(tag("tier:critical"), "tier:critical");
        assert!(title(&"ü".repeat(189)).is_ok());
        assert!(title(&"ü".repeat(190)).is_err());
    }
}
