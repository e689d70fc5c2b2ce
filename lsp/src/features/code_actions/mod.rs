//! What could be done at a place: the compiler's fixes, what is missing put in, imports, and other ways to write the
//! same.
//!
//! Each action is a function that looks at a [`Place`] and adds what it could do to a list of [`Offer`]s. Its edits are
//! made when they are asked for: at once, or by `codeAction/resolve` where the client asks for them later.

mod add_import;
mod environments;
mod extract_let;
mod extract_template;
mod fixes;
mod inline_let;
mod lines;
mod missing;
mod organize;
mod place;
mod strings;
mod template_edits;
mod template_order;
mod values;

use std::path::PathBuf;

use nthc::schema::is_standard;
use nthc::syntax::tree::TextRange;
use serde_json::{Value, json};
use tower_lsp::jsonrpc::{Error, ErrorCode, Result};
use tower_lsp::lsp_types::{
    CodeAction, CodeActionDisabled, CodeActionKind, CodeActionOptions, CodeActionOrCommand,
    CodeActionParams, CodeActionProviderCapability, CodeActionResponse, CodeActionTriggerKind,
    Position, Range, ServerCapabilities, TextEdit, Url, WorkspaceEdit,
};

use super::formatting::diff::{Change, apply, changes};
use super::formatting::{edits, layout};
use crate::buffers::path_of;
use crate::settings::Settings;
use crate::view::View;
use place::{Offer, Place, Plan};

/// An action: it adds what it could do.
type Action = for<'a> fn(&'a Place<'a>, &mut Vec<Offer<'a>>);

/// All actions, each with the kinds that it may have.
const ACTIONS: &[(CodeActionKind, Action)] = &[
    (CodeActionKind::QUICKFIX, missing::fields),
    (CodeActionKind::QUICKFIX, missing::arguments),
    (CodeActionKind::QUICKFIX, add_import::add),
    (CodeActionKind::REFACTOR_EXTRACT, extract_let::extract),
    (CodeActionKind::REFACTOR_EXTRACT, extract_template::extract),
    (CodeActionKind::REFACTOR_INLINE, inline_let::inline),
    (CodeActionKind::REFACTOR_REWRITE, strings::convert),
    (CodeActionKind::REFACTOR_REWRITE, environments::environments),
    (CodeActionKind::REFACTOR_REWRITE, lines::lines),
    (CodeActionKind::SOURCE_ORGANIZE_IMPORTS, organize::organize),
];

/// Something can be done, where the client takes edits with an action.
pub fn offer(capabilities: &mut ServerCapabilities, settings: &Settings) {
    let kinds = vec![
        CodeActionKind::QUICKFIX,
        CodeActionKind::REFACTOR_EXTRACT,
        CodeActionKind::REFACTOR_INLINE,
        CodeActionKind::REFACTOR_REWRITE,
        CodeActionKind::SOURCE_ORGANIZE_IMPORTS,
        CodeActionKind::SOURCE_FIX_ALL,
    ];
    capabilities.code_action_provider = settings.actions.then(|| {
        CodeActionProviderCapability::Options(CodeActionOptions {
            code_action_kinds: Some(kinds),
            resolve_provider: Some(resolves(settings)),
            ..CodeActionOptions::default()
        })
    });
}

/// Whether the client asks for an action's edits when it needs them.
fn resolves(settings: &Settings) -> bool {
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

/// What could be done at a place.
pub fn code_actions(view: &View, params: &CodeActionParams) -> Option<CodeActionResponse> {
    let uri = &params.text_document.uri;
    let only = params.context.only.as_deref();
    let is_automatic = params.context.trigger_kind == Some(CodeActionTriggerKind::AUTOMATIC);
    let is_wanted = |kind: &CodeActionKind| match only {
        Some(only) => only.iter().any(|asked| is_of_kind(kind, asked)),
        // What concerns all of a document is no hint about a place.
        None => !(is_automatic && is_of_kind(kind, &CodeActionKind::SOURCE)),
    };
    let mut actions = Vec::new();
    if let Some(place) = place_of(view, uri, params.range) {
        let offers = offers(&place, &is_wanted);
        for offer in offers {
            actions.extend(shown(view, uri, params, &place, offer));
        }
    }
    if is_wanted(&CodeActionKind::QUICKFIX) {
        let mut fixes = fixes::quick_fixes(view, uri, params.range, &actions);
        fixes.append(&mut actions);
        actions = fixes;
    }
    if is_wanted(&CodeActionKind::SOURCE_FIX_ALL) {
        actions.extend(fix_all(view, uri));
    }
    (!actions.is_empty() || only.is_none_or(|only| only.iter().any(is_known))).then_some(actions)
}

/// Whether some action may be of a kind that is asked for.
fn is_known(asked: &CodeActionKind) -> bool {
    let mut kinds = ACTIONS.iter().map(|(kind, _)| kind);
    kinds.any(|kind| is_of_kind(kind, asked)) || is_of_kind(&CodeActionKind::SOURCE_FIX_ALL, asked)
}

/// Whether a kind is the one that is asked for, or one of its kinds.
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
    // What is not open, and the standard library, is not for an editor to change.
    view.buffer(uri)?;
    if is_standard(project.db(), file) {
        return None;
    }
    let text = project.text(file);
    let lines = view.lines(text);
    let (start, end) = (lines.offset(range.start), lines.offset(range.end));
    let (start, end) = (start.min(end), start.max(end));
    let selected = text.get(start..end).unwrap_or_default();
    let leading = selected.len() - selected.trim_start().len();
    let length = selected.trim().len();
    let start = if length == 0 { start } else { start + leading };
    Some(Place {
        view,
        project,
        file,
        text,
        range: TextRange::new(start, start + length),
    })
}

fn offers<'a>(
    place: &'a Place<'a>,
    is_wanted: &impl Fn(&CodeActionKind) -> bool,
) -> Vec<Offer<'a>> {
    let mut offers = Vec::new();
    for (kind, action) in ACTIONS {
        if is_wanted(kind) {
            place.view.stop_if_unwanted();
            action(place, &mut offers);
        }
    }
    offers
}

/// An offer as the client is told of it; nothing where it would change nothing, or cannot be done and the client does
/// not ask why.
fn shown(
    view: &View,
    uri: &Url,
    params: &CodeActionParams,
    place: &Place<'_>,
    offer: Offer<'_>,
) -> Option<CodeActionOrCommand> {
    let is_fix = offer.kind == CodeActionKind::QUICKFIX;
    let mut action = CodeAction {
        title: offer.title,
        kind: Some(offer.kind),
        is_preferred: is_fix.then_some(offer.is_preferred),
        ..CodeAction::default()
    };
    match offer.plan {
        Plan::Refused(reason) => {
            action.disabled =
                takes_reasons(&view.settings).then_some(CodeActionDisabled { reason });
            action.disabled.as_ref()?;
        }
        // Whether imports are in order is not known before they are put in order.
        Plan::Edits(make) if action.kind == Some(CodeActionKind::SOURCE_ORGANIZE_IMPORTS) => {
            action.edit = Some(edit(view, uri, place, make()?)?);
        }
        Plan::Edits(_) if resolves(&view.settings) => {
            let version = view.buffer(uri)?.version;
            action.data = Some(json!({ "uri": uri, "version": version, "range": params.range }));
        }
        Plan::Edits(make) => action.edit = Some(edit(view, uri, place, make()?)?),
    }
    Some(CodeActionOrCommand::CodeAction(action))
}

/// An action with its edits.
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
    let offers = offers(&place, &|of: &CodeActionKind| kind.as_ref() == Some(of));
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

/// Changes of a document as an edit of the workspace. What was laid out stays so.
fn edit(view: &View, uri: &Url, place: &Place<'_>, mut made: Vec<Change>) -> Option<WorkspaceEdit> {
    made.sort_by_key(|change| change.range);
    let is_crlf = layout::has_crlf(place.text);
    for change in &mut made {
        change.text = layout::with_line_ends(&change.text, is_crlf);
    }
    let after = apply(place.text, &made)?;
    let tidied = layout::tidied(place.text, after);
    let changes = changes(place.text, &tidied);
    let path = path_of(uri);
    let edits = edits(&view.lines(place.text), changes);
    if edits.is_empty() {
        return None;
    }
    view.workspace_edit(with_path(path, edits))
}

fn with_path(path: PathBuf, edits: Vec<TextEdit>) -> Vec<(PathBuf, TextEdit)> {
    edits.into_iter().map(|edit| (path.clone(), edit)).collect()
}

/// Every sure fix of a document as one action.
fn fix_all(view: &View, uri: &Url) -> Option<CodeActionOrCommand> {
    let edits = fixes::all_fixes(view, uri);
    if edits.is_empty() {
        return None;
    }
    let edit = view.workspace_edit(with_path(path_of(uri), edits))?;
    Some(CodeActionOrCommand::CodeAction(CodeAction {
        title: "Fix all auto-fixable problems".to_owned(),
        kind: Some(CodeActionKind::SOURCE_FIX_ALL),
        edit: Some(edit),
        ..CodeAction::default()
    }))
}
