//! Renames, in all files of all projects that contain the declaration.

use nth_ide::features::rename;
use nth_ide::navigation::edit::Refusal;
use tower_lsp::jsonrpc::{Error, ErrorCode, Result};
use tower_lsp::lsp_types::{
    OneOf, PrepareRenameResponse, RenameOptions, RenameParams, ServerCapabilities,
    TextDocumentPositionParams, WorkspaceEdit,
};

use crate::settings::Settings;
use crate::view::View;

/// Announces renames, with preparation if the client supports it.
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

/// The name at a cursor, if it can be renamed.
///
/// # Errors
/// If it cannot; with a message for the user.
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
        .map_err(refusal_error)?;
    let range = at.names.absolute(prepared.span);
    Ok(Some(PrepareRenameResponse::RangeWithPlaceholder {
        range: view.range(at.project, prepared.span.item.file, range),
        placeholder: prepared.name,
    }))
}

/// Returns the edits that rename the name at a cursor.
///
/// # Errors
/// If the meaning of a name would change; with a message for the user.
pub fn rename(view: &View, params: &RenameParams) -> Result<Option<WorkspaceEdit>> {
    let Some(at) = view.cursor(&params.text_document_position) else {
        return Ok(None);
    };
    let edits = rename::rename(&view.ide, &at, &params.new_name).map_err(refusal_error)?;
    Ok(view.workspace_edit(edits))
}

/// Creates the error of a refusal, which the client shows to the user.
fn refusal_error(reason: Refusal) -> Error {
    Error {
        code: ErrorCode::ServerError(REQUEST_FAILED),
        message: reason.to_string().into(),
        data: None,
    }
}

/// The error code of a valid request that cannot be fulfilled.
const REQUEST_FAILED: i64 = -32803;
