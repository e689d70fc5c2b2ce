//! Documentation in the format that a client prefers.

use nth_ide::features::docs::plain;
use tower_lsp::lsp_types::{MarkupContent, MarkupKind};

use crate::settings::Settings;

/// True if a client that supports these formats prefers Markdown. The preferred one is the first; without any, documentation is
/// plain text.
pub fn prefers_markdown(formats: Option<&Vec<MarkupKind>>) -> bool {
    formats.and_then(|formats| formats.first()) == Some(&MarkupKind::Markdown)
}

/// True if the client prefers Markdown in completion items.
pub fn completion_prefers_markdown(settings: &Settings) -> bool {
    let text_document = settings.client.text_document.as_ref();
    let item = text_document.and_then(|known| known.completion.as_ref()?.completion_item.as_ref());
    prefers_markdown(item.and_then(|item| item.documentation_format.as_ref()))
}

/// True if the client prefers Markdown in hovers.
pub fn hover_prefers_markdown(settings: &Settings) -> bool {
    let text_document = settings.client.text_document.as_ref();
    prefers_markdown(text_document.and_then(|known| known.hover.as_ref()?.content_format.as_ref()))
}

/// Returns documentation written in Markdown, as Markdown or as plain text.
pub fn markup(markdown: &str, as_markdown: bool) -> MarkupContent {
    if as_markdown {
        MarkupContent {
            kind: MarkupKind::Markdown,
            value: markdown.to_owned(),
        }
    } else {
        MarkupContent {
            kind: MarkupKind::PlainText,
            value: plain(markdown),
        }
    }
}
