//! What an editor asks of an item: the check of it, noted.

use super::judge_item;
use crate::db::{ItemKey, Workspace, item};
use crate::eval::notes::Notes;
use crate::eval::{Evaluator, Mode};

/// What an editor asks of an item.
#[salsa::tracked(returns(ref), lru = 64)]
pub fn notes(db: &dyn salsa::Database, workspace: Workspace, key: ItemKey) -> Notes {
    let Some(tree) = item(db, key) else {
        return Notes::default();
    };
    let mut evaluator = Evaluator::new(db, workspace, None, Mode::Check);
    evaluator.start_noting(key);
    judge_item(&mut evaluator, key, tree);
    evaluator.take_notes(key, &tree.node)
}
