//! Time, and waiting: from the system, or from a test.

use std::time::Duration;

use jiff::Timestamp;

/// Says what time it is, and waits.
pub trait Clock: Sync {
    /// The time.
    fn now(&self) -> Timestamp;

    /// Waits.
    fn sleep(&self, time: Duration);
}

/// The clock of the system.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn sleep(&self, time: Duration) {
        std::thread::sleep(time);
    }
}

/// The time after `start`; the end of time if there is none.
pub(crate) fn after(start: Timestamp, time: Duration) -> Timestamp {
    start.checked_add(time).unwrap_or(Timestamp::MAX)
}
