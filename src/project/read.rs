//! Reads a table of `nth.toml` by its declaration.

use std::collections::{BTreeMap, BTreeSet};

use super::table::{Findings, Table};
use super::value;
use crate::diagnostics::FileSpan;
use crate::ir::settings::SettingsTable;

/// A table of `nth.toml` with the places of its values.
pub(super) struct ReadTable<T> {
    /// Its settings; the default for each that is not set or invalid.
    pub settings: T,
    /// The name of the table.
    pub head: FileSpan,
    /// The values of the keys that are set.
    places: BTreeMap<&'static str, FileSpan>,
    /// The keys with values that were reported.
    wrong: BTreeSet<&'static str>,
}

impl<T> ReadTable<T> {
    /// Returns the span of the value of a key; `None` if it is not set, or was reported.
    pub(super) fn place(&self, key: &str) -> Option<FileSpan> {
        self.places
            .get(key)
            .copied()
            .filter(|_| !self.wrong.contains(key))
    }

    /// Returns the span of the value of a key, even if it was reported.
    pub(super) fn any_place(&self, key: &str) -> Option<FileSpan> {
        self.places.get(key).copied()
    }

    /// Returns true if the value of one of these keys was reported.
    pub(super) fn is_wrong(&self, keys: &[&str]) -> bool {
        keys.iter().any(|key| self.wrong.contains(key))
    }
}

/// Takes the table out of the manifest and reads it. Invalid values are reported, and the defaults are used.
pub(super) fn read<T: SettingsTable>(
    root: &mut Table<'_>,
    findings: &mut Findings,
) -> ReadTable<T> {
    let mut table = root.table(T::TABLE.name, findings);
    let read = read_table(&mut table, findings);
    table.finish(findings);
    read
}

/// Reads the fields of a table, and leaves those that it does not declare.
pub(super) fn read_table<T: SettingsTable>(
    table: &mut Table<'_>,
    findings: &mut Findings,
) -> ReadTable<T> {
    let mut read = ReadTable {
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
    read
}
