//! `[ownership]`: who owns services, as other programs know it.

use std::collections::BTreeMap;

use smol_str::SmolStr;

use super::{Kind, settings_table, texts};

settings_table! {
    /// Who owns services that set no `team`.
    "ownership" => OwnershipSettings;

    /// A `CODEOWNERS` file, relative to the directory of `nth.toml`. The owner of the file with a service owns the service.
    codeowners: Option<String> = None, Kind::Text(texts::BASE_FILE), unset = "none", example = "\"CODEOWNERS\"";

    /// Backstage's catalog files, relative to the directory of `nth.toml`: one path, in which `*` and `**` match any names. The owner
    /// of the `Component` with the name of a service owns the service.
    backstage: Option<String> = None, Kind::Text(texts::BASE_FILE), unset = "none", example = "\"**/catalog-info.yaml\"";
}

/// What a file of another program says about an owner.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Owners {
    /// The owners, as they are written: `@acme/payments`, `group:default/payments`, an email address; empty for none.
    pub names: Vec<String>,
    /// The file, as it is shown.
    pub path: String,
    /// The line of the file, from 1.
    pub line: usize,
}

/// The owners in the files that `[ownership]` names.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Ownership {
    /// The shown path of the `CODEOWNERS` file; `None` if the project names none.
    pub codeowners: Option<String>,
    /// The owners of the project's sources, by their shown path.
    pub sources: BTreeMap<String, Owners>,
    /// The setting `backstage`; `None` if the project does not set it.
    pub catalog: Option<String>,
    /// The owners of the catalog's components, by name.
    pub components: BTreeMap<SmolStr, Owners>,
}

impl Ownership {
    /// Returns whether the project reads any such file.
    pub fn is_read(&self) -> bool {
        self.codeowners.is_some() || self.catalog.is_some()
    }
}
