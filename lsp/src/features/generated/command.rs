//! The command that shows a virtual document in clients that do not support them, by writing it to a file.

use nthc::backends::file_stem;
use serde_json::Value;
use tower_lsp::jsonrpc::{Error, Result};
use tower_lsp::lsp_types::{ExecuteCommandParams, MessageType, Url};

use super::{SHOW, virtual_document};
use crate::outgoing::Outgoing;
use crate::view::View;

/// A virtual document that was written to a file.
pub struct WrittenDocument {
    file: Url,
    /// True if the client supports showing files.
    can_show: bool,
}

impl WrittenDocument {
    /// The file's URI.
    pub fn address(&self) -> String {
        self.file.to_string()
    }

    /// The message to the client: to show the file, or its path.
    pub fn outgoing(self) -> Outgoing {
        if self.can_show {
            Outgoing::ShowFile(self.file)
        } else {
            let place = self.file.to_file_path().ok();
            let place = place.map_or(self.file.to_string(), |path| path.display().to_string());
            Outgoing::Show(MessageType::INFO, place)
        }
    }
}

/// Executes a command; `None` if it is another one.
///
/// # Errors
/// If the arguments are invalid; with a message for the user.
pub fn execute(view: &View, params: &ExecuteCommandParams) -> Result<Option<WrittenDocument>> {
    if params.command != SHOW {
        return Err(Error::invalid_params(format!(
            "unknown command {:?}",
            params.command
        )));
    }
    let uri = params.arguments.first().and_then(Value::as_str);
    let uri = uri
        .and_then(|uri| Url::parse(uri).ok())
        .ok_or_else(|| Error::invalid_params(format!("{SHOW} expects the URI of a document")))?;
    let Some(document) = virtual_document(view, &uri) else {
        return Err(Error::invalid_params(format!("unknown document {uri}")));
    };
    // No segment can lead out of the folder of the files.
    let segments = uri.path_segments().into_iter().flatten();
    let path: Vec<String> = segments.map(file_stem).collect();
    let name = format!("{}/{}", uri.scheme(), path.join("/"));
    let written = view.embedded_files.document(&name, &document.text);
    let file = written
        .ok()
        .and_then(|path| Url::from_file_path(path).ok())
        .ok_or_else(Error::internal_error)?;
    Ok(Some(WrittenDocument {
        file,
        can_show: view.settings.shows_documents(),
    }))
}
