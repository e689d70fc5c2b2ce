//! Objects of a destination: their keys, owners and contents.

use std::fmt::{self, Write as _};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

/// What an object is. The order is that in which objects of the same phase are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ObjectKind {
    /// A group of rules of a ruler with Cortex's API.
    RuleGroup,
    /// A file of rules of Prometheus or Thanos.
    RuleFile,
    /// A configuration of Alertmanager.
    AlertmanagerConfig,
    /// An object of Kubernetes.
    KubernetesObject,
    /// A folder of dashboards in Grafana.
    Folder,
    /// A dashboard of Grafana.
    Dashboard,
    /// A folder of Terraform or OpenTofu, with a state of its own.
    TerraformRoot,
}

impl ObjectKind {
    /// The kind in words: `rule group`.
    pub fn name(self) -> &'static str {
        match self {
            Self::RuleGroup => "rule group",
            Self::RuleFile => "rule file",
            Self::AlertmanagerConfig => "Alertmanager configuration",
            Self::KubernetesObject => "Kubernetes object",
            Self::Folder => "folder",
            Self::Dashboard => "dashboard",
            Self::TerraformRoot => "Terraform root",
        }
    }
}

/// The name of an object in its destination, unique there.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ObjectKey {
    /// What it is.
    pub kind: ObjectKind,
    /// Where it is: the namespace of a rule group, the namespace in a cluster, the folder of a dashboard. Empty where the kind
    /// has no such place.
    pub namespace: String,
    /// Its name there.
    pub name: String,
}

impl ObjectKey {
    /// Creates a key.
    pub fn new(kind: ObjectKind, namespace: impl Into<String>, name: impl Into<String>) -> Self {
        Self {
            kind,
            namespace: namespace.into(),
            name: name.into(),
        }
    }
}

/// For people: `rule group checkout/slo-availability`. Control characters, which a server's names may contain, are escaped.
impl fmt::Display for ObjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.name())?;
        f.write_str(" ")?;
        if !self.namespace.is_empty() {
            write_printable(f, &self.namespace)?;
            f.write_str("/")?;
        }
        write_printable(f, &self.name)
    }
}

/// Writes a name with its control and invisible characters escaped.
fn write_printable(f: &mut fmt::Formatter<'_>, name: &str) -> fmt::Result {
    for letter in name.chars() {
        if letter == '"' || letter == '\'' {
            f.write_char(letter)?;
        } else {
            write!(f, "{}", letter.escape_debug())?;
        }
    }
    Ok(())
}

/// Whose an object is, by the mark in it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Owner {
    /// The name of the project.
    pub project: String,
    /// The environment, if the project has some.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
}

/// For people: `shop/production`, or `shop` without an environment.
impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_printable(f, &self.project)?;
        if let Some(environment) = &self.environment {
            f.write_str("/")?;
            write_printable(f, environment)?;
        }
        Ok(())
    }
}

/// The SHA-256 of a content as canonical JSON, in lower-case hexadecimal digits: equal for contents that differ only in the
/// order of members, in white space, or in how a whole number is written (`1`, `1.0`).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ContentHash(String);

/// A text that is not the hash of a content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvalidHash;

impl fmt::Display for InvalidHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a hash has 64 hexadecimal digits in lower case")
    }
}

impl std::error::Error for InvalidHash {}

impl TryFrom<String> for ContentHash {
    type Error = InvalidHash;

    fn try_from(text: String) -> Result<Self, InvalidHash> {
        let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        if text.len() == 64 && text.bytes().all(is_digit) {
            Ok(Self(text))
        } else {
            Err(InvalidHash)
        }
    }
}

impl From<ContentHash> for String {
    fn from(hash: ContentHash) -> Self {
        hash.0
    }
}

impl fmt::Display for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl ContentHash {
    /// Computes the hash of a content.
    pub fn compute(content: &Value) -> Self {
        let mut canonical = String::new();
        write_canonical(content, &mut canonical);
        let mut hex = String::with_capacity(64);
        for byte in Sha256::digest(canonical.as_bytes()) {
            let _ = write!(hex, "{byte:02x}");
        }
        Self(hex)
    }

    /// The hexadecimal digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Writes JSON with sorted members and without white space.
fn write_canonical(value: &Value, out: &mut String) {
    match value {
        Value::Null | Value::Bool(_) | Value::String(_) => {
            let _ = write!(out, "{value}");
        }
        Value::Number(number) => match number.as_f64() {
            // 2^53: up to there each whole number is exact.
            Some(float)
                if number.is_f64()
                    && float.fract() == 0.0
                    && float.abs() < 9_007_199_254_740_992.0 =>
            {
                let _ = write!(out, "{float:.0}");
            }
            _ => {
                let _ = write!(out, "{number}");
            }
        },
        Value::Array(items) => {
            out.push('[');
            for (number, item) in items.iter().enumerate() {
                if number > 0 {
                    out.push(',');
                }
                write_canonical(item, out);
            }
            out.push(']');
        }
        Value::Object(members) => {
            let mut sorted: Vec<_> = members.iter().collect();
            sorted.sort_by_key(|(name, _)| *name);
            out.push('{');
            for (number, (name, member)) in sorted.into_iter().enumerate() {
                if number > 0 {
                    out.push(',');
                }
                let _ = write!(out, "{}:", Value::from(name.as_str()));
                write_canonical(member, out);
            }
            out.push('}');
        }
    }
}

/// When an object is written, in this order, so that an alert never reads a series that no rule records yet. Deletions come
/// after all phases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// Recording rules, and groups with recording rules and alerts.
    Recordings,
    /// Alerting rules.
    Alerts,
    /// Dashboards and their folders.
    Dashboards,
    /// Routes and receivers.
    Routes,
}

/// An object as it should be.
#[derive(Debug, Clone, PartialEq)]
pub struct DesiredObject {
    /// Its name.
    pub key: ObjectKey,
    /// When it is written.
    pub phase: Phase,
    /// Its content without the mark of its owner. [`Destination::normalize`](crate::Destination::normalize) gives it the form
    /// that the destination returns.
    pub content: Value,
    /// The services that it is about, for the report of each service.
    pub services: Vec<String>,
}

impl DesiredObject {
    /// The hash of its content.
    pub fn hash(&self) -> ContentHash {
        ContentHash::compute(&self.content)
    }
}

/// Who changed an object last, as far as its destination knows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangedBy {
    /// The user or the account.
    pub who: Option<String>,
    /// When.
    pub when: Option<Timestamp>,
    /// The program: a field manager of Kubernetes, an interface of Grafana.
    pub with: Option<String>,
}

/// An object as it is.
#[derive(Debug, Clone, PartialEq)]
pub struct LiveObject {
    /// Its name.
    pub key: ObjectKey,
    /// Whose mark it bears; `None` if it bears none.
    pub owner: Option<Owner>,
    /// Its content in normal form, without the mark.
    pub content: Value,
    /// The hash of its content.
    pub hash: ContentHash,
    /// The hash of the content that was written together with the mark, where the mark records it. Another [`hash`](Self::hash)
    /// means that someone changed the content since.
    pub applied: Option<ContentHash>,
    /// The version by which its server detects conflicts: a `resourceVersion`, a dashboard's version.
    pub version: Option<String>,
    /// Who changed it last, where the destination knows.
    pub changed_by: Option<ChangedBy>,
}

impl LiveObject {
    /// Creates an object with the hash of its content, without what only some destinations know.
    pub fn new(key: ObjectKey, owner: Option<Owner>, content: Value) -> Self {
        Self {
            hash: ContentHash::compute(&content),
            key,
            owner,
            content,
            applied: None,
            version: None,
            changed_by: None,
        }
    }

    /// Returns true if the object bears exactly this owner's mark.
    pub fn is_owned_by(&self, owner: &Owner) -> bool {
        self.owner.as_ref() == Some(owner)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn equal_contents_have_equal_hashes() {
        let one: Value =
            serde_json::from_str(r#"{"b": [1.0, {"y": 1, "x": "é"}], "a": null}"#).unwrap();
        let other: Value =
            serde_json::from_str(r#"{"a":null,"b":[1,{"x":"\u00e9","y":1}]}"#).unwrap();
        assert_eq!(ContentHash::compute(&one), ContentHash::compute(&other));
        for different in [
            json!({"b": [1, {"y": 1, "x": "e"}], "a": null}),
            json!({"b": [{"y": 1, "x": "é"}, 1], "a": null}),
            json!({"b": [1, {"y": 1, "x": "é"}]}),
            json!({"b": ["1", {"y": 1, "x": "é"}], "a": null}),
            json!({"b": [1.5, {"y": 1, "x": "é"}], "a": null}),
        ] {
            assert_ne!(ContentHash::compute(&one), ContentHash::compute(&different));
        }
    }

    #[test]
    fn the_hash_is_the_sha256_of_canonical_json() {
        // printf '{"a":2}' | sha256sum
        assert_eq!(
            ContentHash::compute(&json!({"a": 2.0})).as_str(),
            "7e8059f495589fcd981232cc11d00b00da3802c01d688fa1cf1f6bed6e5bb33c"
        );
        let text = "7e8059f495589fcd981232cc11d00b00da3802c01d688fa1cf1f6bed6e5bb33Z".to_owned();
        assert_eq!(ContentHash::try_from(text), Err(InvalidHash));
    }

    #[test]
    fn names_are_no_commands() {
        let key = ObjectKey::new(ObjectKind::RuleGroup, "a\u{1b}[2J", "it's\n");
        assert_eq!(key.to_string(), r"rule group a\u{1b}[2J/it's\n");
        let key = ObjectKey::new(ObjectKind::AlertmanagerConfig, "", "config");
        assert_eq!(key.to_string(), "Alertmanager configuration config");
        let owner = Owner {
            project: "shop".to_owned(),
            environment: Some("production".to_owned()),
        };
        assert_eq!(owner.to_string(), "shop/production");
    }
}
