//! The names of what the rules record and tell of every SLO, by which other targets read it.

use crate::ir::Duration;

/// The window of current burn rates, and the longest base window.
pub const CURRENT: Duration = Duration::minutes(5);
