//! Inlay hints: inferred values and parameter names.

use nth_ide::features::hover;
use nth_ide::features::inlay_hints::hints;
use nth_ide::features::source::Source;
use nthc::syntax::tree::TextRange;
use serde_json::{Value, json};
use tower_lsp::lsp_types::{
    InlayHint, InlayHintKind, InlayHintLabel, InlayHintOptions, InlayHintParams,
    InlayHintServerCapabilities, InlayHintTooltip, OneOf, ServerCapabilities, Url,
    WorkDoneProgressOptions,
};

use super::hover::content;
use crate::settings::Settings;
use crate::view::View;

/// Announces inlay hints with resolution.
pub fn offer(capabilities: &mut ServerCapabilities, _: &Settings) {
    capabilities.inlay_hint_provider = Some(OneOf::Right(InlayHintServerCapabilities::Options(
        InlayHintOptions {
            work_done_progress_options: WorkDoneProgressOptions::default(),
            resolve_provider: Some(true),
        },
    )));
}

/// The hints of a range of a document.
pub fn inlay_hints(view: &View, params: &InlayHintParams) -> Option<Vec<InlayHint>> {
    let uri = &params.text_document.uri;
    let (project, file) = view.file(uri)?;
    let lines = view.lines(project.text(file));
    let bytes = lines.bytes(params.range);
    let range = TextRange::new(bytes.start, bytes.end);
    let found = hints(&Source::new(project, file), range, &view.settings.hints);
    let hints = found.into_iter().map(|hint| InlayHint {
        position: lines.position(hint.at as usize),
        label: InlayHintLabel::String(hint.label),
        kind: hint.is_parameter.then_some(InlayHintKind::PARAMETER),
        text_edits: None,
        tooltip: None,
        padding_left: Some(!hint.is_parameter),
        padding_right: Some(hint.is_parameter),
        data: Some(json!({
            "uri": uri,
            "about": lines.position(hint.about as usize),
        })),
    });
    Some(hints.collect())
}

/// Adds the tooltip of a hint: the hover of its subject.
pub fn resolve(view: &View, mut hint: InlayHint) -> InlayHint {
    hint.tooltip = hint.data.as_ref().and_then(|data| tooltip(view, data));
    hint
}

fn tooltip(view: &View, data: &Value) -> Option<InlayHintTooltip> {
    let uri = Url::parse(data.get("uri")?.as_str()?).ok()?;
    let position = serde_json::from_value(data.get("about")?.clone()).ok()?;
    let (project, file) = view.file(&uri)?;
    let offset = u32::try_from(view.offset(project, file, position)).ok()?;
    let found = hover::hover(&Source::new(project, file), offset)?;
    let content = content(&view.settings, &found.markup);
    Some(InlayHintTooltip::MarkupContent(content))
}
