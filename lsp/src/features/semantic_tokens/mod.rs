//! Semantic tokens, and the last answers: a client with a document's tokens gets only the differences.

mod encode;

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use nth_ide::features::semantic_tokens::{self, tokens};
use nth_ide::features::source::Source;
use nthc::syntax::tree::TextRange;
use tower_lsp::lsp_types::{
    SemanticToken, SemanticTokenModifier, SemanticTokenType, SemanticTokens, SemanticTokensDelta,
    SemanticTokensDeltaParams, SemanticTokensFullDeltaResult, SemanticTokensFullOptions,
    SemanticTokensLegend, SemanticTokensOptions, SemanticTokensParams, SemanticTokensRangeParams,
    SemanticTokensRangeResult, SemanticTokensResult, SemanticTokensServerCapabilities,
    ServerCapabilities, Url, WorkDoneProgressOptions,
};

use encode::{delta, encode};

use crate::settings::Settings;
use crate::view::View;

/// Maximum number of documents whose tokens are remembered.
const MOST: usize = 64;

/// Announces semantic tokens: full, range and delta.
pub fn offer(capabilities: &mut ServerCapabilities, _: &Settings) {
    capabilities.semantic_tokens_provider = Some(
        SemanticTokensServerCapabilities::SemanticTokensOptions(SemanticTokensOptions {
            work_done_progress_options: WorkDoneProgressOptions::default(),
            legend: legend(),
            range: Some(true),
            full: Some(SemanticTokensFullOptions::Delta { delta: Some(true) }),
        }),
    );
}

fn legend() -> SemanticTokensLegend {
    let legend = semantic_tokens::legend();
    SemanticTokensLegend {
        token_types: legend
            .kinds
            .into_iter()
            .map(SemanticTokenType::new)
            .collect(),
        token_modifiers: legend
            .modifiers
            .into_iter()
            .map(SemanticTokenModifier::new)
            .collect(),
    }
}

/// The last answer for each document.
#[derive(Debug, Default)]
pub struct Memory {
    answers: AtomicU64,
    last: Mutex<HashMap<Url, (u64, Vec<SemanticToken>)>>,
}

impl Memory {
    /// Stores an answer. Returns its result id.
    fn keep(&self, uri: &Url, tokens: &[SemanticToken]) -> String {
        let number = self.answers.fetch_add(1, Ordering::Relaxed);
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        last.insert(uri.clone(), (number, tokens.to_vec()));
        if last.len() > MOST {
            let oldest = last.iter().min_by_key(|(_, (number, _))| *number);
            if let Some(oldest) = oldest.map(|(uri, _)| uri.clone()) {
                last.remove(&oldest);
            }
        }
        number.to_string()
    }

    /// The answer with a result id, if it is the last one for the document.
    fn recall(&self, uri: &Url, id: &str) -> Option<Vec<SemanticToken>> {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let (number, tokens) = last.get(uri)?;
        (number.to_string() == id).then(|| tokens.clone())
    }
}

fn all(
    view: &View,
    uri: &Url,
    wanted: Option<tower_lsp::lsp_types::Range>,
) -> Option<Vec<SemanticToken>> {
    let (project, file) = view.file(uri)?;
    let text = project.text(file);
    let lines = view.lines(text);
    let range = match wanted {
        Some(range) => {
            let bytes = lines.bytes(range);
            TextRange::new(bytes.start, bytes.end)
        }
        None => TextRange::new(0, text.len()),
    };
    let found = tokens(&Source::new(project, file), range);
    let client = view.settings.client.text_document.as_ref();
    let multiline = client
        .and_then(|client| client.semantic_tokens.as_ref()?.multiline_token_support)
        .unwrap_or_default();
    Some(encode(text, &found, &lines, multiline))
}

/// All tokens of a document.
pub fn full(
    view: &View,
    memory: &Memory,
    params: &SemanticTokensParams,
) -> Option<SemanticTokensResult> {
    let uri = &params.text_document.uri;
    let data = all(view, uri, None)?;
    let result_id = Some(memory.keep(uri, &data));
    Some(SemanticTokensResult::Tokens(SemanticTokens {
        result_id,
        data,
    }))
}

/// The difference from the last answer, or all tokens if that is not known any more.
pub fn full_delta(
    view: &View,
    memory: &Memory,
    params: &SemanticTokensDeltaParams,
) -> Option<SemanticTokensFullDeltaResult> {
    let uri = &params.text_document.uri;
    let before = memory.recall(uri, &params.previous_result_id);
    let data = all(view, uri, None)?;
    let result_id = Some(memory.keep(uri, &data));
    Some(match before {
        Some(before) => SemanticTokensFullDeltaResult::TokensDelta(SemanticTokensDelta {
            result_id,
            edits: delta(&before, &data),
        }),
        None => SemanticTokensFullDeltaResult::Tokens(SemanticTokens { result_id, data }),
    })
}

/// The tokens of a range of a document.
pub fn range(view: &View, params: &SemanticTokensRangeParams) -> Option<SemanticTokensRangeResult> {
    let data = all(view, &params.text_document.uri, Some(params.range))?;
    Some(SemanticTokensRangeResult::Tokens(SemanticTokens {
        result_id: None,
        data,
    }))
}
