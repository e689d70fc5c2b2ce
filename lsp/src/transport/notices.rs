//! Notifications with invalid parameters. They have no answer, so the error is logged.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tower_lsp::jsonrpc::Request;
use tower_lsp::lsp_types::notification::{
    Cancel, DidChangeConfiguration, DidChangeTextDocument, DidChangeWatchedFiles,
    DidChangeWorkspaceFolders, DidCloseTextDocument, DidOpenTextDocument, DidSaveTextDocument,
    Notification,
};

/// The error in the parameters of a notification; `None` if they are valid, or if the server does not handle it.
pub fn fault(request: &Request) -> Option<String> {
    if request.id().is_some() {
        return None;
    }
    let params = request.params().unwrap_or(&Value::Null);
    let read = match request.method() {
        DidOpenTextDocument::METHOD => read::<DidOpenTextDocument>,
        DidChangeTextDocument::METHOD => read::<DidChangeTextDocument>,
        DidSaveTextDocument::METHOD => read::<DidSaveTextDocument>,
        DidCloseTextDocument::METHOD => read::<DidCloseTextDocument>,
        DidChangeWatchedFiles::METHOD => read::<DidChangeWatchedFiles>,
        DidChangeWorkspaceFolders::METHOD => read::<DidChangeWorkspaceFolders>,
        DidChangeConfiguration::METHOD => read::<DidChangeConfiguration>,
        Cancel::METHOD => read::<Cancel>,
        _ => return None,
    };
    let fault = read(params).err()?;
    Some(format!("`{}` is ignored: {fault}", request.method()))
}

fn read<N: Notification>(params: &Value) -> Result<(), serde_json::Error>
where
    N::Params: DeserializeOwned,
{
    N::Params::deserialize(params).map(drop)
}
