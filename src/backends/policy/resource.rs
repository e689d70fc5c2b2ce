//! Kubernetes objects.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::resource::name_of;
use crate::{EmitError, WriteError, file_stem, limits, yaml};
use nth_model::Settings;
use nth_policy::{Gate, Policy};

/// An object.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Object<S: Serialize> {
    /// The group and version of its kind.
    pub api_version: &'static str,
    /// Its kind.
    pub kind: &'static str,
    /// The metadata.
    pub metadata: Metadata,
    /// The other fields.
    #[serde(flatten)]
    pub body: S,
}

/// The metadata of an object.
#[derive(Debug, Clone, Serialize)]
pub struct Metadata {
    /// Its name.
    pub name: String,
    /// The namespace; `None` to leave it to the command that applies the object.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Labels.
    pub labels: BTreeMap<&'static str, &'static str>,
    /// Annotations.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<&'static str, &'static str>,
}

impl Metadata {
    /// The metadata of an object with this name.
    pub fn new(name: String, namespace: Option<String>) -> Self {
        Self {
            name,
            namespace,
            labels: BTreeMap::from([("app.kubernetes.io/managed-by", "nthc")]),
            annotations: BTreeMap::new(),
        }
    }
}

/// The name of the objects of a gate.
pub fn object_name(policy: &Policy, gate: &Gate) -> String {
    name_of(
        &policy.project,
        policy.environment.as_deref(),
        &[&policy.service, &gate.name],
    )
}

/// The path of a gate's file of an output format in the target's folder.
pub fn path(form: &str, service: &str, gate: &str) -> String {
    format!("{form}/{}/{}.yaml", file_stem(service), file_stem(gate))
}

/// The objects of a file, below a header of comments.
///
/// # Errors
///
/// If an object exceeds the size limit of Kubernetes.
pub fn yaml<T: Serialize>(
    header: &str,
    documents: &[T],
    service: Option<&str>,
    settings: &Settings,
) -> Result<String, EmitError> {
    for document in documents {
        limits::check(document, service, settings)?;
    }
    let mut text = String::new();
    for line in header.lines() {
        text.push_str(format!("# {line}").trim_end());
        text.push('\n');
    }
    for document in documents {
        if documents.len() > 1 {
            text.push_str("---\n");
        }
        yaml::append(&mut text, document, yaml::WIDTH)
            .map_err(|error| WriteError::new("a gate as YAML", error))?;
        text.truncate(text.trim_end_matches('\n').len());
        text.push('\n');
    }
    Ok(text)
}
