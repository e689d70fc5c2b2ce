//! The language server of `.nth`: protocol types in, protocol types out. What is shown is `nth-ide`'s to say, and what is
//! wrong with a text, how to mend it and how to lay it out is the compiler's.
//!
//! - `backend`: the protocol's handlers. They put events into one queue, in order, and await no client.
//! - `events`: what is put there.
//! - `owner`: the one thread that takes them out and holds everything that changes.
//! - `world`: what it holds: the open buffers, the projects that they belong to, what was found in them.
//! - `view`: all of that as it was at one moment, for questions of other threads.
//! - `reads`: these questions, and the threads that answer them.
//! - `features`: what can be asked, each with what the client is told of it and with its answer in the protocol's types.
//! - `lines`, `convert`, `edits`: positions, findings and edits as the protocol has them.
//! - `outgoing`: the one task that awaits the client.
//! - `transport`: what stands between the client's bytes and the handlers.
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

/// How a conversation with a client ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// The client said `shutdown` before it left.
    InOrder,
    /// The client left without a word.
    Abruptly,
}

/// Serves the client on the standard streams of the process until it leaves.
///
/// The exit code is the protocol's: 0 where the client has said `shutdown`, and 1 where it has not.
pub fn run() -> ExitCode {
    complaints::hear_panics();
    // What is checked in parallel needs the stack that the depth of syntax trees is bounded for. Where the pool is there
    // already, somebody else chose.
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
    // A read of standard input cannot be given up: waiting for it would keep the process until the client closes it.
    // Whatever else is still being done ends with the process.
    runtime.shutdown_background();
    match ended {
        Ended::InOrder => ExitCode::SUCCESS,
        Ended::Abruptly => ExitCode::FAILURE,
    }
}

/// How long what is being done may take to stop after the client has left.
const GRACE: Duration = Duration::from_millis(500);

/// Serves one client until it leaves: by `exit`, by closing its end of either stream, or because the process that
/// `initialize` names ends. What is being done then is stopped.
pub async fn serve<I, O>(input: I, output: O) -> Ended
where
    I: AsyncRead + Unpin,
    O: AsyncWrite,
{
    let (send, receive) = mpsc::unbounded_channel();
    let owner = match event_loop::start(send.clone()) {
        Ok(owner) => owner,
        Err(cause) => {
            complain(&format_args!("cannot start a thread: {cause}"));
            return Ended::Abruptly;
        }
    };
    let (events, outgoing) = (owner.events.clone(), send.clone());
    let (service, socket) = LspService::build(|client| {
        tokio::spawn(outgoing::deliver(client.clone(), receive));
        Backend::new(client, events, send)
    })
    .custom_method("nth/virtualDocument", Backend::virtual_document)
    .finish();
    let ended = transport::converse(service, socket, (input, output), outgoing).await;
    let embedded_files = owner.embedded_files.clone();
    match tokio::time::timeout(GRACE, owner.stop()).await {
        Ok(true) => {}
        Ok(false) => complain(&"the owner of the database has failed"),
        // It is in the middle of something that cannot be stopped, and nobody waits for it.
        Err(_) => {}
    }
    // What was put on disk goes, whoever still holds it.
    embedded_files.clear();
    ended
}
