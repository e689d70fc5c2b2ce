//! Intervals of time.

use serde::{Deserialize, Serialize};

/// An interval in seconds since 1970, from `from` inclusive to `until` exclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Interval {
    /// The first second.
    pub from: i64,
    /// The second after the last one. An interval that ends before it starts is empty.
    pub until: i64,
}

impl Interval {
    /// The length in seconds, 0 if it is empty.
    pub fn seconds(&self) -> i64 {
        self.until.saturating_sub(self.from).max(0)
    }

    /// Whether it contains no second.
    pub fn is_empty(&self) -> bool {
        self.until <= self.from
    }
}
