//! What readers of the files take at most.
//!
//! | limit | of | what is done |
//! |---|---|---|
//! | 262,144 bytes of annotations | an object that `kubectl apply` keeps in one (`metadata.annotations: Too long`) | rules are split, dashboards are written without spaces, else an error |
//! | 1,048,576 bytes | a `ConfigMap`, and with room to spare etcd's 1.5 MiB a request | the same |
//! | 189 characters | a title in Grafana's database | an error |
//! | 50 characters | a tag there | shortened with a hash |

use std::fmt;

use serde::Serialize;

use super::fnv1a;
use nth_model::Settings;
use nth_model::settings::texts;

/// The most bytes that all annotations of a Kubernetes object have together.
const ANNOTATIONS: usize = 256 * 1024;

/// The annotation in which `kubectl apply` keeps what it applied.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// What that has besides the object as it is written: an empty list of annotations, and the namespace where none is written.
const MORE: usize = 128;

/// What an object's own annotations have at most, of those that are written here: a hook's, a folder's.
const LONGEST_ANNOTATIONS: usize = 1024;

/// The most bytes of an object.
const OBJECT: usize = 1024 * 1024;

/// The longest title of a dashboard or folder, in characters.
pub const TITLE: usize = texts::LONGEST_TITLE;

/// The longest tag of a dashboard, in characters.
pub const TAG: usize = texts::LONGEST_TAG;

/// A document that its reader would refuse for its size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Excess {
    /// Which limit is crossed by what.
    pub message: String,
    /// What to write instead.
    pub help: String,
    /// The service that it is of; `None` where it is the project's.
    pub service: Option<String>,
}

impl fmt::Display for Excess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.message, self.help)
    }
}

impl std::error::Error for Excess {}

/// How many bytes an object is as JSON, as Go writes it: with signs of HTML by their numbers.
///
/// # Errors
///
/// What the serialiser refused.
pub fn size(object: &impl Serialize) -> Result<usize, serde_json::Error> {
    let json = serde_json::to_string(object)?;
    let signs = json.bytes().filter(|byte| b"<>&".contains(byte)).count();
    let separators = json.matches(['\u{2028}', '\u{2029}']).count();
    Ok(json.len() + 5 * signs + 3 * separators)
}

/// The limit of an object that has `annotations` bytes of them.
fn limit(settings: &Settings, annotations: usize) -> usize {
    if settings.server_side_apply {
        OBJECT
    } else {
        ANNOTATIONS.saturating_sub(annotations + LAST_APPLIED.len() + MORE)
    }
}

/// Whether an object is within what is taken of one that has few annotations.
///
/// # Errors
///
/// What the serialiser refused.
pub fn fits(object: &impl Serialize, settings: &Settings) -> Result<bool, serde_json::Error> {
    Ok(size(object)? <= limit(settings, LONGEST_ANNOTATIONS))
}

/// Checks an object of a service, or of the project, as it is written.
///
/// # Errors
///
/// Where it is larger than Kubernetes takes.
pub fn check(
    object: &impl Serialize,
    service: Option<&str>,
    settings: &Settings,
) -> Result<(), Excess> {
    // What can't be written is told by what writes it.
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

/// A dashboard's title.
///
/// # Errors
///
/// Where it is longer than Grafana takes.
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

/// A tag as Grafana takes it: what is too long is cut, with a hash of all of it at its end.
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
