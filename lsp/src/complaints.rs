//! Messages on standard error. Limited, because a client may never read them, and writing would block then.

use std::fmt::Display;
use std::io::Write;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Maximum number of bytes written. Pipes hold at least this many.
const MOST: usize = 4096;

static WRITTEN: AtomicUsize = AtomicUsize::new(0);

/// Writes a line to standard error, for debugging. Does nothing if that fails.
pub fn complain(text: &dyn Display) {
    let line = format!("nth-lsp: {text}\n");
    if WRITTEN.fetch_add(line.len(), Ordering::Relaxed) + line.len() > MOST {
        return;
    }
    let _ = std::io::stderr().write_all(line.as_bytes());
}

/// Installs a panic hook that uses [`complain`], unless `RUST_BACKTRACE` is set.
pub fn install_panic_hook() {
    if std::env::var_os("RUST_BACKTRACE").is_none() {
        std::panic::set_hook(Box::new(|panic| complain(&panic)));
    }
}
