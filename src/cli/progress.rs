//! Progress display for slow work.

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Shorter work shows no progress.
const PATIENCE: Duration = Duration::from_millis(500);

/// A spinner or a progress bar on standard error, from half a second after its creation until it is dropped.
pub struct Progress {
    /// Dropped first, which ends the thread.
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
    bar: ProgressBar,
}

/// The templates for work of unknown length, and for work with a number of steps.
const SPINNER: &str = "{spinner} {msg} ({elapsed})";
const STEPS: &str = "{spinner} {msg} {bar:30} {pos}/{len} ({elapsed})";

impl Progress {
    /// Shows `message` if `is_shown`, which must be false unless standard error is a terminal.
    pub fn start(message: &'static str, is_shown: bool) -> Self {
        Self::show(message, None, is_shown)
    }

    /// The same for work of `total` steps, each of which calls [`Progress::advance`].
    pub fn steps(message: &'static str, total: u64, is_shown: bool) -> Self {
        Self::show(message, Some(total), is_shown)
    }

    fn show(message: &'static str, total: Option<u64>, is_shown: bool) -> Self {
        let bar = ProgressBar::with_draw_target(total, ProgressDrawTarget::hidden());
        if !is_shown {
            return Self {
                stop: None,
                thread: None,
                bar,
            };
        }
        let template = if total.is_some() { STEPS } else { SPINNER };
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar.set_message(message);
        let (stop, stopped) = channel();
        let shown = bar.clone();
        Self {
            stop: Some(stop),
            thread: Some(std::thread::spawn(move || spin(&shown, &stopped))),
            bar,
        }
    }

    /// Completes one step.
    pub fn advance(&self) {
        self.advance_by(1);
    }

    /// Completes several steps.
    pub fn advance_by(&self, steps: u64) {
        self.bar.inc(steps);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.stop.take();
        if let Some(thread) = self.thread.take() {
            // The thread only draws; if it failed, nothing is lost.
            let _ = thread.join();
        }
    }
}

fn spin(bar: &ProgressBar, stopped: &Receiver<()>) {
    if stopped.recv_timeout(PATIENCE) != Err(RecvTimeoutError::Timeout) {
        return;
    }
    bar.set_draw_target(ProgressDrawTarget::stderr());
    bar.enable_steady_tick(Duration::from_millis(100));
    // Returns when the sender is dropped.
    let _ = stopped.recv();
    bar.finish_and_clear();
}
