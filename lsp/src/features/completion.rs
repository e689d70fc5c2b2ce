//! Completion, converted to what the client supports.

use nth_ide::features::completion::{Offer, What, complete};
use nth_ide::features::docs::Subject;
use serde_json::json;
use tower_lsp::lsp_types::{
    CompletionClientCapabilities, CompletionItem, CompletionItemKind, CompletionItemLabelDetails,
    CompletionList, CompletionOptions, CompletionParams, CompletionResponse, CompletionTextEdit,
    Documentation, InsertTextFormat, InsertTextMode, ServerCapabilities, TextEdit, Url,
};

use super::documentation::{completion_prefers_markdown, markup};
use super::manifest;
use crate::lines::Lines;
use crate::settings::Settings;
use crate::view::View;

/// The characters that trigger completion. No space: it would trigger after every word.
const TRIGGERS: [&str; 9] = [".", ":", "`", "{", "\"", "$", "(", ",", "="];

/// Announces completion with resolution.
pub fn offer(capabilities: &mut ServerCapabilities, _: &Settings) {
    capabilities.completion_provider = Some(CompletionOptions {
        resolve_provider: Some(true),
        trigger_characters: Some(TRIGGERS.map(str::to_owned).to_vec()),
        ..CompletionOptions::default()
    });
}

/// The client's capabilities.
struct Shows {
    snippets: bool,
    markdown: bool,
    later: bool,
    details: bool,
    indents: bool,
}

impl Shows {
    fn new(settings: &Settings) -> Self {
        let text_document = settings.client.text_document.as_ref();
        let known: Option<&CompletionClientCapabilities> =
            text_document.and_then(|known| known.completion.as_ref());
        let item = known.and_then(|known| known.completion_item.as_ref());
        let has = |of: Option<bool>| of.unwrap_or_default();
        Self {
            snippets: has(item.and_then(|item| item.snippet_support)),
            markdown: completion_prefers_markdown(settings),
            later: item
                .and_then(|item| item.resolve_support.as_ref())
                .is_some_and(|resolve| {
                    resolve
                        .properties
                        .iter()
                        .any(|name| name == "documentation")
                }),
            details: has(item.and_then(|item| item.label_details_support)),
            indents: item
                .and_then(|item| item.insert_text_mode_support.as_ref())
                .is_some_and(|modes| {
                    modes
                        .value_set
                        .contains(&InsertTextMode::ADJUST_INDENTATION)
                }),
        }
    }

    fn documentation(&self, text: &str) -> Documentation {
        Documentation::MarkupContent(markup(text, self.markdown))
    }
}

/// The completion at a position.
pub fn completion(view: &View, params: &CompletionParams) -> Option<CompletionResponse> {
    let document = &params.text_document_position;
    let uri = &document.text_document.uri;
    if let Some(buffer) = view.manifest(uri) {
        return Some(manifest::completion(view, buffer, document.position));
    }
    let (project, file) = view.file(uri)?;
    let offset = view.offset(project, file, document.position);
    let offers = complete(project.db(), project.workspace(), file, offset);
    let shows = Shows::new(&view.settings);
    let text = project.text(file);
    let lines = view.lines(text);
    let word = offers.word.unwrap_or_default();
    let range = lines.range(word);
    let items = offers.all.iter().enumerate().map(|(place, offer)| {
        let mut item = item(&shows, &lines, place, offer, range);
        if shows.later {
            item.data = offer
                .subject
                .to_data()
                .map(|subject| json!({ "uri": uri, "subject": subject }));
            if let Subject::Markdown(text) = &offer.subject {
                item.documentation = (!text.is_empty()).then(|| shows.documentation(text));
            }
        } else {
            let text = offer.subject.text(project.db(), project.workspace());
            item.documentation = text.map(|text| shows.documentation(&text));
        }
        item
    });
    Some(CompletionResponse::List(CompletionList {
        is_incomplete: offers.is_incomplete,
        items: items.collect(),
    }))
}

/// Adds the documentation of an item.
pub fn resolve(view: &View, mut item: CompletionItem) -> CompletionItem {
    let kept = item.data.as_ref().and_then(|data| {
        let uri: Url = data.get("uri")?.as_str()?.parse().ok()?;
        Some((uri, Subject::from_data(data.get("subject")?)?))
    });
    if let Some((uri, subject)) = kept
        && let Some((project, _)) = view.file(&uri)
        && let Some(text) = subject.text(project.db(), project.workspace())
    {
        item.documentation = Some(Shows::new(&view.settings).documentation(&text));
    }
    item
}

fn item(
    shows: &Shows,
    lines: &Lines<'_>,
    place: usize,
    offer: &Offer,
    word: tower_lsp::lsp_types::Range,
) -> CompletionItem {
    let has_places = shows.snippets && offer.has_places();
    let new_text = match has_places {
        true => offer.snippet.clone(),
        false => offer.plain_text(),
    };
    let several = new_text.contains('\n');
    let import = offer.import.as_ref().map(|(at, text)| {
        vec![TextEdit {
            range: lines.range(*at),
            new_text: text.clone(),
        }]
    });
    // The module of an import is shown beside the label, if the client supports it.
    let from = offer
        .detail
        .as_deref()
        .and_then(|detail| detail.split_once(", import "))
        .filter(|_| shows.details);
    CompletionItem {
        label: offer.label.clone(),
        label_details: from.map(|(_, module)| CompletionItemLabelDetails {
            detail: None,
            description: Some(module.to_owned()),
        }),
        kind: Some(kind(offer.what)),
        detail: offer.detail.clone(),
        sort_text: Some(format!("{:03}{place:04}", offer.rank)),
        filter_text: offer.filter.clone(),
        insert_text_format: Some(match has_places {
            true => InsertTextFormat::SNIPPET,
            false => InsertTextFormat::PLAIN_TEXT,
        }),
        insert_text_mode: (several && shows.indents).then_some(InsertTextMode::ADJUST_INDENTATION),
        text_edit: Some(CompletionTextEdit::Edit(TextEdit {
            range: offer.replaces.map_or(word, |range| lines.range(range)),
            new_text,
        })),
        additional_text_edits: import,
        ..CompletionItem::default()
    }
}

fn kind(what: What) -> CompletionItemKind {
    match what {
        What::Keyword => CompletionItemKind::KEYWORD,
        What::Kind => CompletionItemKind::STRUCT,
        What::Field => CompletionItemKind::FIELD,
        What::Member => CompletionItemKind::ENUM_MEMBER,
        What::Block => CompletionItemKind::REFERENCE,
        What::Template => CompletionItemKind::CLASS,
        What::Let | What::Param => CompletionItemKind::VARIABLE,
        What::Module => CompletionItemKind::MODULE,
        What::Function => CompletionItemKind::FUNCTION,
        What::Type => CompletionItemKind::TYPE_PARAMETER,
        What::Literal => CompletionItemKind::VALUE,
        What::Metric => CompletionItemKind::CONSTANT,
        What::Label => CompletionItemKind::PROPERTY,
        What::Text => CompletionItemKind::TEXT,
    }
}
