//! The event loop: the one thread that owns the databases. It handles events in order and does only what is quick: it
//! changes texts, and hands snapshots to other threads, which answer requests and run checks. Edits that arrive
//! during a check are checked together afterwards.

use std::collections::HashSet;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, TryRecvError, channel};
use std::thread;
use std::time::Duration;

use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::oneshot;
use tower_lsp::lsp_types::MessageType;

use crate::embedded_files::EmbeddedFiles;
use crate::events::Event;
use crate::outgoing::Outgoing;
use crate::requests::{Outcome, Pool, STACK, panic_message};
use crate::state::ServerState;

/// Number of threads that answer requests.
const READERS: usize = 3;

/// The server is idle after this time without an event.
const IDLE: Duration = Duration::from_millis(1100);

/// Number of times that free memory is returned to the system while the server is idle.
const RETURNS: u32 = 2;

/// A handle of the running event loop.
pub struct EventLoop {
    /// Its queue.
    pub events: Sender<Event>,
    /// The files embedded in the compiler.
    pub embedded_files: Arc<EmbeddedFiles>,
    is_stopping: Arc<AtomicBool>,
    /// Sent at the end; dropped without a message if the thread fails.
    ended: oneshot::Receiver<()>,
}

impl EventLoop {
    /// Stops the event loop before the events that are still queued, and waits until it has ended. Returns false if
    /// it failed.
    pub async fn stop(self) -> bool {
        self.is_stopping.store(true, Ordering::Release);
        // The send fails only if the loop has ended already.
        let _ = self.events.send(Event::Stop);
        self.ended.await.is_ok()
    }
}

/// Starts the event loop. It ends on [`Event::Stop`].
///
/// # Errors
/// If no thread can be started.
pub fn start(outgoing: UnboundedSender<Outgoing>) -> io::Result<EventLoop> {
    let (send, receive) = channel();
    let events = send.clone();
    let report = move |outcome: Outcome<Event>| events.send(outcome.into()).is_ok();
    let readers = Pool::start("reader", READERS, report.clone())?;
    let checker = Pool::start("checker", 1, report)?;
    let state = ServerState::new(outgoing, send.clone(), readers, checker);
    let embedded_files = state.embedded_files();
    let is_stopping = Arc::new(AtomicBool::new(false));
    let stopped = Arc::clone(&is_stopping);
    let (done, ended) = oneshot::channel();
    thread::Builder::new()
        .name("event-loop".to_owned())
        .stack_size(STACK)
        .spawn(move || {
            run(&receive, state, &stopped);
            // The receiver is gone if stopping took too long.
            let _ = done.send(());
        })?;
    Ok(EventLoop {
        events: send,
        embedded_files,
        is_stopping,
        ended,
    })
}

fn run(events: &Receiver<Event>, mut state: ServerState, is_stopping: &AtomicBool) {
    let mut failures = HashSet::new();
    let mut returned = 0;
    loop {
        let next = if state.has_work() {
            match events.try_recv() {
                Ok(event) => Some(event),
                Err(TryRecvError::Empty) => None,
                Err(TryRecvError::Disconnected) => return,
            }
        } else if returned < RETURNS {
            match events.recv_timeout(IDLE) {
                Ok(event) => Some(event),
                Err(RecvTimeoutError::Timeout) => {
                    return_free_memory();
                    returned += 1;
                    continue;
                }
                Err(RecvTimeoutError::Disconnected) => return,
            }
        } else {
            match events.recv() {
                Ok(event) => Some(event),
                Err(_) => return,
            }
        };
        returned = 0;
        if is_stopping.load(Ordering::Acquire) {
            return state.stop();
        }
        let failure = match next {
            Some(Event::Stop) => return state.stop(),
            Some(Event::Failed(text)) => Some(text),
            Some(Event::CheckFailed(text)) => {
                state.check_failed();
                Some(text)
            }
            // A bug in the compiler must not end the server, and must not be hidden.
            other => catch_unwind(AssertUnwindSafe(|| match other {
                Some(event) => handle(&mut state, event),
                None => state.work(),
            }))
            .err()
            .map(|payload| {
                state.drop_pending();
                panic_message(&*payload).to_owned()
            }),
        };
        // Report each message once: the next keystroke may fail in the same way.
        if let Some(text) = failure
            && failures.insert(text.clone())
        {
            state.send(Outgoing::Show(
                MessageType::ERROR,
                format!("internal compiler error on this text, please report it: {text}"),
            ));
        }
    }
}

/// Allocates a little memory and frees it. The program's allocator keeps free pages for a second, and returns them to
/// the system at the next allocation, which an idle server would never make.
fn return_free_memory() {
    const BYTES: usize = 1 << 20;
    drop(std::hint::black_box(Vec::<u8>::with_capacity(BYTES)));
}

fn handle(state: &mut ServerState, event: Event) {
    match event {
        Event::Start(settings) => state.start(*settings),
        Event::Configure(settings) => state.configure(&settings),
        Event::Open { uri, version, text } => state.open(uri, version, text),
        Event::Change {
            uri,
            version,
            changes,
        } => state.change(&uri, version, changes),
        Event::Save { uri } => state.save(&uri),
        Event::Close { uri } => state.close(&uri),
        Event::FilesChanged { files } => state.files_changed(&files),
        Event::Folders { added, removed } => state.change_folders(added, &removed),
        Event::ProjectsFound(found) => state.projects_found(found),
        Event::Request(request) => state.request(request),
        Event::Pull(pull) => state.pull(pull),
        Event::Answered => state.answered(),
        Event::Interrupted(request) => state.interrupted(request),
        Event::Checked(checked) => state.checked(checked),
        Event::CheckedFirst(checked) => state.checked_first(checked),
        Event::CheckedPart(part) => state.checked_part(&part),
        Event::CheckFailed(_) | Event::Failed(_) | Event::Stop => {}
    }
}
