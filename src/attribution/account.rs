//! What a deployment is accountable for: from the onset of errors until something ends it.

use crate::amount::{Excess, Stretch};
use crate::history::{History, Observed};
use crate::input::SLICE_SECONDS;
use crate::judgment::UntilBecause;
use crate::onset::{Onset, onsets};
use crate::series::{slice_of, start_of};
use crate::window::Window;

/// How long after a roll-back errors may end because of it, in seconds.
const SETTLING: i64 = 1800;
/// Slices after the recovery that are counted: the last errors are few.
const TAIL: i64 = 2;
/// Slices before the onset that are counted, if they are in the roll-out: the first errors are few.
const HEAD: i64 = 12;
/// Other incidents in the time of an effect are doubtful if they are more probable than this.
const IMPROBABLE: f64 = 0.025;
/// An onset is that of another incident if it is at least this share of the effect's own.
const NOTABLE: f64 = 0.5;
/// The share of slices with the lowest ratios, which no other incident can be in.
const STEADY: f64 = 0.25;

/// The time of an effect.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Account {
    /// Its end, in seconds since 1970.
    pub(crate) until: i64,
    /// What ended it.
    pub(crate) because: UntilBecause,
    /// Whether the errors were gone then.
    is_over: bool,
}

impl Account {
    /// Until when a deployment is accountable for an onset: the recovery; the roll-back, with the time until recovery if that comes soon;
    /// or the start of the next deployment; whichever is first.
    pub(crate) fn new(onset: &Onset, window: &Window, end: i64) -> Self {
        let account = |until, because, is_over| Self {
            until,
            because,
            is_over,
        };
        let recovery = onset.recovery.map(start_of);
        let next = window.next.map(|(at, _)| at.max(onset.at));
        let rollback = window.rollback.filter(|at| {
            *at >= onset.at
                && next.is_none_or(|next| *at <= next)
                && recovery.is_none_or(|recovery| recovery > *at)
        });
        match (rollback, recovery, next) {
            (Some(at), Some(recovery), _) if recovery <= at + SETTLING => {
                account(recovery, UntilBecause::Rollback, true)
            }
            (Some(at), ..) => account(at, UntilBecause::Rollback, false),
            (None, Some(recovery), next) if next.is_none_or(|next| recovery <= next) => {
                account(recovery, UntilBecause::Recovery, true)
            }
            (None, _, Some(next)) if next < end => {
                account(next, UntilBecause::NextDeployment, false)
            }
            _ => account(end, UntilBecause::End, false),
        }
    }

    /// The bad events beyond the profile that a deployment is accountable for, from a slice on.
    pub(crate) fn excess(
        self,
        observed: &Observed<'_>,
        history: &History,
        (onset, window): (&Onset, &Window),
        from: i64,
    ) -> Excess {
        let tail = if self.is_over {
            TAIL * SLICE_SECONDS
        } else {
            0
        };
        let limit = window.next.map_or(i64::MAX, |(at, _)| at);
        let until = (self.until + tail).min(limit.max(self.until));
        let stretch = Stretch {
            from,
            whole: slice_of(until).max(from),
            part: if slice_of(until) < from {
                0.0
            } else {
                until.rem_euclid(SLICE_SECONDS) as f64 / SLICE_SECONDS as f64
            },
        };
        let level = |before| Excess::new(&observed.series, &history.profile, stretch, before);
        let mut excess = level(onset.before);
        if onset.before > 1.0 {
            // An earlier incident may have ended meanwhile, or not.
            let over = level(1.0);
            let half = (excess.usual - over.usual) / 2.0;
            excess.usual -= half;
            excess.variance = over.variance;
            excess.fewer += half;
            excess.more += half;
        }
        excess.fewer += doubtful(observed, history, (onset, window), &stretch);
        excess
    }

    /// The bad events from the beginning of the roll-out, but at most an hour before the onset.
    pub(crate) fn whole(
        self,
        observed: &Observed<'_>,
        history: &History,
        (onset, window): (&Onset, &Window),
    ) -> Excess {
        let from = slice_of(window.started).max(onset.slice - HEAD);
        self.excess(observed, history, (onset, window), from.min(onset.slice))
    }
}

/// The bad events that may be those of another incident in the time of an effect: what rises above it in an onset of its own, or, if
/// incidents are frequent, what is above its steady level.
fn doubtful(
    observed: &Observed<'_>,
    history: &History,
    (onset, window): (&Onset, &Window),
    stretch: &Stretch,
) -> f64 {
    let (series, profile) = (&observed.series, &history.profile);
    let until = stretch.whole;
    let after = (slice_of(window.until) + 1).max(onset.slice + 1);
    let mut risen = 0.0;
    for other in onsets(series, profile, (after, until)) {
        if other.level >= NOTABLE * onset.level {
            let end = other.recovery.map_or(until, |end| (end + 1).min(until));
            let span = Stretch {
                from: other.slice,
                whole: end,
                part: 0.0,
            };
            let excess = Excess::new(series, profile, span, other.before);
            risen += (excess.bad - excess.usual).max(0.0);
        }
    }
    let length = (until - stretch.from) as f64;
    if history.onsets_in(observed, length) <= IMPROBABLE {
        return risen;
    }
    // The first slice is not fully affected, and the tail hardly.
    let mut ratios: Vec<(f64, f64)> = (onset.slice + 1..until - TAIL)
        .map(|number| (number, series.counts(number)))
        .filter(|(_, (_, total))| *total > 0.0)
        .map(|(number, (bad, total))| {
            let usual = onset.before * profile.ratio(number);
            ((bad / total - usual).max(0.0), total)
        })
        .collect();
    ratios.sort_by(|a, b| a.0.total_cmp(&b.0));
    let place = (ratios.len() as f64 * STEADY) as usize;
    let steady = ratios.get(place).map_or(0.0, |(ratio, _)| *ratio);
    let above: f64 = ratios
        .iter()
        .map(|(ratio, total)| (ratio - steady).max(0.0) * total)
        .sum();
    risen.max(above)
}
