//! The states of an alert.

use super::outcome::AlertState;
use crate::value::Timestamp;

/// An active alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Active {
    /// Pending or firing.
    pub(super) state: AlertState,
    /// Since when its series exists.
    pub(super) since: Timestamp,
    /// Since when it only keeps firing, without a series.
    keeps_firing_since: Option<Timestamp>,
}

/// How long states last.
#[derive(Debug, Clone, Copy)]
pub(super) struct Durations {
    /// How long a series must exist until its alert fires, in milliseconds.
    pub(super) hold: i64,
    /// How long an alert keeps firing without a series, in milliseconds.
    pub(super) keep_firing: i64,
}

/// Returns the state of an alert after an evaluation; `None` if it is inactive.
pub(super) fn next(
    before: Option<Active>,
    exists: bool,
    at: Timestamp,
    durations: Durations,
) -> Option<Active> {
    let mut active = match (before, exists) {
        (None, false) => return None,
        (None, true) => Active {
            state: AlertState::Pending,
            since: at,
            keeps_firing_since: None,
        },
        (Some(before), true) => Active {
            keeps_firing_since: None,
            ..before
        },
        (Some(before), false) => {
            if before.state != AlertState::Firing || durations.keep_firing <= 0 {
                return None;
            }
            let since = before.keeps_firing_since.unwrap_or(at);
            if at - since >= durations.keep_firing {
                return None;
            }
            Active {
                keeps_firing_since: Some(since),
                ..before
            }
        }
    };
    if active.state == AlertState::Pending && at - active.since >= durations.hold {
        active.state = AlertState::Firing;
    }
    Some(active)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the states at each second: `.` inactive, `p` pending, `f` firing. A series exists where `series` has an `x`.
    fn states(series: &str, hold: i64, keep_firing: i64) -> String {
        let mut active = None;
        let states = series.chars().zip(0..).map(|(exists, second)| {
            let durations = Durations { hold, keep_firing };
            active = next(active, exists == 'x', second * 1000, durations);
            match active.map(|active| active.state) {
                None | Some(AlertState::Inactive) => '.',
                Some(AlertState::Pending) => 'p',
                Some(AlertState::Firing) => 'f',
            }
        });
        states.collect()
    }

    #[test]
    fn an_alert_without_for_fires_at_once() {
        assert_eq!(states(".xx.x", 0, 0), ".ff.f");
    }

    #[test]
    fn an_alert_is_pending_for_as_long_as_its_series_has_not_existed_long_enough() {
        assert_eq!(states("xx.xxxx.", 2000, 0), "pp.ppff.");
        assert_eq!(states("xxx", 1500, 0), "ppf");
    }

    #[test]
    fn an_alert_keeps_firing_and_a_pending_one_does_not() {
        assert_eq!(states("x......", 0, 3000), "ffff...");
        assert_eq!(states("x..x....", 0, 3000), "fffffff.");
        assert_eq!(states("x.xx...", 1000, 2000), "p.pfff.");
    }
}
