//! Requests that are answered on a snapshot, and the threads that answer them.
//!
//! The event loop takes the snapshot when it takes the request out of the queue, so the answer is about the text that
//! the client had sent by then. The next edit interrupts the work: the request goes back to the event loop, which
//! retries or refuses it.

use std::any::Any;
use std::collections::VecDeque;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use nth_ide::cancel::CancelHandle;
use salsa::{Cancelled, Database as _};
use tower_lsp::jsonrpc::{Error, Result};

use crate::reply::Reply;
use crate::view::View;

/// Stack size of the threads, in bytes. The depth of syntax trees is bounded, but chains of references may be long.
pub const STACK: usize = nthc::stack::STACK;

/// Maximum number of times that a request is started.
pub const TRIES: u32 = 5;

/// Treatment of a request that an edit interrupts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnEdit {
    /// It is started again: its subject is still there.
    Retry,
    /// It is refused, because its position may have moved. It is retried nevertheless if the client does not support
    /// that.
    Refuse,
}

/// A request.
pub struct Request {
    /// Treatment after an edit.
    pub on_edit: OnEdit,
    /// Cancels the request.
    pub cancel: CancelHandle,
    /// Number of times that an edit has interrupted it.
    pub tries: u32,
    /// True if it works on the whole project.
    pub is_broad: bool,
    answer: Box<dyn FnMut(Step<'_>) + Send>,
}

enum Step<'a> {
    Answer(&'a View),
    Refuse(Error),
}

impl Request {
    /// Creates a request. `question` computes the answer, which goes to `reply`.
    pub fn new<T: Send + 'static>(
        on_edit: OnEdit,
        cancel: CancelHandle,
        question: impl Fn(&View) -> Result<T> + Send + 'static,
        reply: Reply<T>,
    ) -> Self {
        let mut reply = Some(reply);
        Self {
            on_edit,
            cancel,
            tries: 0,
            is_broad: false,
            answer: Box::new(move |step| {
                let answer = match step {
                    Step::Answer(view) => question(view),
                    Step::Refuse(error) => Err(error),
                };
                if let Some(reply) = reply.take() {
                    // The receiver is gone if the client cancelled the request.
                    let _ = reply.send(answer);
                }
            }),
        }
    }

    /// Answers with an error.
    pub fn refuse(mut self, error: Error) {
        (self.answer)(Step::Refuse(error));
    }
}

impl std::fmt::Debug for Request {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Request")
            .field("tries", &self.tries)
            .finish_non_exhaustive()
    }
}

/// Work on a snapshot.
pub enum Job<T> {
    /// Answers a request.
    Request(Request),
    /// Checks a project.
    Check(Check<T>),
}

/// The check of a project.
pub struct Check<T> {
    /// The part that somebody waits for: it does little, and starts no threads.
    pub first: Box<dyn FnOnce(&View) + Send>,
    /// All else. Returns the event with the result.
    pub rest: Box<dyn FnOnce(&View) -> T + Send>,
}

/// The outcome of a job.
#[derive(Debug)]
pub enum Outcome<T> {
    /// The request was answered or cancelled: its snapshot is dropped.
    Answered,
    /// The request was interrupted by an edit.
    Interrupted(Request),
    /// The request failed with this panic message.
    Failed(String),
    /// The check is done, with this result.
    Checked(T),
    /// The check was stopped by an edit.
    CheckStopped,
    /// The check failed with this panic message.
    CheckFailed(String),
}

struct Queue<T> {
    jobs: VecDeque<(Job<T>, View)>,
    /// The running jobs, by the number of their thread.
    running: Vec<Option<CancelHandle>>,
    is_closed: bool,
}

/// Threads that run jobs in the order of their arrival.
pub struct Pool<T> {
    queue: Arc<(Mutex<Queue<T>>, Condvar)>,
    threads: Vec<JoinHandle<()>>,
}

impl<T: Send + 'static> Pool<T> {
    /// Starts `count` threads. `report` gets the outcome of each job, and returns whether it was delivered: if not, the
    /// threads end.
    ///
    /// # Errors
    /// If no thread can be started.
    pub fn start(
        name: &str,
        count: usize,
        report: impl Fn(Outcome<T>) -> bool + Clone + Send + 'static,
    ) -> io::Result<Self> {
        let queue = Queue {
            jobs: VecDeque::new(),
            running: vec![None; count],
            is_closed: false,
        };
        let queue = Arc::new((Mutex::new(queue), Condvar::new()));
        let threads = (0..count).map(|number| {
            let queue = Arc::clone(&queue);
            let report = report.clone();
            thread::Builder::new()
                .name(format!("{name}-{number}"))
                .stack_size(STACK)
                .spawn(move || run_worker(number, &queue, &report))
        });
        Ok(Self {
            threads: threads.collect::<io::Result<_>>()?,
            queue,
        })
    }

    /// Queues a job.
    pub fn submit(&self, job: Job<T>, view: View) {
        let (queue, news) = &*self.queue;
        lock(queue).jobs.push_back((job, view));
        news.notify_one();
    }

    /// Takes back the jobs that were not started, and drops their snapshots, for which an edit would wait.
    pub fn take_back(&self) -> Vec<Job<T>> {
        let (queue, _) = &*self.queue;
        let jobs = std::mem::take(&mut lock(queue).jobs);
        jobs.into_iter().map(|(job, _)| job).collect()
    }
}

impl<T> Pool<T> {
    /// Cancels running jobs, and drops those that were not started.
    pub fn stop(&self) {
        let (queue, news) = &*self.queue;
        let jobs = {
            let mut queue = lock(queue);
            queue.is_closed = true;
            for cancel in queue.running.iter().flatten() {
                cancel.cancel();
            }
            std::mem::take(&mut queue.jobs)
        };
        // Snapshots are dropped outside the lock.
        drop(jobs);
        news.notify_all();
    }
}

impl<T> Drop for Pool<T> {
    fn drop(&mut self) {
        self.stop();
        for thread in self.threads.drain(..) {
            // A panic of a job was reported as its outcome.
            let _ = thread.join();
        }
    }
}

fn run_worker<T: Send>(
    number: usize,
    queue: &(Mutex<Queue<T>>, Condvar),
    report: &impl Fn(Outcome<T>) -> bool,
) {
    let (queue, news) = queue;
    let set_running = |waiting: &mut Queue<T>, running: Option<CancelHandle>| {
        if let Some(place) = waiting.running.get_mut(number) {
            *place = running;
        }
    };
    loop {
        let mut waiting = lock(queue);
        set_running(&mut waiting, None);
        let (job, view) = loop {
            if let Some(next) = waiting.jobs.pop_front() {
                break next;
            }
            if waiting.is_closed {
                return;
            }
            waiting = news.wait(waiting).unwrap_or_else(PoisonError::into_inner);
        };
        set_running(&mut waiting, Some(view.ide.cancel.clone()));
        drop(waiting);
        if !report(run_in_pool(job, view)) {
            return;
        }
    }
}

/// Runs a job. A job over the whole project gets a thread pool of its own, which ends with it: the allocator returns
/// memory that a thread allocated to the system only after the thread has ended.
fn run_in_pool<T: Send>(job: Job<T>, view: View) -> Outcome<T> {
    let (job, is_broad) = match job {
        Job::Check(Check { first, rest }) => {
            if let Err(outcome) = run_check(first, &view) {
                return outcome;
            }
            let first = Box::new(|_: &View| ());
            (Job::Check(Check { first, rest }), true)
        }
        Job::Request(request) => {
            let is_broad = request.is_broad;
            (Job::Request(request), is_broad)
        }
    };
    let threads = || {
        rayon::ThreadPoolBuilder::new()
            .thread_name(|number| format!("broad-{number}"))
            .stack_size(STACK)
            .build()
            .ok()
    };
    // If no threads can be started, the global pool is used.
    match is_broad.then(threads).flatten() {
        Some(pool) => pool.install(move || run(job, view)),
        None => run(job, view),
    }
}

/// Runs a job. Returns its outcome.
fn run<T>(job: Job<T>, view: View) -> Outcome<T> {
    match job {
        Job::Check(Check { rest, .. }) => match run_check(rest, &view) {
            Ok(found) => Outcome::Checked(found),
            Err(outcome) => outcome,
        },
        Job::Request(request) if request.cancel.is_cancelled() => Outcome::Answered,
        Job::Request(mut request) => {
            request.cancel.set_tokens(view.ide.tokens());
            let done = catch_unwind(AssertUnwindSafe(|| (request.answer)(Step::Answer(&view))));
            request.cancel.set_tokens(Vec::new());
            match done {
                Ok(()) => Outcome::Answered,
                Err(_) if request.cancel.is_cancelled() => Outcome::Answered,
                Err(payload) if is_cancelled(&*payload, &view) => Outcome::Interrupted(request),
                Err(payload) => {
                    request.refuse(Error::internal_error());
                    Outcome::Failed(panic_message(&*payload).to_owned())
                }
            }
        }
    }
}

/// Runs a part of a check. Returns its result, or why there is none.
fn run_check<T, R>(
    check: impl FnOnce(&View) -> R,
    view: &View,
) -> std::result::Result<R, Outcome<T>> {
    view.ide.cancel.set_tokens(view.ide.tokens());
    let done = catch_unwind(AssertUnwindSafe(|| check(view)));
    done.map_err(|payload| match is_cancelled(&*payload, view) {
        true => Outcome::CheckStopped,
        false => Outcome::CheckFailed(panic_message(&*payload).to_owned()),
    })
}

/// True if an edit or the client stopped the work with this panic payload.
fn is_cancelled(payload: &(dyn Any + Send), view: &View) -> bool {
    match payload.downcast_ref::<Cancelled>() {
        Some(Cancelled::PendingWrite | Cancelled::Local) => true,
        // It waited for a result of another thread, which an edit has interrupted too, or which has failed.
        Some(_) => is_awaited(view),
        None => false,
    }
}

/// True if an edit is waiting for a snapshot of the view. It waits until the snapshot is dropped.
fn is_awaited(view: &View) -> bool {
    view.ide.projects.iter().any(|project| {
        let check = || project.db().unwind_if_revision_cancelled();
        catch_unwind(AssertUnwindSafe(check)).is_err()
    })
}

/// The message of a panic.
pub fn panic_message(payload: &(dyn Any + Send)) -> &str {
    if payload.is::<Cancelled>() {
        return "another thread failed";
    }
    payload
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("it did not say why")
}

/// Locks a mutex. Poisoning is ignored: no panic while one of these is locked leaves a partial change.
fn lock<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
#[allow(clippy::expect_used)]
mod tests {
    use std::sync::mpsc::channel;

    use nth_ide::cancel::CancelOnDrop;
    use tokio::sync::oneshot;

    use super::*;

    fn view(cancel: &CancelHandle) -> View {
        View {
            ide: nth_ide::view::View {
                cancel: cancel.clone(),
                ..Default::default()
            },
            ..View::default()
        }
    }

    fn request<T: Send + 'static>(
        question: impl Fn(&View) -> Result<T> + Send + 'static,
    ) -> (Job<()>, View, oneshot::Receiver<Result<T>>) {
        let (reply, answer) = oneshot::channel();
        let cancel = CancelHandle::default();
        let view = view(&cancel);
        let request = Request::new(OnEdit::Refuse, cancel, question, reply);
        (Job::Request(request), view, answer)
    }

    #[test]
    fn a_failure_is_an_answer_and_ends_no_thread() {
        let (events, told) = channel();
        let pool =
            Pool::start("test", 1, move |outcome| events.send(outcome).is_ok()).expect("a thread");
        let (job, view, failed) = request::<()>(|_| panic!("it did"));
        pool.submit(job, view);
        let (job, view, sound) = request(|_| Ok(7));
        pool.submit(job, view);
        assert_eq!(sound.blocking_recv(), Ok(Ok(7)));
        assert_eq!(failed.blocking_recv(), Ok(Err(Error::internal_error())));
        match told.recv() {
            Ok(Outcome::Failed(text)) => assert_eq!(text, "it did"),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_an_edit_stops_goes_back_to_the_owner() {
        let (job, view, answer) =
            request::<()>(|_| std::panic::resume_unwind(Box::new(Cancelled::PendingWrite)));
        let Outcome::Interrupted(request) = run(job, view) else {
            panic!("it was not told");
        };
        request.refuse(Error::content_modified());
        assert_eq!(answer.blocking_recv(), Ok(Err(Error::content_modified())));
    }

    #[test]
    fn what_nobody_wants_is_not_looked_for() {
        let (job, view, answer) = request(|_| Ok(7));
        drop(CancelOnDrop(view.ide.cancel.clone()));
        assert!(matches!(run(job, view), Outcome::Answered));
        assert!(answer.blocking_recv().is_err(), "nobody answered");

        // A running request stops at the next check for cancellation.
        let (job, view, answer) = request(|view| {
            view.ide.cancel.cancel();
            view.ide.stop_if_cancelled();
            Ok(7)
        });
        assert!(matches!(run(job, view), Outcome::Answered));
        assert!(answer.blocking_recv().is_err(), "nobody answered");
    }

    #[test]
    fn a_pool_that_ends_gives_up_what_is_being_done() {
        let (events, _told) = channel();
        let pool =
            Pool::start("test", 2, move |outcome| events.send(outcome).is_ok()).expect("threads");
        let (begun, has_begun) = channel();
        let endless = move |view: &View| -> ! {
            let _ = begun.send(());
            loop {
                view.ide.stop_if_cancelled();
                thread::yield_now();
            }
        };
        let asked = endless.clone();
        let (job, of_read, answer) = request::<()>(move |view| asked(view));
        pool.submit(job, of_read);
        let check = Job::Check(Check {
            first: Box::new(|_| ()),
            rest: Box::new(move |view| endless(view)),
        });
        pool.submit(check, view(&CancelHandle::default()));
        for _ in 0..2 {
            has_begun.recv().expect("both are being done");
        }
        let (job, of_later, later) = request(|_| Ok(7));
        pool.submit(job, of_later);
        // Dropping the pool waits for its threads.
        drop(pool);
        assert!(answer.blocking_recv().is_err(), "nobody answered");
        assert!(later.blocking_recv().is_err(), "nobody began");
    }
}
