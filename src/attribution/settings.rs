//! What a judgment depends on besides the data.

/// The thresholds of a judgment. The defaults are those that the bounds in `tests/planted.rs` hold for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Settings {
    /// How much history must be seen before a deployment for [`crate::Level::Onset`], in days. Default: 7.
    pub least_history_days: f64,
    /// How much history is used at most, in days. Default: 28.
    pub most_history_days: u32,
    /// The p below which a deployment is blamed, for both tests. Default: 0.01.
    pub significance: f64,
    /// How long an effect takes to be visible after the roll-out, in seconds. Default: 60.
    pub delay_seconds: i64,
    /// How long a roll-out without end lasts at most, in seconds. Default: 1800.
    pub rollout_seconds: i64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            least_history_days: 7.0,
            most_history_days: 28,
            significance: 0.01,
            delay_seconds: 60,
            rollout_seconds: 1800,
        }
    }
}
