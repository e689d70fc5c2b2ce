//! The fixes of the compiler, and comments that allow what it warns of.

use nthc::levels::allow_above;
use nthc::project::EXTENSION;
use tower_lsp::lsp_types::{CodeAction, CodeActionKind, CodeActionOrCommand, Range, TextEdit, Url};

use crate::buffers::path_of;
use crate::convert::{Finding, QuickFix};
use crate::view::View;

/// The fixes of what is wrong at a place. Those called as in `others` are left out: they are offered already.
pub fn quick_fixes(
    view: &View,
    uri: &Url,
    range: Range,
    others: &[CodeActionOrCommand],
) -> Vec<CodeActionOrCommand> {
    let mut actions: Vec<CodeActionOrCommand> = Vec::new();
    for finding in view.findings(&path_of(uri)) {
        if !touch(finding.diagnostic.range, range) {
            continue;
        }
        for fix in finding.fixes.iter().chain(&allow(view, &finding)) {
            let is_offered = others.iter().any(|other| title(other) == fix.title);
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
            if !is_offered && !actions.contains(&action) {
                actions.push(action);
            }
        }
    }
    actions
}

fn title(action: &CodeActionOrCommand) -> &str {
    match action {
        CodeActionOrCommand::CodeAction(action) => &action.title,
        CodeActionOrCommand::Command(command) => &command.title,
    }
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

/// The edits of every fix of a document that is surely right, as `nthc check --fix` makes them: of a finding's fixes the
/// first, and of two that touch the same text that of the finding that comes first.
pub fn all_fixes(view: &View, uri: &Url) -> Vec<TextEdit> {
    let path = path_of(uri);
    let mut findings = view.findings(&path);
    findings.sort_by_key(|finding| (finding.diagnostic.range.start, finding.code.id));
    let mut accepted: Vec<TextEdit> = Vec::new();
    for finding in &findings {
        let Some(fix) = finding.fixes.iter().find(|fix| fix.is_sure) else {
            continue;
        };
        // Other documents are not this one's to change.
        let is_own = fix.edits.iter().all(|(of, _)| *of == path);
        let edits: Vec<&TextEdit> = fix.edits.iter().map(|(_, edit)| edit).collect();
        let is_apart = edits.iter().all(|edit| {
            accepted
                .iter()
                .all(|other| !overlap(edit.range, other.range))
        });
        if is_own && is_apart {
            accepted.extend(edits.into_iter().cloned());
        }
    }
    accepted.sort_by_key(|edit| edit.range.start);
    accepted
}

/// Whether two edits can't both be made without a choice of what comes first.
fn overlap(left: Range, right: Range) -> bool {
    left.start == right.start || left.start < right.end && right.start < left.end
}

/// Whether two ranges share a place, be it an end of each.
fn touch(left: Range, right: Range) -> bool {
    left.start <= right.end && right.start <= left.end
}
