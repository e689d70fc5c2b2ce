//! Inlay hints: what a source does not say and the compiler knows, where one looks for it.

mod blocks;
mod calls;
mod wanted;

use nthc::syntax::tree::TextRange;
use serde_json::{Value, json};
use tower_lsp::lsp_types::{
    InlayHint, InlayHintKind, InlayHintLabel, InlayHintOptions, InlayHintParams,
    InlayHintServerCapabilities, InlayHintTooltip, OneOf, ServerCapabilities, Url,
    WorkDoneProgressOptions,
};

pub use wanted::WantedHints;

use super::hover;
use super::source::Source;
use crate::nodes::{Node, walk_item};
use crate::settings::Settings;
use crate::view::View;

/// Hints are given, and say more when one looks at them.
pub fn offer(capabilities: &mut ServerCapabilities, _: &Settings) {
    capabilities.inlay_hint_provider = Some(OneOf::Right(InlayHintServerCapabilities::Options(
        InlayHintOptions {
            work_done_progress_options: WorkDoneProgressOptions::default(),
            resolve_provider: Some(true),
        },
    )));
}

/// A hint at a byte of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hint {
    /// Where it stands.
    pub at: u32,
    /// What it says.
    pub label: String,
    /// Whether it is a parameter's name, which stands before a value; the others stand behind one.
    pub is_parameter: bool,
    /// What is explained when one looks at it.
    pub about: u32,
}

/// The hints of a range of a file, in the order of the text. Nothing outside of the items there is looked at.
pub fn hints(source: &Source<'_>, range: TextRange, wanted: &WantedHints) -> Vec<Hint> {
    let mut found = Vec::new();
    if !wanted.any() {
        return found;
    }
    for placed in source.items_in(range) {
        walk_item(&placed.item.node, &mut |node| {
            // A node that is not in the range is passed over before anything is asked of it.
            let own = placed.absolute(node.range());
            if own.end < range.start || range.end < own.start {
                return;
            }
            match node {
                Node::Block(block) => blocks::hints(source, &placed, block, wanted, &mut found),
                Node::Base(base) if wanted.parameters => {
                    calls::of_base(source, &placed, base, &mut found);
                }
                Node::Expr(expr) if wanted.parameters => {
                    calls::of_call(source, &placed, expr, &mut found);
                }
                _ => {}
            }
        });
    }
    found.retain(|hint| range.start <= hint.at && hint.at <= range.end);
    found.sort_by_key(|hint| hint.at);
    found
}

/// The hints of a range of a document.
pub fn inlay_hints(view: &View, params: &InlayHintParams) -> Option<Vec<InlayHint>> {
    let uri = &params.text_document.uri;
    let (project, file) = view.file(uri)?;
    let lines = view.lines(project.text(file));
    let bytes = lines.bytes(params.range);
    let range = TextRange::new(bytes.start, bytes.end);
    let found = hints(&Source::of(project, file), range, &view.settings.hints);
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

/// The hint with its explanation: what a hover over what it is about says.
pub fn resolve(view: &View, mut hint: InlayHint) -> InlayHint {
    hint.tooltip = hint.data.as_ref().and_then(|data| tooltip(view, data));
    hint
}

fn tooltip(view: &View, data: &Value) -> Option<InlayHintTooltip> {
    let uri = Url::parse(data.get("uri")?.as_str()?).ok()?;
    let position = serde_json::from_value(data.get("about")?.clone()).ok()?;
    let (project, file) = view.file(&uri)?;
    let offset = u32::try_from(view.offset(project, file, position)).ok()?;
    let (_, markup) = hover::at(&Source::of(project, file), offset)?;
    let content = markup.content(hover::reads_markdown(&view.settings));
    Some(InlayHintTooltip::MarkupContent(content))
}
