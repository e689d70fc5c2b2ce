//! The language server of `.nth`: conversion between the protocol and `nth-ide`, which decides what is shown.
//! Diagnostics, fixes and formatting come from the compiler.
//!
//! - `backend`: the protocol's handlers. They put events into one queue, in order, and never await the client.
//! - `events`: the events in the queue.
//! - `event_loop`: the one thread that handles them and owns all mutable state.
//! - `state`: that state: open documents, projects, published diagnostics.
//! - `view`: a snapshot of the state, for other threads.
//! - `requests`: requests on snapshots, and the threads that answer them.
//! - `features`: one module per feature: its capability, and the conversion of its result.
//! - `lines`, `convert`, `edits`: conversion of positions, diagnostics and edits.
//! - `outgoing`: the one task that awaits the client.
//! - `transport`: from the client's bytes to the handlers and back.
//! - `complaints`: standard error.

mod backend;
mod buffers;
mod complaints;
mod convert;
mod edits;
mod embedded_files;
mod event_loop;
mod events;
mod features;
mod folders;
mod lines;
mod outgoing;
mod progress;
mod published;
mod pulls;
mod reply;
mod requests;
mod settings;
mod state;
mod transport;
mod view;
mod watching;

use std::process::ExitCode;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::mpsc;
use tower_lsp::LspService;

use backend::Backend;
use complaints::complain;

/// The end of a session with a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// The client sent `shutdown` before it left.
    InOrder,
    /// The client left without `shutdown`.
    Abruptly,
}

/// Serves the client on the standard streams of the process until it leaves.
///
/// The exit code is the protocol's: 0 if the client sent `shutdown`, otherwise 1.
pub fn run() -> ExitCode {
    complaints::install_panic_hook();
    // Parallel checks need the stack size that the depth of syntax trees is limited for. If the pool exists already,
    // the embedding program has chosen.
    let _ = rayon::ThreadPoolBuilder::new()
        .stack_size(requests::STACK)
        .build_global();
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(cause) => {
            complain(&format_args!("cannot start: {cause}"));
            return ExitCode::FAILURE;
        }
    };
    let ended = runtime.block_on(serve(tokio::io::stdin(), tokio::io::stdout()));
    // A read of standard input cannot be cancelled: waiting for it would keep the process until the client closes it.
    // Other work ends with the process.
    runtime.shutdown_background();
    match ended {
        Ended::InOrder => ExitCode::SUCCESS,
        Ended::Abruptly => ExitCode::FAILURE,
    }
}

/// Maximum time for running work to stop after the client has left.
const GRACE: Duration = Duration::from_millis(500);

/// Serves one client until it leaves: by `exit`, by closing its end of either stream, or because the process named in
/// `initialize` ends. Running work is stopped then.
pub async fn serve<I, O>(input: I, output: O) -> Ended
where
    I: AsyncRead + Unpin,
    O: AsyncWrite,
{
    let (send, receive) = mpsc::unbounded_channel();
    let event_loop = match event_loop::start(send.clone()) {
        Ok(event_loop) => event_loop,
        Err(cause) => {
            complain(&format_args!("cannot start a thread: {cause}"));
            return Ended::Abruptly;
        }
    };
    let (events, outgoing) = (event_loop.events.clone(), send.clone());
    let (service, socket) = LspService::build(|client| {
        tokio::spawn(outgoing::deliver(client.clone(), receive));
        Backend::new(client, events, send)
    })
    .custom_method("nth/virtualDocument", Backend::virtual_document)
    .finish();
    let ended = transport::converse(service, socket, (input, output), outgoing).await;
    let embedded_files = event_loop.embedded_files.clone();
    match tokio::time::timeout(GRACE, event_loop.stop()).await {
        Ok(true) => {}
        Ok(false) => complain(&"the owner of the database has failed"),
        // Its current work cannot be stopped, and nothing waits for it.
        Err(_) => {}
    }
    // The written files are removed, even if the event loop still uses them.
    embedded_files.clear();
    ended
}
