//! Answers of requests.

use tokio::sync::oneshot;
use tower_lsp::jsonrpc::Result;

/// Sends the answer of a request to its handler.
pub type Reply<T> = oneshot::Sender<Result<T>>;
