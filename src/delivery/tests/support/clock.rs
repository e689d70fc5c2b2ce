//! A clock that only goes on while someone sleeps.

use std::sync::Mutex;
use std::time::Duration;

use jiff::Timestamp;
use nth_delivery::Clock;

pub struct TestClock(Mutex<Timestamp>);

impl TestClock {
    pub fn new() -> Self {
        Self(Mutex::new("2026-03-01T10:00:00Z".parse().unwrap()))
    }

    pub fn advance(&self, time: Duration) {
        *self.0.lock().unwrap() += time;
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }

    fn sleep(&self, time: Duration) {
        self.advance(time);
    }
}
