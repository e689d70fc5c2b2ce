//! A roll-out among the others: when its effect may begin, and what ends it.

use crate::input::Rollout;
use crate::judgment::Reason;
use crate::placebo::{Ended, Shape};
use crate::settings::Settings;
use crate::spans::Span;

/// The longest roll-out, in seconds.
const LONGEST: i64 = 7 * 86_400;
/// How long a deployment without an end is observed, in seconds.
const OBSERVED: i64 = 6 * 3600;
/// How long the next deployment takes at most, in seconds.
const LONGEST_NEXT: i64 = 3600;
/// Times beyond this are errors: the year 4147.
pub(crate) const LATEST: i64 = 1 << 36;

/// The times of a roll-out, in seconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Window {
    /// When it started.
    pub(crate) started: i64,
    /// When the last effect is visible.
    pub(crate) until: i64,
    /// When the next deployment that does not overlap starts and is finished.
    pub(crate) next: Option<Span>,
    /// When it was rolled back.
    pub(crate) rollback: Option<i64>,
}

fn problem(rollout: &Rollout) -> Option<Reason> {
    let is_wrong =
        |time: Option<i64>| time.is_some_and(|time| time < rollout.started || time > LATEST);
    let is_bad = rollout.started < -LATEST
        || is_wrong(Some(rollout.started))
        || is_wrong(rollout.finished)
        || is_wrong(rollout.ended_by_rollback);
    is_bad.then_some(Reason::BadTimes)
}

/// The windows of roll-outs, in the same order; those with impossible times have none, and are nobody's next.
pub(crate) fn windows(rollouts: &[Rollout], settings: &Settings) -> Vec<Result<Window, Reason>> {
    let possible = || rollouts.iter().filter(|rollout| problem(rollout).is_none());
    let mut starts: Vec<i64> = possible().map(|rollout| rollout.started).collect();
    starts.sort_unstable();
    let after = |time: i64| {
        let index = starts.partition_point(|start| *start <= time);
        starts.get(index).copied()
    };
    // A roll-out without an end is finished after a while, or when another one starts.
    let finished = |rollout: &Rollout| match rollout.finished {
        Some(finished) => finished.min(rollout.started + LONGEST),
        None => {
            let usual = rollout.started + settings.rollout_seconds.clamp(0, LONGEST);
            after(rollout.started).map_or(usual, |next| next.min(usual))
        }
    };
    let mut spans: Vec<Span> = possible()
        .map(|rollout| (rollout.started, finished(rollout)))
        .collect();
    spans.sort_unstable();
    rollouts
        .iter()
        .map(|rollout| {
            if let Some(reason) = problem(rollout) {
                return Err(reason);
            }
            let finished = finished(rollout);
            let next = spans.partition_point(|span| span.0 <= finished);
            Ok(Window {
                started: rollout.started,
                until: finished + settings.delay_seconds.clamp(0, LONGEST),
                next: spans.get(next).copied(),
                rollback: rollout.ended_by_rollback,
            })
        })
        .collect()
}

impl Window {
    /// The shape of the roll-out, as it is known when the data ends.
    pub(crate) fn shape(&self, end: i64) -> Shape {
        let rollback = self.rollback.filter(|at| *at < end);
        let next = self.next.filter(|(at, _)| *at < end);
        let ended = match (rollback, next) {
            (Some(at), next) if next.is_none_or(|(next, _)| at <= next) => Ended::Rollback {
                after: at - self.started,
            },
            (_, Some((at, finished))) => Ended::Next {
                after: at - self.started,
                lasted: (finished - at).clamp(0, LONGEST_NEXT),
            },
            _ => Ended::Not {
                observed: (end - self.started).clamp(0, OBSERVED),
            },
        };
        Shape {
            lasted: self.until - self.started,
            ended,
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn rollout(started: i64, finished: Option<i64>) -> Rollout {
        Rollout {
            key: started.to_string(),
            started,
            finished,
            ended_by_rollback: None,
        }
    }

    #[test]
    fn the_next_deployment_does_not_overlap() {
        let rollouts = [
            rollout(1000, Some(2000)),
            rollout(1500, Some(2500)),
            rollout(5000, None),
            rollout(5600, None),
        ];
        let windows = windows(&rollouts, &Settings::default());
        let window = |index: usize| windows[index].unwrap();
        assert_eq!(window(0).next, Some((5000, 5600)));
        assert_eq!(window(0).until, 2060);
        assert_eq!(window(2).until, 5660);
        assert_eq!(window(3).until, 5600 + 1800 + 60);
        assert_eq!(window(3).next, None);
    }

    #[test]
    fn impossible_times_are_nobodys_next() {
        let mut wrong = rollout(3000, Some(2000));
        let windows = windows(
            &[rollout(1000, Some(2000)), wrong.clone()],
            &Settings::default(),
        );
        assert_eq!(windows[0].unwrap().next, None);
        assert_eq!(windows[1], Err(Reason::BadTimes));
        wrong = rollout(i64::MAX, None);
        assert_eq!(
            super::windows(&[wrong], &Settings::default()),
            [Err(Reason::BadTimes)]
        );
    }

    #[test]
    fn the_first_end_counts() {
        let window = Window {
            started: 0,
            until: 600,
            next: Some((5000, 5600)),
            rollback: Some(3000),
        };
        assert_eq!(window.shape(10_000).ended, Ended::Rollback { after: 3000 });
        assert_eq!(window.shape(2000).ended, Ended::Not { observed: 2000 });
        let window = Window {
            rollback: Some(6000),
            ..window
        };
        let ended = Ended::Next {
            after: 5000,
            lasted: 600,
        };
        assert_eq!(window.shape(10_000).ended, ended);
    }
}
