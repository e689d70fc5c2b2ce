//! Edits of several files.

use std::collections::BTreeMap;
use std::path::PathBuf;

use tower_lsp::lsp_types::{
    DocumentChanges, OneOf, OptionalVersionedTextDocumentIdentifier, TextDocumentEdit, TextEdit,
    WorkspaceEdit,
};

use crate::buffers::{Buffers, address};

/// Creates a workspace edit from edits by file; `None` if one of the files has no URI.
pub fn workspace_edit(
    buffers: &Buffers,
    is_versioned: bool,
    by_file: BTreeMap<PathBuf, Vec<TextEdit>>,
) -> Option<WorkspaceEdit> {
    let files = by_file.into_iter().map(|(path, edits)| {
        let version = buffers.get(&path).map(|buffer| buffer.version);
        address(buffers, &path).map(|uri| (uri, version, edits))
    });
    let files: Vec<_> = files.collect::<Option<_>>()?;
    if !is_versioned {
        let changes = files.into_iter().map(|(uri, _, edits)| (uri, edits));
        return Some(WorkspaceEdit::new(changes.collect()));
    }
    let documents = files
        .into_iter()
        .map(|(uri, version, edits)| TextDocumentEdit {
            text_document: OptionalVersionedTextDocumentIdentifier { uri, version },
            edits: edits.into_iter().map(OneOf::Left).collect(),
        });
    Some(WorkspaceEdit {
        document_changes: Some(DocumentChanges::Edits(documents.collect())),
        ..WorkspaceEdit::default()
    })
}
