//! A sign of life for work that takes long enough to wonder.

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Work below this passes without a sign.
const PATIENCE: Duration = Duration::from_millis(500);

/// A spinner on standard error, from half a second after its making until it is dropped.
pub struct Progress {
    /// Dropped first: that ends the thread.
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Progress {
    /// Shows `message` where `is_shown`, which must be false unless standard error is a terminal.
    pub fn start(message: &'static str, is_shown: bool) -> Self {
        if !is_shown {
            return Self {
                stop: None,
                thread: None,
            };
        }
        let (stop, stopped) = channel();
        Self {
            stop: Some(stop),
            thread: Some(std::thread::spawn(move || spin(message, &stopped))),
        }
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

fn spin(message: &'static str, stopped: &Receiver<()>) {
    if stopped.recv_timeout(PATIENCE) != Err(RecvTimeoutError::Timeout) {
        return;
    }
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
    if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} ({elapsed})") {
        bar.set_style(style);
    }
    bar.set_message(message);
    bar.enable_steady_tick(Duration::from_millis(100));
    // Returns when the sender is gone.
    let _ = stopped.recv();
    bar.finish_and_clear();
}
