//! Code actions. The edits are computed at once, or by `codeAction/resolve` if the client supports it.

use nth_ide::features::code_actions::{self, ActionKind, Fix, Offer, Place, Plan};
use nth_ide::features::formatting::Change;
use serde_json::{Value, json};
use tower_lsp::jsonrpc::{Error, ErrorCode, Result};
use tower_lsp::lsp_types::{
    CodeAction, CodeActionDisabled, CodeActionKind, CodeActionOptions, CodeActionOrCommand,
    CodeActionParams, CodeActionProviderCapability, CodeActionResponse, CodeActionTriggerKind,
    Position, Range, ServerCapabilities, Url, WorkspaceEdit,
};

use crate::buffers::path_of;
use crate::lines::from_range;
use crate::settings::Settings;
use crate::view::View;

/// All kinds of code actions.
const KINDS: [ActionKind; 6] = [
    ActionKind::QuickFix,
    ActionKind::Extract,
    ActionKind::Inline,
    ActionKind::Rewrite,
    ActionKind::OrganizeImports,
    ActionKind::FixAll,
];

/// The protocol's name of a kind.
fn protocol_kind(kind: ActionKind) -> CodeActionKind {
    match kind {
        ActionKind::QuickFix => CodeActionKind::QUICKFIX,
        ActionKind::Extract => CodeActionKind::REFACTOR_EXTRACT,
        ActionKind::Inline => CodeActionKind::REFACTOR_INLINE,
        ActionKind::Rewrite => CodeActionKind::REFACTOR_REWRITE,
        ActionKind::OrganizeImports => CodeActionKind::SOURCE_ORGANIZE_IMPORTS,
        ActionKind::FixAll => CodeActionKind::SOURCE_FIX_ALL,
    }
}

/// Announces code actions, if the client supports literals.
pub fn offer(capabilities: &mut ServerCapabilities, settings: &Settings) {
    let kinds = KINDS.map(protocol_kind).to_vec();
    capabilities.code_action_provider = settings.actions.then(|| {
        CodeActionProviderCapability::Options(CodeActionOptions {
            code_action_kinds: Some(kinds),
            resolve_provider: Some(supports_resolve(settings)),
            ..CodeActionOptions::default()
        })
    });
}

/// True if the client resolves edits later.
fn supports_resolve(settings: &Settings) -> bool {
    let text_document = settings.client.text_document.as_ref();
    let client = text_document.and_then(|known| known.code_action.as_ref());
    let asked = client.and_then(|known| known.resolve_support.as_ref());
    let can_keep = client
        .and_then(|known| known.data_support)
        .unwrap_or_default();
    can_keep && asked.is_some_and(|known| known.properties.iter().any(|name| name == "edit"))
}

fn takes_reasons(settings: &Settings) -> bool {
    let text_document = settings.client.text_document.as_ref();
    let client = text_document.and_then(|known| known.code_action.as_ref());
    client
        .and_then(|known| known.disabled_support)
        .unwrap_or_default()
}

/// The code actions at a range.
pub fn code_actions(view: &View, params: &CodeActionParams) -> Option<CodeActionResponse> {
    let uri = &params.text_document.uri;
    let only = params.context.only.as_deref();
    let is_automatic = params.context.trigger_kind == Some(CodeActionTriggerKind::AUTOMATIC);
    let is_wanted = |kind: ActionKind| {
        let kind = protocol_kind(kind);
        match only {
            Some(only) => only.iter().any(|asked| is_of_kind(&kind, asked)),
            // Actions on the whole document are not shown as hints at a position.
            None => !(is_automatic && is_of_kind(&kind, &CodeActionKind::SOURCE)),
        }
    };
    let mut actions = Vec::new();
    if let Some(place) = place_of(view, uri, params.range) {
        for offer in code_actions::offers(&place, is_wanted) {
            actions.extend(to_action(view, uri, params, &place, offer));
        }
    }
    if is_wanted(ActionKind::QuickFix) {
        let mut fixes = quick_fixes(view, uri, params.range, &actions);
        fixes.append(&mut actions);
        actions = fixes;
    }
    if is_wanted(ActionKind::FixAll) {
        actions.extend(fix_all(view, uri));
    }
    (!actions.is_empty() || only.is_none_or(|only| only.iter().any(is_known))).then_some(actions)
}

/// True if some action may have the requested kind.
fn is_known(asked: &CodeActionKind) -> bool {
    let mut kinds = KINDS.into_iter().map(protocol_kind);
    kinds.any(|kind| is_of_kind(&kind, asked))
}

/// True if a kind is the requested one or a subkind of it.
fn is_of_kind(kind: &CodeActionKind, asked: &CodeActionKind) -> bool {
    let (kind, asked) = (kind.as_str(), asked.as_str());
    asked.is_empty()
        || kind == asked
        || kind
            .strip_prefix(asked)
            .is_some_and(|rest| rest.starts_with('.'))
}

fn place_of<'a>(view: &'a View, uri: &Url, range: Range) -> Option<Place<'a>> {
    let (project, file) = view.file(uri)?;
    // Closed documents are not changed.
    view.buffer(uri)?;
    let lines = view.lines(project.text(file));
    let (start, end) = (lines.offset(range.start), lines.offset(range.end));
    code_actions::place(&view.ide, project, file, (start, end))
}

/// Converts an offer; `None` if it would change nothing, or if it is not available and the client does not support
/// reasons.
fn to_action(
    view: &View,
    uri: &Url,
    params: &CodeActionParams,
    place: &Place<'_>,
    offer: Offer<'_>,
) -> Option<CodeActionOrCommand> {
    let is_fix = offer.kind == ActionKind::QuickFix;
    let mut action = CodeAction {
        title: offer.title,
        kind: Some(protocol_kind(offer.kind)),
        is_preferred: is_fix.then_some(offer.is_preferred),
        ..CodeAction::default()
    };
    match offer.plan {
        Plan::Refused(reason) => {
            action.disabled =
                takes_reasons(&view.settings).then_some(CodeActionDisabled { reason });
            action.disabled.as_ref()?;
        }
        // Only the edits show whether imports are organized already.
        Plan::Edits(make) if offer.kind == ActionKind::OrganizeImports => {
            action.edit = Some(edit(view, uri, place, make()?)?);
        }
        Plan::Edits(_) if supports_resolve(&view.settings) => {
            let version = view.buffer(uri)?.version;
            action.data = Some(json!({ "uri": uri, "version": version, "range": params.range }));
        }
        Plan::Edits(make) => action.edit = Some(edit(view, uri, place, make()?)?),
    }
    Some(CodeActionOrCommand::CodeAction(action))
}

/// Adds the edits of an action.
pub fn resolve(view: &View, action: &CodeAction) -> Result<CodeAction> {
    let mut action = action.clone();
    let Some(data) = action.data.take().filter(|_| action.edit.is_none()) else {
        return Ok(action);
    };
    let outdated = || Error {
        code: ErrorCode::ContentModified,
        message: "the document has changed".into(),
        data: None,
    };
    let Some((uri, version, range)) = read(&data) else {
        return Err(Error::invalid_params("unknown code action"));
    };
    if view.buffer(&uri).map(|buffer| buffer.version) != Some(version) {
        return Err(outdated());
    }
    let place = place_of(view, &uri, range).ok_or_else(outdated)?;
    let kind = action.kind.clone();
    let is_in_use = |of: ActionKind| kind.as_ref() == Some(&protocol_kind(of));
    let offers = code_actions::offers(&place, is_in_use);
    let offer = offers.into_iter().find(|offer| offer.title == action.title);
    if let Some(Offer {
        plan: Plan::Edits(make),
        ..
    }) = offer
    {
        action.edit = make().and_then(|changes| edit(view, &uri, &place, changes));
    }
    Ok(action)
}

fn read(data: &Value) -> Option<(Url, i32, Range)> {
    let uri = Url::parse(data.get("uri")?.as_str()?).ok()?;
    let version = i32::try_from(data.get("version")?.as_i64()?).ok()?;
    let range = data.get("range")?;
    let position = |of: &Value| {
        let number = |name: &str| u32::try_from(of.get(name)?.as_u64()?).ok();
        Some(Position::new(number("line")?, number("character")?))
    };
    let (start, end) = (position(range.get("start")?)?, position(range.get("end")?)?);
    Some((uri, version, Range::new(start, end)))
}

/// Converts changes of a document to a workspace edit.
fn edit(view: &View, uri: &Url, place: &Place<'_>, made: Vec<Change>) -> Option<WorkspaceEdit> {
    let path = path_of(uri);
    let changes = code_actions::formatted_changes(place, made)?;
    view.workspace_edit(
        code_actions::edits(place, changes)
            .into_iter()
            .map(|edit| (path.clone(), edit)),
    )
}

/// The fixes for problems at a range, without those whose titles are in `others`.
fn quick_fixes(
    view: &View,
    uri: &Url,
    range: Range,
    others: &[CodeActionOrCommand],
) -> Vec<CodeActionOrCommand> {
    let text = view.buffer(uri).map(|buffer| &*buffer.text);
    let range = from_range(range);
    let mut actions: Vec<CodeActionOrCommand> = Vec::new();
    for Fix { finding, fix } in code_actions::quick_fixes(&view.ide, &path_of(uri), text, range) {
        let is_offered = others.iter().any(|other| title(other) == fix.title);
        let Some(edit) = view.workspace_edit(fix.edits) else {
            continue;
        };
        let action = CodeActionOrCommand::CodeAction(CodeAction {
            title: fix.title,
            kind: Some(CodeActionKind::QUICKFIX),
            diagnostics: Some(vec![view.converter().diagnostic(&finding)]),
            edit: Some(edit),
            is_preferred: Some(fix.is_sure),
            ..CodeAction::default()
        });
        if !is_offered && !actions.contains(&action) {
            actions.push(action);
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

/// All safe fixes of a document as one action.
fn fix_all(view: &View, uri: &Url) -> Option<CodeActionOrCommand> {
    let path = path_of(uri);
    let edits = code_actions::all_fixes(&view.ide, &path);
    if edits.is_empty() {
        return None;
    }
    let edit = view.workspace_edit(edits.into_iter().map(|edit| (path.clone(), edit)))?;
    Some(CodeActionOrCommand::CodeAction(CodeAction {
        title: "Fix all auto-fixable problems".to_owned(),
        kind: Some(CodeActionKind::SOURCE_FIX_ALL),
        edit: Some(edit),
        ..CodeAction::default()
    }))
}
