//! `[backstage]`: entities of Backstage's software catalog.

use super::{Kind, settings_table, texts};

settings_table! {
    /// Entities of Backstage's software catalog. A build writes them if `targets` lists `"backstage"`.
    "backstage" => BackstageSettings;

    /// The life cycle of the components.
    lifecycle: String = "production".to_owned(), Kind::Text(texts::FILLED);

    /// The system that components and resources belong to, as a reference to an entity.
    system: Option<String> = None, Kind::Text(texts::FILLED), unset = "none", example = "\"shop\"";

    /// The namespace of the entities.
    namespace: String = "default".to_owned(), Kind::Text(texts::NAMESPACE);

    /// Whether a `Group` is written for each team, and a `User` for each of its members. Set it only if no other source of the catalog
    /// has them.
    groups: bool = false, Kind::Boolean;
}
