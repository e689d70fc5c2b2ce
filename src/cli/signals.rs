//! The signals that end a command after what it is doing.

use std::process;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;
use std::thread;

use crate::exit::Failure;
use nthc::project::io_cause;

/// The exit code after a second signal: 128 and the number of SIGINT, as shells have it.
const INTERRUPTED: i32 = 130;

/// Sets `is_ended` and sends at the first signal. The second one ends the process.
///
/// # Errors
///
/// If signals cannot be handled.
pub fn on_signal(is_ended: Arc<AtomicBool>, send: Sender<()>) -> Result<(), Failure> {
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
