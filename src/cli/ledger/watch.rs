//! `nthc ledger watch`.

use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Instant;

use super::super::Context;
use super::super::console::Console;
use super::super::exit::{Exit, Failure};
use super::super::options::LedgerWatch;
use super::super::report;
use super::super::signals::on_signal;
use super::pull::{self, End};

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
