//! Entities as Backstage defines them, `backstage.io/v1alpha1`.

use std::collections::BTreeMap;

use serde::ser::{Serialize, SerializeMap, Serializer};

/// An entity.
#[derive(Debug)]
pub struct Entity {
    /// Its kind, `Component`.
    pub kind: &'static str,
    /// What all kinds have.
    pub metadata: Metadata,
    /// What its kind has.
    pub spec: Spec,
}

/// The metadata of an entity.
#[derive(Debug, serde::Serialize)]
pub struct Metadata {
    /// The name, unique among entities of a kind.
    pub name: String,
    /// The namespace.
    pub namespace: String,
    /// The name to show, if it is not the name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The purpose.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Labels.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// Links to show.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub links: Vec<Link>,
}

/// A link.
#[derive(Debug, serde::Serialize)]
pub struct Link {
    /// Where it leads.
    pub url: String,
    /// Its text.
    pub title: &'static str,
    /// The key of an icon that Backstage has.
    pub icon: &'static str,
}

/// The fields of all kinds that are written.
#[derive(Debug, Default, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Spec {
    /// The type within the kind; empty for a `User`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub r#type: String,
    /// The life cycle of a `Component`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lifecycle: Option<String>,
    /// The owner, as a reference.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// The system, as a reference.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub system: Option<String>,
    /// What a `Component` depends on, as references.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub depends_on: Vec<String>,
    /// How a `Group` or `User` is shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile: Option<Profile>,
    /// The groups within a `Group`, which it must have.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub children: Option<Vec<String>>,
    /// The members of a `Group`, as references.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub members: Vec<String>,
    /// The groups of a `User`, as references.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub member_of: Option<Vec<String>>,
}

/// How a group or a person is shown.
#[derive(Debug, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Profile {
    /// The name to show.
    pub display_name: String,
    /// The email address.
    pub email: String,
}

impl Serialize for Entity {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(4))?;
        map.serialize_entry("apiVersion", "backstage.io/v1alpha1")?;
        map.serialize_entry("kind", self.kind)?;
        map.serialize_entry("metadata", &self.metadata)?;
        map.serialize_entry("spec", &self.spec)?;
        map.end()
    }
}
