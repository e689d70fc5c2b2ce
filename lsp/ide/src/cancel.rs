//! Whether an answer is still wanted, and stopping the work on one that is not.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use salsa::CancellationToken;

/// Whether whoever asked still wants to know. Its clones are one.
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
    /// Nobody wants to know any more: what is asked of these snapshots unwinds.
    pub fn cancel(&self) {
        self.shared.is_cancelled.store(true, Ordering::Release);
        for token in lock(&self.shared.running).iter() {
            token.cancel();
        }
    }

    /// Whether nobody wants to know any more.
    pub fn is_cancelled(&self) -> bool {
        self.shared.is_cancelled.load(Ordering::Acquire)
    }

    /// Notes the snapshots that are asked.
    pub fn set_tokens(&self, tokens: Vec<CancellationToken>) {
        *lock(&self.shared.running) = tokens;
        if self.is_cancelled() {
            self.cancel();
        }
    }
}

/// Gives a question up when it is dropped: the handler of a request that the client cancels is.
#[derive(Debug)]
pub struct CancelOnDrop(pub CancelHandle);

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

/// What a lock guards. What panics while it holds one leaves nothing half done behind it.
fn lock<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}
