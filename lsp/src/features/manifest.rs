//! An open `nth.toml`: the settings that can be written at a position, and what they mean.

use nthc::project::edit::{self, CompletionKind};
use nthc::syntax::tree::TextRange;
use serde_json::{Value, json};
use tower_lsp::lsp_types::{
    CompletionItem, CompletionItemKind, CompletionResponse, CompletionTextEdit, Documentation,
    Hover, HoverContents, Position, Registration, TextDocumentSyncKind, TextEdit,
};

use super::documentation::{completion_prefers_markdown, hover_prefers_markdown, markup};
use crate::buffers::Buffer;
use crate::settings::Settings;
use crate::view::View;

/// The characters that trigger completion.
const TRIGGERS: [&str; 3] = ["[", ".", "\""];

/// Registers the synchronization, completion and hover of `nth.toml`, if the client supports dynamic registration of all
/// three. The server announces its other features without a selector, so a client sends them for documents of the language
/// `nth` only: it must not ask this server to format TOML.
pub fn registrations(settings: &Settings) -> Vec<Registration> {
    if !can_register(settings).unwrap_or_default() {
        return Vec::new();
    }
    let register = |method: &str, options: Value| {
        let mut options = options;
        options["documentSelector"] =
            json!([{ "scheme": "file", "pattern": format!("**/{}", nthc::project::MANIFEST) }]);
        Registration {
            id: format!("manifest {method}"),
            method: format!("textDocument/{method}"),
            register_options: Some(options),
        }
    };
    vec![
        register("didOpen", json!({})),
        register(
            "didChange",
            json!({ "syncKind": TextDocumentSyncKind::INCREMENTAL }),
        ),
        register("didSave", json!({ "includeText": false })),
        register("didClose", json!({})),
        register("completion", json!({ "triggerCharacters": TRIGGERS })),
        register("hover", json!({})),
    ]
}

fn can_register(settings: &Settings) -> Option<bool> {
    let client = settings.client.text_document.as_ref()?;
    let synchronization = client.synchronization.as_ref()?.dynamic_registration?;
    let completion = client.completion.as_ref()?.dynamic_registration?;
    let hover = client.hover.as_ref()?.dynamic_registration?;
    Some(synchronization && completion && hover)
}

/// Returns the tables, keys and values that can be written at a position.
pub fn completion(view: &View, buffer: &Buffer, position: Position) -> CompletionResponse {
    let lines = view.lines(&buffer.text);
    let offered = edit::complete(&buffer.text, lines.offset(position));
    let as_markdown = completion_prefers_markdown(&view.settings);
    let items = offered.into_iter().enumerate().map(|(place, offered)| {
        let doc = (!offered.doc.is_empty()).then(|| markup(&offered.doc, as_markdown));
        CompletionItem {
            label: offered.label,
            kind: Some(match offered.kind {
                CompletionKind::Table => CompletionItemKind::MODULE,
                CompletionKind::Key => CompletionItemKind::PROPERTY,
                CompletionKind::Value => CompletionItemKind::VALUE,
            }),
            detail: (!offered.detail.is_empty()).then_some(offered.detail),
            documentation: doc.map(Documentation::MarkupContent),
            // In the order of the reference.
            sort_text: Some(format!("{place:04}")),
            text_edit: Some(CompletionTextEdit::Edit(TextEdit {
                range: lines.range(TextRange::new(offered.range.start, offered.range.end)),
                new_text: offered.text,
            })),
            ..CompletionItem::default()
        }
    });
    CompletionResponse::Array(items.collect())
}

/// Returns the documentation of the word at a position; `None` between words and for unknown ones.
pub fn hover(view: &View, buffer: &Buffer, position: Position) -> Option<Hover> {
    let lines = view.lines(&buffer.text);
    let found = edit::hover(&buffer.text, lines.offset(position))?;
    Some(Hover {
        contents: HoverContents::Markup(markup(&found.doc, hover_prefers_markdown(&view.settings))),
        range: Some(lines.range(TextRange::new(found.range.start, found.range.end))),
    })
}
