//! Hover: names, values, and words in queries.

use nth_ide::features::hover;
use nth_ide::features::markup::Markup;
use nth_ide::features::source::Source;
use tower_lsp::lsp_types::{
    Hover, HoverContents, HoverParams, HoverProviderCapability, MarkupContent, MarkupKind,
    ServerCapabilities,
};

use super::documentation::hover_prefers_markdown;
use super::manifest;
use crate::settings::Settings;
use crate::view::View;

/// Announces hover.
pub fn offer(capabilities: &mut ServerCapabilities, _: &Settings) {
    capabilities.hover_provider = Some(HoverProviderCapability::Simple(true));
}

/// The hover at a position.
pub fn hover(view: &View, params: &HoverParams) -> Option<Hover> {
    let place = &params.text_document_position_params;
    let uri = &place.text_document.uri;
    if let Some(buffer) = view.manifest(uri) {
        return manifest::hover(view, buffer, place.position);
    }
    let (project, file) = view.file(uri)?;
    let offset = view.offset(project, file, place.position);
    let found = hover::hover(&Source::new(project, file), u32::try_from(offset).ok()?)?;
    Some(Hover {
        contents: HoverContents::Markup(content(&view.settings, &found.markup)),
        range: Some(view.range(project, file, found.range)),
    })
}

/// Converts the contents to the format that the client prefers in hovers, which it lists first.
pub fn content(settings: &Settings, markup: &Markup) -> MarkupContent {
    if hover_prefers_markdown(settings) {
        MarkupContent {
            kind: MarkupKind::Markdown,
            value: markup.markdown(),
        }
    } else {
        MarkupContent {
            kind: MarkupKind::PlainText,
            value: markup.plain(),
        }
    }
}
