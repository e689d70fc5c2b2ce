//! Kubernetes objects.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::backends::{file_stem, fnv1a};

/// An object.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Object<S: Serialize> {
    /// The group and version of its kind.
    pub api_version: &'static str,
    /// Its kind.
    pub kind: &'static str,
    /// What it is called.
    pub metadata: Metadata,
    /// What it is.
    #[serde(flatten)]
    pub body: S,
}

/// The metadata of an object.
#[derive(Debug, Clone, Serialize)]
pub struct Metadata {
    /// Its name.
    pub name: String,
    /// The namespace; whoever applies it decides where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Labels.
    pub labels: BTreeMap<&'static str, &'static str>,
    /// Annotations.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<&'static str, &'static str>,
}

impl Metadata {
    /// That of an object with a name.
    pub fn new(name: String, namespace: Option<String>) -> Self {
        Self {
            name,
            namespace,
            labels: BTreeMap::from([("app.kubernetes.io/managed-by", "nthc")]),
            annotations: BTreeMap::new(),
        }
    }
}

/// The longest name of an object whose name becomes a label's value.
const LONGEST_NAME: usize = 63;

/// What joins the names of a service and a gate.
const OF: &str = "--";

/// A DNS label for a gate of a service: `checkout--production`, or what can be kept of the names and a hash of them
/// where they are none, too long, or could be read as others.
pub fn object_name(service: &str, gate: &str) -> String {
    let plain = |name: &str| {
        !name.is_empty()
            && !name.contains(OF)
            && !name.starts_with('-')
            && !name.ends_with('-')
            && name
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    let joined = format!("{service}{OF}{gate}");
    if plain(service) && plain(gate) && joined.len() <= LONGEST_NAME {
        return joined;
    }
    let hash = format!("-{:08x}", fnv1a(&format!("{service}\0{gate}")));
    let kept: String = joined
        .to_ascii_lowercase()
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .take(LONGEST_NAME - hash.len())
        .collect();
    let kept = kept.trim_matches('-');
    if kept.is_empty() {
        format!("gate{hash}")
    } else {
        format!("{kept}{hash}")
    }
}

/// Where a gate's file of a form goes.
pub fn path(form: &str, service: &str, gate: &str) -> String {
    format!(
        "policy/{form}/{}/{}.yaml",
        file_stem(service),
        file_stem(gate)
    )
}

/// Documents of a file, below a header of comments.
///
/// # Errors
/// What the YAML library refused, as a sentence.
pub fn yaml<T: Serialize>(header: &str, documents: &[T]) -> Result<String, String> {
    let mut text = String::new();
    for line in header.lines() {
        text.push_str(format!("# {line}").trim_end());
        text.push('\n');
    }
    for document in documents {
        if documents.len() > 1 {
            text.push_str("---\n");
        }
        let written = serde_saphyr::to_string(document)
            .map_err(|error| format!("a gate could not be written as YAML: {error}"))?;
        text.push_str(written.trim_end_matches('\n'));
        text.push('\n');
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::object_name;

    #[test]
    fn objects_have_names_of_their_own() {
        assert_eq!(
            object_name("checkout", "production"),
            "checkout--production"
        );
        for (service, gate) in [
            ("Legacy.Service", "production"),
            ("a--b", "c"),
            ("a", "b--c"),
            ("süd", "{{args.x}}"),
            ("-", "-"),
        ] {
            let name = object_name(service, gate);
            assert!(name.len() <= 63, "{name}");
            assert!(
                name.bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'),
                "{name}"
            );
            assert!(!name.starts_with('-') && !name.ends_with('-'), "{name}");
        }
        assert_ne!(object_name("a--b", "c"), object_name("a", "b--c"));
        assert!(object_name(&"x".repeat(300), "y").len() <= 63);
    }
}
