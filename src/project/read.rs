//! Reading a table of `nth.toml` by what is declared of it.

use std::collections::{BTreeMap, BTreeSet};

use super::table::{Findings, Table};
use super::value;
use crate::diagnostics::FileSpan;
use crate::ir::settings::SettingsTable;

/// A table that was read.
pub(super) struct Read<T> {
    /// Its settings; the default for each that is not set, or that takes no such value.
    pub settings: T,
    /// Where the table begins: its name.
    pub head: FileSpan,
    /// Where the value of each key is that is set.
    places: BTreeMap<&'static str, FileSpan>,
    /// The keys whose values were reported.
    wrong: BTreeSet<&'static str>,
}

impl<T> Read<T> {
    /// Where the value of a key is; `None` if it is not set, or was reported.
    pub(super) fn place(&self, key: &str) -> Option<FileSpan> {
        self.places
            .get(key)
            .copied()
            .filter(|_| !self.wrong.contains(key))
    }

    /// Where the value of a key is, also of one that was reported.
    pub(super) fn any_place(&self, key: &str) -> Option<FileSpan> {
        self.places.get(key).copied()
    }

    /// Whether the value of one of these keys was reported.
    pub(super) fn is_wrong(&self, keys: &[&str]) -> bool {
        keys.iter().any(|key| self.wrong.contains(key))
    }
}

/// Takes the table out of the manifest and reads it. What is wrong in it is reported and read as if it were absent.
pub(super) fn read<T: SettingsTable>(root: &mut Table<'_>, findings: &mut Findings) -> Read<T> {
    let mut table = root.table(T::TABLE.name, findings);
    let mut read = Read {
        settings: T::default(),
        head: findings.span(table.head()),
        places: BTreeMap::new(),
        wrong: BTreeSet::new(),
    };
    for setting in T::TABLE.settings {
        let Some(given) = table.take(setting.key) else {
            continue;
        };
        read.places.insert(setting.key, findings.span(given.span()));
        let before = findings.diagnostics.len();
        let path = table.path(setting.key);
        if let Some(value) = value::read(&path, &setting.kind, given, findings) {
            let is_set = read.settings.set(setting.key, value);
            debug_assert!(is_set, "`{path}` has another type than it declares");
        }
        if findings.diagnostics.len() > before {
            read.wrong.insert(setting.key);
        }
    }
    table.finish(findings);
    read
}
