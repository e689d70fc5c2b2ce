//! New names, in all files of all projects that know the name.

use nth_ide::features::rename;
use tower_lsp::jsonrpc::{Error, ErrorCode, Result};
use tower_lsp::lsp_types::{
    OneOf, PrepareRenameResponse, RenameOptions, RenameParams, ServerCapabilities,
    TextDocumentPositionParams, WorkspaceEdit,
};

use crate::settings::Settings;
use crate::view::View;

/// Names can be changed; a client that asks first is told whether.
pub fn offer(capabilities: &mut ServerCapabilities, settings: &Settings) {
    let text_document = settings.client.text_document.as_ref();
    let asks_first = text_document
        .and_then(|known| known.rename.as_ref()?.prepare_support)
        .unwrap_or_default();
    capabilities.rename_provider = Some(match asks_first {
        true => OneOf::Right(RenameOptions {
            prepare_provider: Some(true),
            work_done_progress_options: Default::default(),
        }),
        false => OneOf::Left(true),
    });
}

/// The name at a cursor, if it can be changed.
///
/// # Errors
/// Where it cannot, with the reason for the person.
pub fn prepare_rename(
    view: &View,
    params: &TextDocumentPositionParams,
) -> Result<Option<PrepareRenameResponse>> {
    let Some(at) = view.cursor(params) else {
        return Ok(None);
    };
    let prepared = at
        .names
        .prepare_rename(at.file, at.offset)
        .map_err(refused)?;
    let range = at.names.absolute(prepared.span);
    Ok(Some(PrepareRenameResponse::RangeWithPlaceholder {
        range: view.range(at.project, prepared.span.item.file, range),
        placeholder: prepared.name,
    }))
}

/// The edits that give the name at a cursor another text.
///
/// # Errors
/// Where that would change what something means, with the reason for the person.
pub fn rename(view: &View, params: &RenameParams) -> Result<Option<WorkspaceEdit>> {
    let Some(at) = view.cursor(&params.text_document_position) else {
        return Ok(None);
    };
    let edits = rename::rename(&view.ide, &at, &params.new_name).map_err(refused)?;
    Ok(view.workspace_edit(edits))
}

/// A refusal that the client shows to the person.
fn refused(reason: String) -> Error {
    Error {
        code: ErrorCode::ServerError(REQUEST_FAILED),
        message: reason.into(),
        data: None,
    }
}

/// A request that was understood and could not be done.
const REQUEST_FAILED: i64 = -32803;
