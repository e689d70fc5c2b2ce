//! New names, in all files of all projects that know the name.

use std::path::PathBuf;

use tower_lsp::jsonrpc::{Error, ErrorCode, Result};
use tower_lsp::lsp_types::{
    OneOf, PrepareRenameResponse, RenameOptions, RenameParams, ServerCapabilities,
    TextDocumentPositionParams, TextEdit, WorkspaceEdit,
};

use crate::features::definition::cursor;
use crate::features::references::homes;
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
    let Some(at) = cursor(view, params) else {
        return Ok(None);
    };
    let prepared = at
        .names
        .prepare_rename(at.file, at.offset)
        .map_err(refused)?;
    Ok(Some(PrepareRenameResponse::RangeWithPlaceholder {
        range: view.range_of(at.project, prepared.span),
        placeholder: prepared.name,
    }))
}

/// The edits that give the name at a cursor another text.
///
/// # Errors
/// Where that would change what something means, with the reason for the person.
pub fn rename(view: &View, params: &RenameParams) -> Result<Option<WorkspaceEdit>> {
    let Some(at) = cursor(view, &params.text_document_position) else {
        return Ok(None);
    };
    let prepared = at
        .names
        .prepare_rename(at.file, at.offset)
        .map_err(refused)?;
    let written = at.names.name_at(at.file, at.offset);
    let anchor = written
        .and_then(|written| at.names.declared(&written.name.meaning))
        // An alias is known in its own file alone.
        .filter(|declared| at.names.called(*declared) == prepared.name)
        .unwrap_or(prepared.span);
    let mut edits: Vec<(PathBuf, TextEdit)> = Vec::new();
    for (project, names, file, offset) in homes(view, at.project, &at.names, anchor) {
        view.stop_if_unwanted();
        let is_own = std::ptr::eq(project, at.project);
        // To whoever imports it, it is another package's: what they have to change is found all the same.
        let found = match is_own {
            true => names.rename(at.file, at.offset, &params.new_name),
            false => names.rename_imported(file, offset, &params.new_name),
        };
        for edit in found.map_err(refused)? {
            let Some(path) = project.files.path(edit.file) else {
                return Err(refused(
                    "a file that would change is not on disk".to_owned(),
                ));
            };
            let edit = (
                path.to_path_buf(),
                TextEdit {
                    range: view.range(project, edit.file, edit.range),
                    new_text: edit.text,
                },
            );
            if !edits.contains(&edit) {
                edits.push(edit);
            }
        }
    }
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
