//! What all modules have, by class and kind: looked up once a name changes somewhere, and not with every letter.

use std::collections::BTreeMap;

use nthc::db::{ItemClass, ItemEntry, SourceFile, Workspace, file_names};
use smol_str::SmolStr;

use super::imports::is_sayable;

/// Something that a module has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// The module.
    pub module: SmolStr,
    /// Its file.
    pub file: SourceFile,
    /// What it has.
    pub entry: ItemEntry,
}

/// What all modules but the prelude have, in the order of the modules.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Index {
    by: BTreeMap<(ItemClass, SmolStr), Vec<Named>>,
}

impl Index {
    /// What they have of a class and kind.
    pub fn get(&self, class: ItemClass, kind: &SmolStr) -> &[Named] {
        self.by
            .get(&(class, kind.clone()))
            .map_or(&[], Vec::as_slice)
    }
}

/// The blocks, templates and `let`s of all modules that can be referred to.
#[salsa::tracked(returns(ref))]
pub fn index(db: &dyn salsa::Database, workspace: Workspace) -> Index {
    let mut index = Index::default();
    for (module, file) in workspace.modules(db).iter() {
        if *file == workspace.prelude(db) {
            continue;
        }
        for entry in &file_names(db, *file).items {
            let is_named = matches!(
                entry.class,
                ItemClass::Block | ItemClass::Template | ItemClass::Let
            );
            if is_named && is_sayable(entry) {
                let of = index.by.entry((entry.class, entry.kind.clone()));
                of.or_default().push(Named {
                    module: module.clone(),
                    file: *file,
                    entry: entry.clone(),
                });
            }
        }
    }
    index
}
