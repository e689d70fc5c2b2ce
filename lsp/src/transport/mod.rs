//! Between the client's bytes and the protocol's handlers. Any input is answered as JSON-RPC and the protocol
//! require, and the next message is read.
//!
//! - `framing`: from bytes to bodies. A broken frame is reported, and reading continues at the next one.
//! - `repair`, `message`: from a body to a message.
//! - `lifecycle`: the order of messages.
//! - `notices`: invalid notifications, which are logged because they have no answer.
//! - `output`: messages that the client has not read yet.
//! - `parent`: watches the client's process.

pub mod framing;
mod lifecycle;
pub mod message;
mod notices;
mod output;
mod parent;
mod repair;

use std::collections::HashSet;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::stream::{FuturesUnordered, StreamExt};
use futures_util::{FutureExt, SinkExt};
use serde::Serialize;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};
use tokio::sync::mpsc::UnboundedSender;
use tower_lsp::jsonrpc::{Error, ErrorCode, Id, Request, Response};
use tower_lsp::lsp_types::MessageType;
use tower_lsp::{ClientSocket, LanguageServer, LspService};
use tower_service::Service;

use crate::Ended;
use crate::complaints::complain;
use crate::outgoing::Outgoing;
use framing::{Frame, Framing};
use lifecycle::{Lifecycle, Turn};
use message::Message;
use output::Output;

/// Maximum number of requests answered at once. At the limit, nothing is read.
const CONCURRENT: usize = 1024;

/// Maximum time for a client that leaves to read the answers that are ready.
const PATIENCE: Duration = Duration::from_secs(1);

/// A pending answer; `None` for a notification.
type Answer = Pin<Box<dyn Future<Output = Option<Response>> + Send>>;

/// Passes messages between a client and `service` until the client leaves: by `exit`, by the end of `input`, by
/// closing `output`, or because its process ends. Pending answers are dropped then.
pub async fn converse<S, I, O>(
    service: LspService<S>,
    socket: ClientSocket,
    (input, output): (I, O),
    outgoing: UnboundedSender<Outgoing>,
) -> Ended
where
    S: LanguageServer,
    I: AsyncRead + Unpin,
    O: AsyncWrite,
{
    let (mut requests, answers) = socket.split();
    let mut input = Input {
        input,
        framing: Framing::default(),
    };
    let mut desk = Desk {
        service,
        lifecycle: Lifecycle::default(),
        running: FuturesUnordered::new(),
        output: Output::new(output),
        asked: HashSet::new(),
        outgoing,
    };
    let mut answers = answers;
    let mut client: Pin<Box<dyn Future<Output = ()> + Send>> = Box::pin(std::future::pending());
    let mut has_requests = true;
    let mut is_written = true;
    loop {
        let may_read = desk.running.len() < CONCURRENT && desk.output.has_room();
        tokio::select! {
            frame = input.next(), if may_read => match frame {
                Ok(Some(frame)) => match desk.take(frame, &mut input.framing) {
                    Taken::Done => {}
                    Taken::Answer(answer) => {
                        // Only answers to known requests get here, so the receiver is waiting.
                        if let Err(cause) = answers.send(answer).await {
                            complain(&cause);
                        }
                    }
                    Taken::Greeted(process) => {
                        if let Some(process) = process {
                            client = Box::pin(process.wait_until_gone());
                        }
                    }
                    Taken::Exit => break,
                },
                Ok(None) => break,
                Err(cause) => {
                    complain(&format_args!("cannot read from the client: {cause}"));
                    break;
                }
            },
            request = requests.next(), if has_requests && desk.output.has_room() => match request {
                Some(request) => {
                    desk.asked.extend(request.id().cloned());
                    desk.send(&request);
                }
                None => has_requests = false,
            },
            Some(answer) = desk.running.next(), if !desk.running.is_empty() => {
                if let Some(answer) = answer {
                    desk.send(&answer);
                }
            }
            Err(cause) = desk.output.drive() => {
                complain(&format_args!("the client does not read any more: {cause}"));
                is_written = false;
                break;
            }
            () = &mut client => {
                complain(&"the client's process has ended");
                is_written = false;
                break;
            }
        }
    }
    // Dropping a request cancels it.
    desk.running.clear();
    if is_written {
        // It does not matter whether a client that leaves reads the rest.
        let _ = tokio::time::timeout(PATIENCE, desk.output.drain()).await;
    }
    match desk.lifecycle.is_shut_down() {
        true => Ended::InOrder,
        false => Ended::Abruptly,
    }
}

/// The frames from the client.
struct Input<I> {
    input: I,
    framing: Framing,
}

impl<I: AsyncRead + Unpin> Input<I> {
    /// The next frame; `None` if the client has closed its end. Cancel-safe.
    async fn next(&mut self) -> std::io::Result<Option<Frame>> {
        loop {
            if let Some(frame) = self.framing.next_frame() {
                return Ok(Some(frame));
            }
            if self.input.read_buf(self.framing.buffer()).await? == 0 {
                return Ok(None);
            }
        }
    }
}

/// The result of a frame.
enum Taken {
    /// It is answered, or will be.
    Done,
    /// It answers a request of the server.
    Answer(Response),
    /// The client sent `initialize`, which may name its process.
    Greeted(Option<parent::Process>),
    /// The client leaves.
    Exit,
}

/// Handles messages in both directions.
struct Desk<S, O> {
    service: LspService<S>,
    lifecycle: Lifecycle,
    running: FuturesUnordered<Answer>,
    output: Output<O>,
    /// The server's requests that the client has not answered.
    asked: HashSet<Id>,
    outgoing: UnboundedSender<Outgoing>,
}

impl<S: LanguageServer, O: AsyncWrite> Desk<S, O> {
    fn take(&mut self, frame: Frame, framing: &mut Framing) -> Taken {
        let mut body = match frame {
            Frame::Body(body) => body,
            Frame::Broken { reason, body } => {
                let code = match body {
                    Some(_) => ErrorCode::InvalidRequest,
                    None => ErrorCode::ParseError,
                };
                self.send(&message::refuse(body.as_deref(), code, reason));
                return Taken::Done;
            }
        };
        match message::read(&mut body) {
            Message::Request(request) => return self.request(request),
            Message::Response(response) => {
                if self.asked.remove(response.id()) {
                    return Taken::Answer(response);
                }
                self.warn(format!(
                    "ignored the response to the request {}: no such request is pending",
                    response.id()
                ));
            }
            Message::Refused(refusal) => self.send(&refusal),
            Message::Unreadable(refusal) => {
                self.send(&refusal);
                framing.reject(&body);
            }
            Message::Ignored(reason) => self.warn(reason),
        }
        Taken::Done
    }

    fn request(&mut self, request: Request) -> Taken {
        let request = match self.lifecycle.turn(request) {
            Turn::Taken(request) => request,
            Turn::Refused(refusal) => {
                self.send(&refusal);
                return Taken::Done;
            }
            Turn::Ignored => return Taken::Done,
            Turn::Exit => return Taken::Exit,
        };
        if let Some(fault) = notices::fault(&request) {
            self.warn(fault);
            return Taken::Done;
        }
        let greeting = (request.method() == "initialize")
            .then(|| parent::Process::from_params(request.params()));
        let is_good_bye = request.method() == "shutdown";
        // The first poll happens here: in it each handler enqueues its event, so that events stay in order.
        let answer = match first_step(self.call(request)) {
            Ok(answer) => answer,
            Err(running) => {
                self.running.push(running);
                return Taken::Done;
            }
        };
        let is_ok = answer.as_ref().is_some_and(Response::is_ok);
        if let Some(answer) = answer {
            self.send(&answer);
        }
        if is_ok && is_good_bye {
            self.lifecycle.shut_down();
        }
        match greeting {
            Some(process) if is_ok => {
                self.lifecycle.greet();
                Taken::Greeted(process)
            }
            _ => Taken::Done,
        }
    }

    /// Calls the handlers. If one panics, an error is answered.
    fn call(&mut self, request: Request) -> Answer {
        let id = request.id().cloned();
        let failed = move || id.map(|id| Response::from_error(id, Error::internal_error()));
        match catch_unwind(AssertUnwindSafe(|| self.service.call(request))) {
            Err(_) => Box::pin(std::future::ready(failed())),
            Ok(answer) => Box::pin(AssertUnwindSafe(answer).catch_unwind().map(|answer| {
                match answer {
                    Ok(Ok(answer)) => answer,
                    // After `exit`, the handlers get no more messages.
                    Ok(Err(_)) => None,
                    Err(_) => failed(),
                }
            })),
        }
    }

    fn send(&mut self, message: &impl Serialize) {
        if let Err(cause) = self.output.push(message) {
            complain(&format_args!("cannot write a message: {cause}"));
        }
    }

    fn warn(&self, text: String) {
        if let Err(unsent) = self
            .outgoing
            .send(Outgoing::Log(MessageType::WARNING, text))
        {
            complain(&format_args!("not told: {:?}", unsent.0));
        }
    }
}

/// Polls an answer once: it is ready, or continues later.
fn first_step(mut answer: Answer) -> Result<Option<Response>, Answer> {
    let mut context = Context::from_waker(std::task::Waker::noop());
    match answer.as_mut().poll(&mut context) {
        Poll::Ready(answer) => Ok(answer),
        Poll::Pending => Err(answer),
    }
}
