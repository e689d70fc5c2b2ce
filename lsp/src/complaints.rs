//! What is written to standard error: little, as a client may never read it, and writing would wait for that.

use std::fmt::Display;
use std::io::Write;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The most bytes that are written. Pipes hold at least so many.
const MOST: usize = 4096;

static WRITTEN: AtomicUsize = AtomicUsize::new(0);

/// Writes a line for whoever looks for the reason of something. Where nobody can read it, nothing happens.
pub fn complain(text: &dyn Display) {
    let line = format!("nth-lsp: {text}\n");
    if WRITTEN.fetch_add(line.len(), Ordering::Relaxed) + line.len() > MOST {
        return;
    }
    let _ = std::io::stderr().write_all(line.as_bytes());
}

/// Has panics complain, rather than write as much as they like. Whoever asks for backtraces gets them.
pub fn hear_panics() {
    if std::env::var_os("RUST_BACKTRACE").is_none() {
        std::panic::set_hook(Box::new(|panic| complain(&panic)));
    }
}
