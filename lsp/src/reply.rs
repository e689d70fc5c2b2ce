//! Where an answer is awaited.

use tokio::sync::oneshot;
use tower_lsp::jsonrpc::Result;

/// Where an answer is awaited.
pub type Reply<T> = oneshot::Sender<Result<T>>;
