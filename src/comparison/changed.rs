//! The top-level items that differ between two versions.

use std::collections::{BTreeMap, HashMap, HashSet};

use smol_str::SmolStr;

use crate::db::{ItemClass, ItemEntry, ItemKey, file_names, item_span};
use crate::session::Session;
use crate::syntax::format;

/// What identifies an item in two versions.
pub type Name = (SmolStr, ItemClass, SmolStr, SmolStr, u32);

/// The items of a version.
pub struct Items<'s> {
    session: &'s Session,
    /// By what identifies them.
    pub by_name: BTreeMap<Name, ItemKey>,
    names: HashMap<ItemKey, Name>,
}

impl<'s> Items<'s> {
    /// Reads the items of a version, those of packages included.
    pub fn new(session: &'s Session) -> Self {
        let mut by_name = BTreeMap::new();
        let mut names = HashMap::new();
        for file in session.files() {
            let module = file.module(&session.db);
            for entry in &file_names(&session.db, *file).items {
                if matches!(
                    entry.class,
                    ItemClass::Import | ItemClass::Loop | ItemClass::Error
                ) {
                    continue;
                }
                let name: Name = (
                    module.clone(),
                    entry.class,
                    entry.kind.clone(),
                    entry.name.clone(),
                    entry.duplicate,
                );
                by_name.insert(name.clone(), entry.key);
                names.insert(entry.key, name);
            }
        }
        Self {
            session,
            by_name,
            names,
        }
    }

    /// What identifies an item.
    pub fn name(&self, key: ItemKey) -> Option<&Name> {
        self.names.get(&key)
    }

    /// The item that another version has under a name: in the same module, or else the only one of its kind and name.
    pub fn find(&self, name: &Name) -> Option<ItemKey> {
        if let Some(key) = self.by_name.get(name) {
            return Some(*key);
        }
        let (_, class, kind, own, _) = name;
        let mut alike = self
            .by_name
            .iter()
            .filter(|((_, other, of, named, _), _)| other == class && of == kind && named == own);
        match (alike.next(), alike.next()) {
            (Some((_, key)), None) => Some(*key),
            _ => None,
        }
    }

    /// The text of an item.
    fn text(&self, key: ItemKey) -> &'s str {
        let span = self.session.file_span(item_span(&self.session.db, key));
        let text: &str = key.file.text(&self.session.db);
        text.get(span.start..span.end).unwrap_or_default()
    }

    /// The entry of an item.
    pub fn entry(&self, key: ItemKey) -> Option<ItemEntry> {
        crate::db::item_entry(&self.session.db, key)
    }
}

/// The items of both versions that the other one does not have, or has with another text.
pub struct ChangedItems {
    /// Those of the old version.
    pub base: HashSet<ItemKey>,
    /// Those of the new version.
    pub head: HashSet<ItemKey>,
}

impl ChangedItems {
    /// Compares the items of two versions; layout alone makes no difference.
    pub fn new(base: &Items<'_>, head: &Items<'_>) -> Self {
        let mut changed = Self {
            base: HashSet::new(),
            head: HashSet::new(),
        };
        for (name, key) in &head.by_name {
            match base.find(name) {
                Some(old) if is_same(base.text(old), head.text(*key)) => {}
                Some(old) => {
                    changed.base.insert(old);
                    changed.head.insert(*key);
                }
                None => {
                    changed.head.insert(*key);
                }
            }
        }
        for (name, key) in &base.by_name {
            if head.find(name).is_none() {
                changed.base.insert(*key);
            }
        }
        changed
    }
}

fn is_same(before: &str, after: &str) -> bool {
    let formatted = |text: &str| format(text).unwrap_or_else(|| text.to_owned());
    before == after || formatted(before) == formatted(after)
}
