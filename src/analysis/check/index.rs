//! The editor's index of an item, recorded during its check.

use super::check_item_with;
use crate::db::{ItemKey, Workspace, item};
use crate::eval::index::ItemIndex;
use crate::eval::{Evaluator, Mode};

/// Checks an item and returns its [`ItemIndex`]; empty if the item is gone.
#[salsa::tracked(returns(ref), lru = 64)]
pub fn item_index(db: &dyn salsa::Database, workspace: Workspace, key: ItemKey) -> ItemIndex {
    let Some(tree) = item(db, key) else {
        return ItemIndex::default();
    };
    let mut evaluator = Evaluator::new(db, workspace, None, Mode::Check);
    evaluator.start_indexing(key);
    check_item_with(&mut evaluator, key, tree);
    evaluator.finish_index(key, &tree.node)
}
