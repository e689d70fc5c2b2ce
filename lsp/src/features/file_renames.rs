//! Updates imports when files and folders are renamed.

use std::path::PathBuf;

use nth_ide::features::file_renames::file_renames;
use nthc::project::{EXTENSION, paths};
use tower_lsp::lsp_types::{
    FileOperationFilter, FileOperationPattern, FileOperationRegistrationOptions, RenameFilesParams,
    ServerCapabilities, Url, WorkspaceEdit, WorkspaceFileOperationsServerCapabilities,
};

use crate::settings::Settings;
use crate::view::View;

/// Announces updates of imports.
pub fn offer(capabilities: &mut ServerCapabilities, _: &Settings) {
    let filters = [format!("**/*.{EXTENSION}"), "**/".to_owned()].map(|glob| FileOperationFilter {
        scheme: Some("file".to_owned()),
        pattern: FileOperationPattern {
            glob,
            ..FileOperationPattern::default()
        },
    });
    let workspace = capabilities.workspace.get_or_insert_default();
    workspace.file_operations = Some(WorkspaceFileOperationsServerCapabilities {
        will_rename: Some(FileOperationRegistrationOptions {
            filters: filters.to_vec(),
        }),
        ..WorkspaceFileOperationsServerCapabilities::default()
    });
}

/// Returns the edits of imports for renamed files.
pub fn will_rename_files(view: &View, params: &RenameFilesParams) -> Option<WorkspaceEdit> {
    let path = |uri: &str| {
        let path = Url::parse(uri).ok()?.to_file_path().ok()?;
        Some(paths::normalize(&path))
    };
    let renamed: Vec<(PathBuf, PathBuf)> = params
        .files
        .iter()
        .filter_map(|file| Some((path(&file.old_uri)?, path(&file.new_uri)?)))
        .collect();
    let edits = file_renames(&view.ide, &renamed);
    if edits.is_empty() {
        return None;
    }
    view.workspace_edit(edits)
}
