//! Hover: what a word of a source is, and what a value means.

mod blocks;
mod meaning;
mod names;
mod queries;
mod rules;
mod signals;
mod values;

use nthc::syntax::tree::TextRange;
use tower_lsp::lsp_types::{
    Hover, HoverContents, HoverParams, HoverProviderCapability, MarkupKind, ServerCapabilities,
};

use super::markup::Markup;
use super::source::Source;
use crate::nodes::query_at;
use crate::settings::Settings;
use crate::view::View;

pub use meaning::budget_time;
pub use rules::{Counts, counts};
pub use signals::{carrier, of_block as signal_of_block};

/// Words and values can be explained.
pub fn offer(capabilities: &mut ServerCapabilities, _: &Settings) {
    capabilities.hover_provider = Some(HoverProviderCapability::Simple(true));
}

/// What is to be shown of what stands at a position.
pub fn hover(view: &View, params: &HoverParams) -> Option<Hover> {
    let place = &params.text_document_position_params;
    let (project, file) = view.file(&place.text_document.uri)?;
    let offset = view.offset(project, file, place.position);
    let (range, markup) = at(&Source::of(project, file), u32::try_from(offset).ok()?)?;
    Some(Hover {
        contents: HoverContents::Markup(markup.content(reads_markdown(&view.settings))),
        range: Some(view.range(project, file, range)),
    })
}

/// Whether the client shows Markdown in hovers; it names the form that it likes best first.
pub fn reads_markdown(settings: &Settings) -> bool {
    let text_document = settings.client.text_document.as_ref();
    let formats = text_document.and_then(|known| known.hover.as_ref()?.content_format.as_ref());
    formats.is_some_and(|formats| formats.first() == Some(&MarkupKind::Markdown))
}

/// What is to be shown at a byte of a file, and the word that it is about.
pub fn at(source: &Source<'_>, offset: u32) -> Option<(TextRange, Markup)> {
    let placed = source.item_at(offset)?;
    let local = offset.checked_sub(placed.start)?;
    let notes = source.notes(placed.key);
    let found = match query_at(&placed.item.node, local) {
        Some((expr, query)) => queries::at(source, &placed, expr, query, local),
        None => notes
            .name_at(local)
            .and_then(|named| Some((named.range, names::shown(source, &placed, named)?)))
            .or_else(|| values::at(source, &placed, local)),
    };
    let (range, markup) = found?;
    (!markup.is_empty()).then(|| (placed.absolute(range), markup))
}
