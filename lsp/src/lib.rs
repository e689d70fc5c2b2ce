//! The language server of `.nth`: protocol types in, protocol types out. What is wrong with a text, how to mend it
//! and how to lay it out is the compiler's to say.
//!
//! - `backend`: the protocol's handlers. They put events into one queue, in order, and await no client.
//! - `owner`: the one thread that takes them out and holds everything that changes.
//! - `world`: what it holds: the open buffers, the projects that they belong to, what was found in them.
//! - `view`: all of that as it was at one moment, for questions of other threads.
//! - `reads`: these questions, and the threads that answer them.
//! - `cursor`: what stands around a cursor in half-typed text.
//! - `features`: what can be asked.
//! - `convert`: the compiler's diagnostics and fixes as the protocol's.
//! - `outgoing`: the one task that awaits the client.

mod backend;
pub mod buffers;
pub mod convert;
pub mod cursor;
pub mod edits;
pub mod features;
mod folders;
pub mod navigation;
pub mod nodes;
mod outgoing;
mod owner;
pub mod position;
mod progress;
pub mod project;
mod promql_spans;
mod published;
mod pulls;
pub mod reads;
pub mod settings;
pub mod shelf;
pub mod view;
mod world;

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{Notify, mpsc};
use tower_lsp::jsonrpc::Request;
use tower_lsp::{LspService, Server};
use tower_service::Service;

use backend::Backend;

/// How a conversation with a client ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// The client said `shutdown` before it left.
    InOrder,
    /// The client left without a word.
    Abruptly,
}

/// Serves the client on the standard streams of the process until it leaves.
pub fn run() -> ExitCode {
    // What is checked in parallel needs the stack that the depth of syntax trees is bounded for. Where the pool is there
    // already, somebody else chose.
    let _ = rayon::ThreadPoolBuilder::new()
        .stack_size(reads::STACK)
        .build_global();
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(cause) => {
            eprintln!("nth-lsp: cannot start: {cause}");
            return ExitCode::FAILURE;
        }
    };
    let ended = runtime.block_on(serve(tokio::io::stdin(), tokio::io::stdout()));
    // A read of standard input cannot be given up: waiting for it would keep the process until the client closes it.
    runtime.shutdown_background();
    match ended {
        Ended::InOrder => ExitCode::SUCCESS,
        Ended::Abruptly => ExitCode::FAILURE,
    }
}

/// How many messages are looked at concurrently. A request waits for its answer in one of these places, and while all
/// are taken neither an edit nor a cancellation gets through.
const CONCURRENT: usize = 1024;

/// Serves one client until it says `exit` or closes its end.
pub async fn serve<I, O>(input: I, output: O) -> Ended
where
    I: AsyncRead + Unpin,
    O: AsyncWrite,
{
    let (send, receive) = mpsc::unbounded_channel();
    let (events, owner) = match owner::start(send.clone()) {
        Ok(started) => started,
        Err(cause) => {
            eprintln!("nth-lsp: cannot start a thread: {cause}");
            return Ended::Abruptly;
        }
    };
    let left = Arc::new(Notify::new());
    let was_shut_down = Arc::new(AtomicBool::new(false));
    let stop = events.clone();
    let (service, socket) = LspService::build(|client| {
        tokio::spawn(outgoing::deliver(client.clone(), receive));
        Backend::new(client, events, send)
    })
    .custom_method("nth/virtualDocument", Backend::virtual_document)
    .finish();
    let watched = Watched {
        service,
        left: Arc::clone(&left),
        was_shut_down: Arc::clone(&was_shut_down),
    };
    tokio::select! {
        () = Server::new(input, output, socket).concurrency_level(CONCURRENT).serve(watched) => {}
        () = left.notified() => {}
    }
    // What the owner put on disk goes with it. Where it has ended by itself, nobody is there to be told.
    let _ = stop.send(owner::Event::Stop);
    match tokio::task::spawn_blocking(move || owner.join()).await {
        Ok(Ok(())) => {}
        Ok(Err(_)) => eprintln!("nth-lsp: the owner of the database has failed"),
        Err(cause) => eprintln!("nth-lsp: {cause}"),
    }
    if was_shut_down.load(Ordering::Acquire) {
        Ended::InOrder
    } else {
        Ended::Abruptly
    }
}

/// The service, and who wants to know that the client leaves: the transport itself goes on reading after `exit`.
struct Watched {
    service: LspService<Backend>,
    left: Arc<Notify>,
    was_shut_down: Arc<AtomicBool>,
}

impl Service<Request> for Watched {
    type Response = <LspService<Backend> as Service<Request>>::Response;
    type Error = <LspService<Backend> as Service<Request>>::Error;
    type Future = <LspService<Backend> as Service<Request>>::Future;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.service.poll_ready(context)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        match request.method() {
            "shutdown" => self.was_shut_down.store(true, Ordering::Release),
            "exit" => self.left.notify_one(),
            "initialize" => return self.service.call(as_it_is_read(request)),
            _ => {}
        }
        self.service.call(request)
    }
}

/// The request with what its reader has another name for: `workspace.diagnostics` of the protocol is `diagnostic` there.
fn as_it_is_read(request: Request) -> Request {
    let (method, id, params) = request.into_parts();
    let mut built = Request::build(method);
    if let Some(id) = id {
        built = built.id(id);
    }
    if let Some(mut params) = params {
        let workspace = params.pointer_mut("/capabilities/workspace");
        if let Some(workspace) = workspace.and_then(serde_json::Value::as_object_mut)
            && let Some(known) = workspace.get("diagnostics").cloned()
        {
            workspace.insert("diagnostic".to_owned(), known);
        }
        built = built.params(params);
    }
    built.finish()
}
