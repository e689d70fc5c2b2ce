//! Index of the items of all modules, by class and kind. Recomputed only when a name changes somewhere.

use std::collections::{BTreeMap, HashMap};

use nthc::db::{FileNames, ItemClass, ItemEntry, SourceFile, Workspace, file_names};
use smol_str::SmolStr;

use super::imports::is_sayable;

/// An item of a module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexedItem {
    /// The module.
    pub module: SmolStr,
    /// Its file.
    pub file: SourceFile,
    /// The item.
    pub entry: ItemEntry,
}

/// The items of all modules except the prelude, in the order of the modules.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Index {
    by: BTreeMap<(ItemClass, SmolStr), Vec<IndexedItem>>,
}

impl Index {
    /// The items of a class and kind.
    pub fn get(&self, class: ItemClass, kind: &SmolStr) -> &[IndexedItem] {
        self.by
            .get(&(class, kind.clone()))
            .map_or(&[], Vec::as_slice)
    }
}

/// The blocks, templates and `let`s of all modules that can be referred to.
#[salsa::tracked(returns(ref))]
pub fn index(db: &dyn salsa::Database, workspace: Workspace) -> Index {
    let mut index = Index::default();
    let declared: HashMap<SourceFile, &FileNames> = workspace
        .declared_names(db)
        .iter()
        .filter_map(|names| Some((names.items.first()?.key.file, &**names)))
        .collect();
    for (module, file) in workspace.modules(db).iter() {
        if *file == workspace.prelude(db) {
            continue;
        }
        // A file that declares nothing is not in the table.
        let names = declared.get(file).copied();
        for entry in &names.unwrap_or_else(|| file_names(db, *file)).items {
            let is_named = matches!(
                entry.class,
                ItemClass::Block | ItemClass::Template | ItemClass::Let
            );
            if is_named && is_sayable(entry) {
                let of = index.by.entry((entry.class, entry.kind.clone()));
                of.or_default().push(IndexedItem {
                    module: module.clone(),
                    file: *file,
                    entry: entry.clone(),
                });
            }
        }
    }
    index
}
