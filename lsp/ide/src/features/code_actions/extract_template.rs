//! Extracts a block, or some of its statements, into a template that the block then uses. The generated files stay
//! the same.

use nthc::syntax::tree::{Block, Statement, TextRange};

use super::environments::innermost_body;
use super::place::{ActionKind, Offer, Place};
use super::template_edits::changes;
use super::template_parameters::{Extract, plan};
use crate::nodes::Node;

/// Offers a template of the block whose head is at the cursor, or of the selected statements.
pub fn extract<'a>(place: &'a Place<'a>, offers: &mut Vec<Offer<'a>>) {
    let Some((at, within, path)) = place.path() else {
        return;
    };
    let blocks: Vec<&Block> = path
        .iter()
        .filter_map(|node| match node {
            Node::Block(block) => Some(*block),
            _ => None,
        })
        .collect();
    let Some(block) = blocks.last().copied() else {
        return;
    };
    let is_on_head = within.end <= block.head.end || within == block.range;
    let kind = ActionKind::Extract;
    let (title, extract) = if is_on_head {
        let extract = Extract {
            at,
            block,
            statements: None,
        };
        (
            format!("Extract a template of this {}", block.kind.text),
            extract,
        )
    } else {
        // A statement in a loop, a condition or an environment does not always apply to the block.
        let is_its_own =
            innermost_body(&path, within).is_some_and(|body| body.range == block.body.range);
        let chosen = selected_statements(block, within);
        let (Some(statements), true, false) = (chosen, is_its_own, within.is_empty()) else {
            return;
        };
        let extract = Extract {
            at,
            block,
            statements: Some(statements),
        };
        ("Extract the statements into a template".to_owned(), extract)
    };
    if !at.item.errors.is_empty() || !place.schema().kinds.contains_key(&block.kind.text) {
        return;
    }
    if block.body.statements.is_empty() && block.base.is_none() {
        return;
    }
    match plan(place, &extract) {
        Err(reason) => offers.push(Offer::refused(kind, title, reason)),
        Ok(parameters) => offers.push(Offer::new(kind, title, move || {
            changes(place, &extract, &parameters)
        })),
    }
}

/// The range from the first to the last of the block's own statements that are completely selected.
fn selected_statements(block: &Block, within: TextRange) -> Option<TextRange> {
    let own = block.body.statements.iter().map(Statement::range);
    own.filter(|range| within.start <= range.start && range.end <= within.end)
        .reduce(TextRange::cover)
}
