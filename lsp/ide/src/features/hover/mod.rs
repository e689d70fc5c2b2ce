//! Hover: names, values, and words in queries.

mod blocks;
mod detection;
mod meaning;
mod names;
mod queries;
mod rules;
mod signals;
mod source_text;
mod values;

use nthc::syntax::tree::TextRange;

use super::markup::Markup;
use super::source::Source;
use crate::nodes::query_at;

pub use meaning::budget_time;
pub use rules::{Counts, counts};
pub use signals::{chosen_metric, find_signal};

/// The hover of a word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hover {
    /// The range of the word, in bytes.
    pub range: TextRange,
    /// The contents.
    pub markup: Markup,
}

/// The hover at a byte of a file; `None` if there is nothing to show.
pub fn hover(source: &Source<'_>, offset: u32) -> Option<Hover> {
    let placed = source.item_at(offset)?;
    let local = offset.checked_sub(placed.start)?;
    let notes = source.notes(placed.key);
    let found = match query_at(&placed.item.node, local) {
        Some((expr, query)) => queries::query_hover(source, &placed, expr, query, local),
        None => notes
            .name_at(local)
            .and_then(|named| Some((named.range, names::name_hover(source, &placed, named)?)))
            .or_else(|| values::value_hover(source, &placed, local)),
    };
    let (range, markup) = found?;
    (!markup.is_empty()).then(|| Hover {
        range: placed.absolute(range),
        markup,
    })
}
