//! The one thread that holds the database. It takes events in their order, and checks when none is left: edits
//! that come faster than they can be checked are checked together, and the newest wins.

use std::any::Any;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::thread::{self, JoinHandle};

use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::oneshot;
use tower_lsp::jsonrpc::{Error, Result};
use tower_lsp::lsp_types::{CodeActionParams, CodeActionResponse, MessageType, TextEdit, Url};

use crate::outgoing::Outgoing;
use crate::settings::Settings;
use crate::world::World;

/// Where an answer is awaited.
pub type Reply<T> = oneshot::Sender<Result<T>>;

/// Something that happened, or a question.
#[derive(Debug)]
pub enum Event {
    /// The client said what it can do.
    Start(Box<Settings>),
    /// A document was opened.
    Open {
        uri: Url,
        version: i32,
        text: Arc<str>,
    },
    /// A document has a new text.
    Change {
        uri: Url,
        version: i32,
        text: Arc<str>,
    },
    /// A document was written to its file.
    Save { uri: Url },
    /// A document was closed; its file counts again.
    Close { uri: Url },
    /// Files came, changed or went; with each, whether it was there before and after.
    FilesChanged { files: Vec<(Url, bool)> },
    /// How would a document look that is laid out?
    Format {
        uri: Url,
        reply: Reply<Option<Vec<TextEdit>>>,
    },
    /// What could be done at some place of a document?
    Actions {
        params: Box<CodeActionParams>,
        reply: Reply<Option<CodeActionResponse>>,
    },
}

/// The main thread's usual size: the tree's depth is bounded for it.
const STACK: usize = 8 * 1024 * 1024;

/// Starts the owner. It ends when nobody is left to send it events.
///
/// # Errors
/// Where no thread can be started.
pub fn start(outgoing: UnboundedSender<Outgoing>) -> io::Result<(Sender<Event>, JoinHandle<()>)> {
    let (send, receive) = channel();
    let owner = thread::Builder::new()
        .name("owner".to_owned())
        .stack_size(STACK)
        .spawn(move || run(&receive, outgoing))?;
    Ok((send, owner))
}

fn run(events: &Receiver<Event>, outgoing: UnboundedSender<Outgoing>) {
    let mut world = World::new(outgoing.clone());
    loop {
        let next = if world.has_work() {
            match events.try_recv() {
                Ok(event) => Some(event),
                Err(TryRecvError::Empty) => None,
                Err(TryRecvError::Disconnected) => return,
            }
        } else {
            match events.recv() {
                Ok(event) => Some(event),
                Err(_) => return,
            }
        };
        // A mistake of the compiler's must not take the editor's other files down, and must not be hidden either.
        let done = catch_unwind(AssertUnwindSafe(|| match next {
            Some(event) => take(&mut world, event),
            None => world.work(),
        }));
        if let Err(payload) = done {
            world.forget();
            let text = format!(
                "the compiler failed on this text, which is a bug in it: {}",
                said(&*payload)
            );
            if outgoing
                .send(Outgoing::Show(MessageType::ERROR, text.clone()))
                .is_err()
            {
                eprintln!("nth-lsp: {text}");
            }
        }
    }
}

fn take(world: &mut World, event: Event) {
    match event {
        Event::Start(settings) => world.start(*settings),
        Event::Open { uri, version, text } => world.open(uri, version, text),
        Event::Change { uri, version, text } => world.change(&uri, version, text),
        Event::Save { uri } => world.save(&uri),
        Event::Close { uri } => world.close(&uri),
        Event::FilesChanged { files } => world.files_changed(&files),
        Event::Format { uri, reply } => answer(reply, || world.format(&uri)),
        Event::Actions { params, reply } => answer(reply, || world.actions(&params)),
    }
}

/// Answers, or says that there was no answer, and lets the panic go on to be reported.
fn answer<T>(reply: Reply<T>, question: impl FnOnce() -> T) {
    let found = catch_unwind(AssertUnwindSafe(question));
    let (answer, failed) = match found {
        Ok(found) => (Ok(found), None),
        Err(payload) => (Err(Error::internal_error()), Some(payload)),
    };
    // Who asked may have given up by now, which is for them to decide.
    let _ = reply.send(answer);
    if let Some(payload) = failed {
        std::panic::resume_unwind(payload);
    }
}

/// What a panic said.
fn said(payload: &(dyn Any + Send)) -> &str {
    payload
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("it did not say why")
}
