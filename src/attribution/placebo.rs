//! How often the service's own history looks like a deployment: roll-outs at times at which there was none.

use crate::onset::Onset;
use crate::series::start_of;
use crate::spans::{Span, join, length};

/// How much earlier than the roll-out an onset may be estimated, in seconds.
pub(crate) const EARLY: i64 = 60;
/// How long after a roll-back, or after the end of the next deployment, the end of errors is awaited, in seconds: 15 min, and a slice.
const SETTLING: i64 = 1200;
/// How far from the time of day of a roll-out the placebos of similar times may be, in seconds.
const SIMILAR: [i64; 3] = [4 * 3600, 8 * 3600, 12 * 3600];
const DAY: i64 = 86_400;

/// What ended a deployment, in seconds after its start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ended {
    /// It was rolled back.
    Rollback {
        /// When.
        after: i64,
    },
    /// The next deployment took its place.
    Next {
        /// When it started.
        after: i64,
        /// How long it took.
        lasted: i64,
    },
    /// Neither, in the time that was observed.
    Not {
        /// The time that was observed.
        observed: i64,
    },
}

/// The times of a roll-out relative to its start, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shape {
    /// How long it took, with the delay of its effect.
    pub(crate) lasted: i64,
    /// What ended it.
    pub(crate) ended: Ended,
}

/// How an onset ended in relation to a roll-out, from what is least like a harmful deployment to what is most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Ending {
    /// The roll-back did not help.
    Outlasted,
    /// It ended by itself.
    Alone,
    /// It did not end.
    Lasting,
    /// It ended with the roll-back or with the next deployment.
    Together,
}

/// How much an onset looks like the effect of a roll-out: first by its ending, then by its strength.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub(crate) struct Score {
    pub(crate) ending: Ending,
    pub(crate) strength: f64,
}

/// The starts of roll-outs for which an onset is inside, by how it ended.
fn starts(onset: &Onset, shape: Shape) -> [(Span, Ending); 3] {
    let inside = (onset.at - shape.lasted, onset.at + EARLY + 1);
    let recovery = onset.recovery.map_or(i64::MAX / 4, start_of);
    let within = |from: i64, until: i64| (inside.0.max(from), inside.1.min(until));
    // The errors ended before the end of a roll-out that started later than `last`, and after it if it started before `first`.
    let (first, last, beyond) = match shape.ended {
        Ended::Rollback { after } => {
            let last = recovery - after;
            (last - SETTLING, last, Ending::Outlasted)
        }
        Ended::Next { after, lasted } => {
            let last = recovery - after;
            (last - lasted - SETTLING, last, Ending::Lasting)
        }
        Ended::Not { observed } => (recovery - observed, recovery - observed, Ending::Lasting),
    };
    [
        (within(i64::MIN, first), beyond),
        (within(first, last), Ending::Together),
        (within(last, i64::MAX), Ending::Alone),
    ]
}

/// The score of an onset for a roll-out that starts at a time; `None` if it is not inside.
pub(crate) fn score(onset: &Onset, shape: Shape, started: i64) -> Option<Score> {
    starts(onset, shape)
        .into_iter()
        .find(|(span, _)| span.0 <= started && started < span.1)
        .map(|(_, ending)| Score {
            ending,
            strength: onset.strength,
        })
}

/// Whether a day, as its number since 1970, is one of a weekend in UTC. The first one was a Thursday.
fn is_weekend(day: i64) -> bool {
    matches!(day.rem_euclid(7), 2 | 3)
}

/// The times within bounds that are not similar to a time: those further from its time of day, and working days for weekends.
fn dissimilar(within: Span, time: i64, distance: i64) -> Vec<Span> {
    let day = time.div_euclid(DAY);
    let of_day = time.rem_euclid(DAY);
    let mut from = within.0;
    let mut spans = Vec::new();
    for other in within.0.div_euclid(DAY) - 1..=within.1.div_euclid(DAY) + 1 {
        if is_weekend(other) == is_weekend(day) {
            let middle = other * DAY + of_day;
            spans.push((from, middle - distance));
            from = middle + distance;
        }
    }
    spans.push((from, within.1));
    spans
}

/// A share of placebos.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct P {
    /// The share that looks at least like a score.
    pub(crate) p: f64,
    /// What it is at least, if none does.
    pub(crate) least: f64,
}

/// History in which placebo roll-outs start.
#[derive(Debug, Clone)]
pub(crate) struct Placebo<'a> {
    /// From when until when.
    pub(crate) within: Span,
    /// The onsets in it.
    pub(crate) onsets: &'a [Onset],
    /// The real roll-outs, with their delay.
    pub(crate) rollouts: &'a [Span],
    /// Times without data.
    pub(crate) unseen: &'a [Span],
}

impl Placebo<'_> {
    /// The times at which no placebo of this shape may start, as it would touch a real roll-out or a time without data. They are neither
    /// sorted nor joined.
    pub(crate) fn excluded(&self, shape: Shape) -> Vec<Span> {
        let near = (self.within.0 - shape.lasted, self.within.1 + shape.lasted);
        let rollouts = self
            .rollouts
            .iter()
            .filter(|(from, until)| *until + EARLY > near.0 && *from - EARLY < near.1)
            .map(|(from, until)| (from - EARLY - shape.lasted, until + EARLY));
        let unseen = self
            .unseen
            .iter()
            .map(|(from, until)| (from - shape.lasted, *until));
        rollouts.chain(unseen).collect()
    }

    /// The share of placebos that look at least like this score: of all placebos, or of those at similar times of day, whichever is more.
    /// So incidents of working hours count among the deployments of working hours. Times are the more similar the longer the history is:
    /// so similar that the share can be half of `significance`, if it can be at all.
    pub(crate) fn p(&self, shape: Shape, found: Score, started: i64, significance: f64) -> P {
        let like = self
            .onsets
            .iter()
            .flat_map(|onset| {
                let strength = onset.strength;
                let is_like = move |ending: Ending| Score { ending, strength } >= found;
                let starts = starts(onset, shape).into_iter();
                starts
                    .filter(move |(_, ending)| is_like(*ending))
                    .map(|(span, _)| span)
            })
            .collect();
        let like = join(like);
        let own = shape.lasted + EARLY;
        let share = |excluded: Vec<Span>| {
            let excluded = join(excluded);
            let all = length(&[self.within], self.within, &excluded);
            let like = length(&like, self.within, &excluded);
            // The judged one counts as one more of these, of the length of a roll-out (Phipson and Smyth, 2010).
            let share = |like: i64| (like + own) as f64 / (all + own).max(1) as f64;
            P {
                p: share(like).min(1.0),
                least: share(0).min(1.0),
            }
        };
        let excluded = self.excluded(shape);
        let all = share(excluded.clone());
        let similar = SIMILAR.into_iter().find_map(|distance| {
            let mut dissimilar = dissimilar(self.within, started, distance);
            dissimilar.extend(&excluded);
            let similar = share(dissimilar);
            (similar.least <= significance / 2.0).then_some(similar)
        });
        match similar {
            Some(similar) if similar.p > all.p => similar,
            _ => all,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHAPE: Shape = Shape {
        lasted: 600,
        ended: Ended::Rollback { after: 3000 },
    };

    /// An onset at a time, with its recovery in a slice.
    fn onset(at: i64, recovery: Option<i64>) -> Onset {
        Onset {
            slice: at.div_euclid(300),
            at,
            strength: 20.0,
            before: 1.0,
            level: 0.01,
            recovery,
        }
    }

    fn ending(recovery: Option<i64>) -> Option<Ending> {
        score(&onset(100_000, recovery), SHAPE, 99_700).map(|score| score.ending)
    }

    #[test]
    fn the_ending_is_seen_from_the_roll_back() {
        // The roll-back is at 102,700.
        assert_eq!(ending(Some(335)), Some(Ending::Alone));
        assert_eq!(ending(Some(343)), Some(Ending::Together));
        assert_eq!(ending(Some(346)), Some(Ending::Together));
        assert_eq!(ending(Some(350)), Some(Ending::Outlasted));
        assert_eq!(ending(None), Some(Ending::Outlasted));
    }

    #[test]
    fn an_onset_is_inside_or_not() {
        let is_inside = |started: i64| score(&onset(100_000, None), SHAPE, started).is_some();
        assert!(is_inside(99_400) && is_inside(100_060));
        assert!(!is_inside(99_399) && !is_inside(100_061));
    }

    #[test]
    fn p_is_the_share_of_starts() {
        let onsets = [onset(100_000, None), onset(500_000, None)];
        let placebo = Placebo {
            within: (0, 14 * DAY),
            onsets: &onsets,
            rollouts: &[],
            unseen: &[],
        };
        let found = Score {
            ending: Ending::Outlasted,
            strength: 10.0,
        };
        // Two spans of 661 s, and the roll-out itself. The time of day is that of the second.
        let all = (2.0 * 661.0 + 660.0) / (14.0 * 86_400.0 + 660.0);
        let P { p, least } = placebo.p(SHAPE, found, 14 * DAY + 500_000 % DAY, 0.01);
        assert!(p > all, "{p}");
        assert!(least > 0.0005 && least < 0.005, "{least}");
        let strong = Score {
            ending: Ending::Together,
            ..found
        };
        let strong = placebo.p(SHAPE, strong, 14 * DAY, 0.01);
        assert_eq!(strong.p, strong.least);
    }

    #[test]
    fn without_history_everything_looks_like_it() {
        let placebo = Placebo {
            within: (0, DAY),
            onsets: &[],
            rollouts: &[(0, DAY)],
            unseen: &[],
        };
        let found = Score {
            ending: Ending::Alone,
            strength: 10.0,
        };
        let none = placebo.p(SHAPE, found, DAY, 0.01);
        assert_eq!((none.p, none.least), (1.0, 1.0));
    }

    #[test]
    fn similar_times_are_those_of_the_same_kind_of_day() {
        // 1970-01-01 was a Thursday: two working days, a weekend, three working days.
        let out = join(dissimilar((0, 7 * DAY), 10 * 3600, SIMILAR[0]));
        let is_out = |time: i64| crate::spans::overlaps(&out, (time, time + 1));
        assert!(is_out(2 * DAY + 10 * 3600));
        assert!(!is_out(DAY + 13 * 3600));
        assert!(is_out(DAY + 15 * 3600));
    }
}
