//! Whether an answer is still wanted, and stopping the work on one that is not.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use salsa::CancellationToken;

/// Whether whoever asked still wants to know. Its clones are one.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    is_given_up: AtomicBool,
    running: Mutex<Vec<CancellationToken>>,
}

impl Wanted {
    /// Nobody wants to know any more: what is asked of these snapshots unwinds.
    pub fn give_up(&self) {
        self.shared.is_given_up.store(true, Ordering::Release);
        for token in unpoisoned(&self.shared.running).iter() {
            token.cancel();
        }
    }

    /// Whether nobody wants to know any more.
    pub fn is_given_up(&self) -> bool {
        self.shared.is_given_up.load(Ordering::Acquire)
    }

    /// Notes the snapshots that are asked.
    pub fn run_on(&self, tokens: Vec<CancellationToken>) {
        *unpoisoned(&self.shared.running) = tokens;
        if self.is_given_up() {
            self.give_up();
        }
    }
}

/// Gives a question up when it is dropped: the handler of a request that the client cancels is.
#[derive(Debug)]
pub struct GiveUpOnDrop(pub Wanted);

impl Drop for GiveUpOnDrop {
    fn drop(&mut self) {
        self.0.give_up();
    }
}

/// What a lock guards. What panics while it holds one leaves nothing half done behind it.
fn unpoisoned<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}
