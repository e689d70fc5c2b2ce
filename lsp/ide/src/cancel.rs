//! Cancellation of requests: a flag that a request is no longer needed, and stopping the work on it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use salsa::CancellationToken;

/// Cancels the work on a request. Clones share their state.
#[derive(Debug, Clone, Default)]
pub struct CancelHandle {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    is_cancelled: AtomicBool,
    running: Mutex<Vec<CancellationToken>>,
}

impl CancelHandle {
    /// Cancels the request: queries on its snapshots unwind.
    pub fn cancel(&self) {
        self.shared.is_cancelled.store(true, Ordering::Release);
        for token in lock(&self.shared.running).iter() {
            token.cancel();
        }
    }

    /// True after [`CancelHandle::cancel`].
    pub fn is_cancelled(&self) -> bool {
        self.shared.is_cancelled.load(Ordering::Acquire)
    }

    /// Sets the cancellation tokens of the snapshots that the request uses. Cancels them at once if the request is
    /// cancelled already.
    pub fn set_tokens(&self, tokens: Vec<CancellationToken>) {
        *lock(&self.shared.running) = tokens;
        if self.is_cancelled() {
            self.cancel();
        }
    }
}

/// Cancels a request when it is dropped, as the handler of a request is when the client cancels it.
#[derive(Debug)]
pub struct CancelOnDrop(pub CancelHandle);

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

/// Locks a mutex. Poisoning is ignored: a panic while it is locked leaves no partial change.
fn lock<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}
