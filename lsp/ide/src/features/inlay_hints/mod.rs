//! Inlay hints: inferred values and parameter names.

mod blocks;
mod calls;
mod settings;

use nthc::syntax::tree::TextRange;

pub use settings::HintSettings;

use super::source::Source;
use crate::nodes::{Node, walk_item};

/// A hint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hint {
    /// The byte of the file at which it is shown.
    pub at: u32,
    /// The text.
    pub label: String,
    /// True for a parameter name, which is shown before a value; other hints are shown after one.
    pub is_parameter: bool,
    /// The byte of the file whose hover is the tooltip.
    pub about: u32,
}

/// The hints of a range of a file, in source order. Items outside the range are not evaluated.
pub fn hints(source: &Source<'_>, range: TextRange, settings: &HintSettings) -> Vec<Hint> {
    let mut found = Vec::new();
    if !settings.any() {
        return found;
    }
    for placed in source.items_in(range) {
        walk_item(&placed.item.node, &mut |node| {
            // A node outside the range is skipped before anything is evaluated.
            let own = placed.absolute(node.range());
            if own.end < range.start || range.end < own.start {
                return;
            }
            match node {
                Node::Block(block) => blocks::hints(source, &placed, block, settings, &mut found),
                Node::Base(base) if settings.parameters => {
                    calls::base_hints(source, &placed, base, &mut found);
                }
                Node::Expr(expr) if settings.parameters => {
                    calls::call_hints(source, &placed, expr, &mut found);
                }
                _ => {}
            }
        });
    }
    found.retain(|hint| range.start <= hint.at && hint.at <= range.end);
    found.sort_by_key(|hint| hint.at);
    found
}
