//! Repeating what may be repeated: exponential back-off with jitter, bounded, and cancelled at any moment.

use std::hash::{BuildHasher as _, RandomState};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::clock::Clock;
use crate::error::DeliveryError;

/// The longest time between two looks at the request to cancel.
const LOOK: Duration = Duration::from_millis(100);

/// How often a request is repeated, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    /// How often it is repeated, at most.
    pub repeats: u32,
    /// The time before it is repeated first, doubled each time.
    pub first: Duration,
    /// The longest time between two requests, also if the server asks for more: then its error is the result.
    pub most: Duration,
}

impl Default for RetryPolicy {
    /// Five repeats, after 0.5, 1, 2, 4 and 8 s, each less up to a half by chance.
    fn default() -> Self {
        Self {
            repeats: 5,
            first: Duration::from_millis(500),
            most: Duration::from_secs(60),
        }
    }
}

impl RetryPolicy {
    /// The time before the request that failed `failures` times (1 after the first) is repeated. `None` if it may not be, or not
    /// as soon as `most`.
    pub fn pause(&self, error: &DeliveryError, failures: u32) -> Option<Duration> {
        if !error.is_transient() || failures > self.repeats {
            return None;
        }
        if let Some(asked) = error.retry_after() {
            return (asked <= self.most).then_some(asked);
        }
        let doubled = 2_u32.saturating_pow(failures.saturating_sub(1));
        let whole = self.first.saturating_mul(doubled).min(self.most);
        // Clients that failed together do not come back together (AWS Architecture Blog, "Exponential Backoff And Jitter":
        // "equal jitter").
        let chance = u32::try_from(RandomState::new().hash_one(failures) % 1_000).unwrap_or(0);
        Some(whole / 2 + whole / 2 * chance / 1_000)
    }
}

/// Waits and repeats for one run, which may be cancelled.
pub(crate) struct Retries<'a> {
    pub(crate) policy: RetryPolicy,
    pub(crate) clock: &'a dyn Clock,
    pub(crate) cancel: &'a AtomicBool,
}

impl Retries<'_> {
    /// Returns true if the run shall end.
    pub(crate) fn is_cancelled(&self) -> bool {
        self.cancel.load(Ordering::Relaxed)
    }

    /// Waits, at most until the run is cancelled.
    pub(crate) fn wait(&self, time: Duration) {
        let mut left = time;
        while !left.is_zero() && !self.is_cancelled() {
            let part = left.min(LOOK);
            self.clock.sleep(part);
            left = left.saturating_sub(part);
        }
    }

    /// Calls a function until it succeeds, fails for good, or the run is cancelled. It must be safe to repeat.
    pub(crate) fn repeat<T>(
        &self,
        mut call: impl FnMut() -> Result<T, DeliveryError>,
    ) -> Result<T, DeliveryError> {
        let mut failures = 0;
        loop {
            let error = match call() {
                Ok(value) => return Ok(value),
                Err(error) => error,
            };
            failures += 1;
            let Some(pause) = self.policy.pause(&error, failures) else {
                return Err(error);
            };
            self.wait(pause);
            if self.is_cancelled() {
                return Err(error);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unavailable() -> DeliveryError {
        DeliveryError::Unavailable {
            cause: "503".to_owned(),
        }
    }

    #[test]
    fn pauses_grow_and_end() {
        let policy = RetryPolicy::default();
        for (failures, whole) in [(1, 500), (2, 1_000), (3, 2_000), (5, 8_000)] {
            let whole = Duration::from_millis(whole);
            let pause = policy.pause(&unavailable(), failures);
            assert!(
                pause.is_some_and(|pause| pause >= whole / 2 && pause <= whole),
                "{failures}: {pause:?}"
            );
        }
        assert_eq!(policy.pause(&unavailable(), 6), None);
    }

    #[test]
    fn a_server_is_asked_again_when_it_says_so() {
        let limited = |seconds| DeliveryError::RateLimited {
            retry_after: Some(Duration::from_secs(seconds)),
            cause: "429".to_owned(),
        };
        let policy = RetryPolicy::default();
        assert_eq!(policy.pause(&limited(7), 1), Some(Duration::from_secs(7)));
        assert_eq!(policy.pause(&limited(600), 1), None);
    }

    #[test]
    fn what_fails_for_good_is_not_repeated() {
        let rejected = DeliveryError::Rejected {
            cause: "400".to_owned(),
        };
        assert_eq!(RetryPolicy::default().pause(&rejected, 1), None);
    }
}
