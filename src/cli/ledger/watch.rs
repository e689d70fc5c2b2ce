//! `nthc ledger watch`.

use std::io::Write as _;
use std::process;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Instant;

use super::super::Context;
use super::super::console::Console;
use super::super::exit::{Exit, Failure};
use super::super::options::LedgerWatch;
use super::super::report;
use super::pull::{self, End};
use nthc::project::io_cause;

/// The exit code after a second signal: 128 and the number of SIGINT, as shells have it.
const INTERRUPTED: i32 = 130;

/// Pulls again and again until a signal.
///
/// # Errors
///
/// If the first pull cannot be run as it is asked for.
pub fn run(
    context: &Context,
    options: &LedgerWatch,
    console: &mut Console,
) -> Result<Exit, Failure> {
    let is_ended = Arc::new(AtomicBool::new(false));
    let (send, ended) = channel();
    on_signal(Arc::clone(&is_ended), send)?;
    let end = End {
        until: None,
        is_ended: &|| is_ended.load(Ordering::Relaxed),
    };
    let mut is_first = true;
    loop {
        let began = Instant::now();
        match pull::run(context, &options.what, &end, console) {
            // What is invalid now stays invalid.
            Err(failure) if is_first && failure.exit == Exit::Usage => return Err(failure),
            Ok(exit @ (Exit::Findings | Exit::Usage)) if is_first => return Ok(exit),
            Err(failure) => {
                report::show_failure(&failure, console);
            }
            Ok(_) => {}
        }
        is_first = false;
        // The streams keep their errors.
        let _ = console.out.flush().and(console.err.flush());
        if console.out.is_closed() || !waits(&ended, options, began) {
            return Ok(Exit::Ok);
        }
    }
}

/// Waits for the next pull. Returns false once the command has to end.
fn waits(ended: &Receiver<()>, options: &LedgerWatch, began: Instant) -> bool {
    let left = options.every.saturating_sub(began.elapsed());
    ended.recv_timeout(left) == Err(RecvTimeoutError::Timeout)
}

/// Sets `is_ended` and sends at the first signal. The second one ends the process.
fn on_signal(is_ended: Arc<AtomicBool>, send: Sender<()>) -> Result<(), Failure> {
    let cannot =
        |cause: &std::io::Error| Failure::io(format!("cannot handle signals: {}", io_cause(cause)));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|cause| cannot(&cause))?;
    // Registered here and not in the thread: from now on, no signal kills a pull.
    let mut signals = {
        let _within = runtime.enter();
        Signals::new().map_err(|cause| cannot(&cause))?
    };
    thread::spawn(move || {
        runtime.block_on(async {
            signals.next().await;
            is_ended.store(true, Ordering::Relaxed);
            // If the receiver is gone, the process is ending.
            let _ = send.send(());
            signals.next().await;
            process::exit(INTERRUPTED);
        });
    });
    Ok(())
}

/// The signals that end the command: Ctrl-C, and what service managers send.
#[cfg(unix)]
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn new() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

/// The signal that ends the command: Ctrl-C.
#[cfg(windows)]
struct Signals(tokio::signal::windows::CtrlC);

#[cfg(windows)]
impl Signals {
    fn new() -> std::io::Result<Self> {
        tokio::signal::windows::ctrl_c().map(Self)
    }

    async fn next(&mut self) {
        self.0.recv().await;
    }
}
