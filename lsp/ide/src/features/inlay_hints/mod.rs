//! Inlay hints: what a source does not say and the compiler knows, where one looks for it.

mod blocks;
mod calls;
mod wanted;

use nthc::syntax::tree::TextRange;

pub use wanted::WantedHints;

use super::source::Source;
use crate::nodes::{Node, walk_item};

/// A hint at a byte of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hint {
    /// Where it stands.
    pub at: u32,
    /// What it says.
    pub label: String,
    /// Whether it is a parameter's name, which stands before a value; the others stand behind one.
    pub is_parameter: bool,
    /// What is explained when one looks at it.
    pub about: u32,
}

/// The hints of a range of a file, in the order of the text. Nothing outside of the items there is looked at.
pub fn hints(source: &Source<'_>, range: TextRange, wanted: &WantedHints) -> Vec<Hint> {
    let mut found = Vec::new();
    if !wanted.any() {
        return found;
    }
    for placed in source.items_in(range) {
        walk_item(&placed.item.node, &mut |node| {
            // A node that is not in the range is passed over before anything is asked of it.
            let own = placed.absolute(node.range());
            if own.end < range.start || range.end < own.start {
                return;
            }
            match node {
                Node::Block(block) => blocks::hints(source, &placed, block, wanted, &mut found),
                Node::Base(base) if wanted.parameters => {
                    calls::of_base(source, &placed, base, &mut found);
                }
                Node::Expr(expr) if wanted.parameters => {
                    calls::of_call(source, &placed, expr, &mut found);
                }
                _ => {}
            }
        });
    }
    found.retain(|hint| range.start <= hint.at && hint.at <= range.end);
    found.sort_by_key(|hint| hint.at);
    found
}
