//! What could be done at a place: the fixes of what is wrong there, and comments that allow it.

use nthc::levels::allow_above;
use nthc::project::EXTENSION;
use tower_lsp::lsp_types::{
    CodeAction, CodeActionKind, CodeActionOptions, CodeActionOrCommand, CodeActionParams,
    CodeActionProviderCapability, CodeActionResponse, Range, ServerCapabilities, TextEdit,
};

use crate::buffers::path_of;
use crate::convert::{Finding, QuickFix};
use crate::settings::Settings;
use crate::view::View;

/// What is wrong can be mended, where the client takes edits with an action.
pub fn offer(capabilities: &mut ServerCapabilities, settings: &Settings) {
    capabilities.code_action_provider = settings.actions.then(|| {
        CodeActionProviderCapability::Options(CodeActionOptions {
            code_action_kinds: Some(vec![CodeActionKind::QUICKFIX]),
            ..CodeActionOptions::default()
        })
    });
}

/// The fixes of what is wrong at a place.
pub fn code_actions(view: &View, params: &CodeActionParams) -> Option<CodeActionResponse> {
    let is_asked = |kind: &CodeActionKind| {
        let quick = CodeActionKind::QUICKFIX;
        kind.as_str().is_empty()
            || quick == *kind
            || quick.as_str().starts_with(&format!("{}.", kind.as_str()))
    };
    let only = params.context.only.as_ref();
    if !only.is_none_or(|only| only.iter().any(is_asked)) {
        return None;
    }
    let path = path_of(&params.text_document.uri);
    let mut actions: Vec<CodeActionOrCommand> = Vec::new();
    for finding in view.findings(&path) {
        if !touch(finding.diagnostic.range, params.range) {
            continue;
        }
        for fix in finding.fixes.iter().chain(&allow(view, &finding)) {
            let Some(edit) = view.workspace_edit(fix.edits.iter().cloned()) else {
                continue;
            };
            let action = CodeActionOrCommand::CodeAction(CodeAction {
                title: fix.title.clone(),
                kind: Some(CodeActionKind::QUICKFIX),
                diagnostics: Some(vec![finding.diagnostic.clone()]),
                edit: Some(edit),
                is_preferred: Some(fix.is_sure),
                ..CodeAction::default()
            });
            if !actions.contains(&action) {
                actions.push(action);
            }
        }
    }
    Some(actions)
}

/// What would allow a warning where it stands, in a document that is open.
fn allow(view: &View, finding: &Finding) -> Option<QuickFix> {
    let extension = finding.path.extension();
    let is_source = extension.is_some_and(|extension| extension == EXTENSION);
    let buffer = view.buffers.get(&finding.path).filter(|_| is_source)?;
    let above = allow_above(&buffer.text, finding.place, finding.code)?;
    let at = above.at as usize;
    let range = view.lines(&buffer.text).range(at, at);
    let new_text = above.text;
    Some(QuickFix {
        title: format!("Allow `{}` here", finding.code.slug),
        is_sure: false,
        edits: vec![(finding.path.clone(), TextEdit { range, new_text })],
    })
}

/// Whether two ranges share a place, be it an end of each.
fn touch(left: Range, right: Range) -> bool {
    left.start <= right.end && right.start <= left.end
}
