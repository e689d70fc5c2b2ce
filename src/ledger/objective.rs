//! Objectives as they were.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// An objective from a moment on, until the next version of the same SLO.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObjectiveVersion {
    /// The first second at which it is in force, in seconds since 1970.
    pub valid_from: i64,
    /// The share of good events, between 0 and 1: `0.999`.
    pub objective: Decimal,
    /// The length of the SLO window, in milliseconds.
    pub window_ms: i64,
    /// The revision of the source that has the objective, if it is known.
    pub revision: Option<String>,
}
