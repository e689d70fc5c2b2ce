//! Where errors begin: change points of the ratio of bad events against the profile.

use crate::input::SLICE_SECONDS;
use crate::numbers::ln;
use crate::profile::{Profile, deviance};
use crate::recovery::recovery;
use crate::series::{Series, start_of};

/// Slices before a change.
const BEFORE: i64 = 6;
/// Slices after it.
const AFTER: i64 = 3;
/// Of this many slices before and after, one change is reported.
const APART: i64 = 3;
/// The least logarithm of a likelihood ratio. Weaker changes are those of noise.
const LEAST: f64 = 8.0;
/// The level before a change counts as raised from this many standard deviations.
const RAISED: f64 = 3.5;
/// The weight of the profile in the level before, in dispersed events.
const PRIOR: f64 = 2.0;

/// The beginning of errors.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Onset {
    /// The slice with the change.
    pub(crate) slice: i64,
    /// The time of the change, in seconds since 1970, estimated from how much of its slice is affected.
    pub(crate) at: i64,
    /// The logarithm of the likelihood ratio between this change and none, divided by the dispersion.
    pub(crate) strength: f64,
    /// The level before the change in multiples of the profile; 1 if it is not clearly raised.
    pub(crate) before: f64,
    /// The ratio of bad events after the change beyond that before.
    pub(crate) level: f64,
    /// The first slice without these errors; `None` if the data ends before.
    pub(crate) recovery: Option<i64>,
}

/// Sums from the first slice to each one.
struct Sums {
    from: i64,
    /// Bad events, expected bad events, slices with data.
    sums: Vec<(f64, f64, u32)>,
}

impl Sums {
    fn new(series: &Series, profile: &Profile, (from, until): (i64, i64)) -> Self {
        let mut sum = (0.0, 0.0, 0);
        let mut sums = vec![sum];
        for number in from..until {
            let (bad, total) = series.counts(number);
            sum.0 += bad;
            sum.1 += total * profile.ratio(number);
            sum.2 += u32::from(total > 0.0);
            sums.push(sum);
        }
        Self { from, sums }
    }

    /// Bad events, expected bad events, and slices with data in a span.
    fn between(&self, from: i64, until: i64) -> (f64, f64, u32) {
        let place = |number: i64| {
            let index = usize::try_from(number - self.from).unwrap_or(0);
            self.sums.get(index).or(self.sums.last())
        };
        match (place(from), place(until)) {
            (Some(a), Some(b)) => (b.0 - a.0, b.1 - a.1, b.2 - a.2),
            _ => (0.0, 0.0, 0),
        }
    }

    /// The level of a half hour in multiples of the profile; 1 if it is not clearly raised.
    fn raised(&self, profile: &Profile, (from, until): (i64, i64)) -> f64 {
        let (bad, expected, _) = self.between(from, until);
        let most = RAISED * RAISED * profile.dispersion_of_sum(until - from);
        if bad > expected && deviance(bad, expected) > most {
            let prior = PRIOR * profile.dispersion;
            (bad + prior) / (expected + prior)
        } else {
            1.0
        }
    }

    /// How strongly the ratio rises at a slice: the logarithm of the Poisson likelihood ratio of the three slices from it, between their
    /// own level and that of the six slices before, divided by the dispersion. The level before is shrunk towards the profile, and at
    /// least that.
    fn strength(&self, profile: &Profile, slice: i64) -> f64 {
        let (bad, expected, seen) = self.between(slice, slice + AFTER);
        if seen == 0 || expected <= 0.0 || bad <= expected {
            return 0.0;
        }
        let (bad_before, expected_before, seen_before) = self.between(slice - BEFORE, slice);
        if seen_before < 2 {
            return 0.0;
        }
        let prior = PRIOR * profile.dispersion;
        let before = ((bad_before + prior) / (expected_before + prior)).max(1.0);
        let after = bad / expected;
        if after <= before {
            return 0.0;
        }
        let log = bad * ln(after / before) - (after - before) * expected;
        log / profile.dispersion
    }
}

/// All onsets in a span, in order. Recovery may be after it.
pub(crate) fn onsets(series: &Series, profile: &Profile, (from, until): (i64, i64)) -> Vec<Onset> {
    let (from, until) = (from.max(series.first), until.min(series.end()));
    if until <= from {
        return Vec::new();
    }
    let sums = Sums::new(
        series,
        profile,
        (from - BEFORE - APART - 1, until + AFTER + APART),
    );
    let first = from - APART;
    let strengths: Vec<f64> = (first..until + APART)
        .map(|slice| sums.strength(profile, slice))
        .collect();
    let at = |slice: i64| {
        let index = usize::try_from(slice - first).ok();
        let found = index.and_then(|index| strengths.get(index));
        found.copied().unwrap_or(0.0)
    };
    let mut found = Vec::new();
    for slice in from..until {
        let strength = at(slice);
        if strength >= LEAST
            && !(slice - APART..slice).any(|other| at(other) >= strength)
            && !(slice + 1..=slice + APART).any(|other| at(other) > strength)
        {
            // The slice before it may be affected at its end.
            let before = sums.raised(profile, (slice - 1 - BEFORE, slice - 1));
            found.push(describe(series, profile, slice, (strength, before)));
        }
    }
    found
}

/// The same onset, seen from the level before a roll-out that started in the slice `started`: errors that grow in the course of a
/// roll-out are part of its effect.
pub(crate) fn since(series: &Series, profile: &Profile, onset: &Onset, started: i64) -> Onset {
    let sums = Sums::new(series, profile, (started - BEFORE, started));
    let before = sums.raised(profile, (started - BEFORE, started));
    describe(series, profile, onset.slice, (onset.strength, before))
}

/// The ratio of bad events in a slice beyond a level, at least 0.
fn excess(series: &Series, profile: &Profile, slice: i64, before: f64) -> f64 {
    let (bad, total) = series.counts(slice);
    if total <= 0.0 {
        return 0.0;
    }
    (bad / total - before * profile.ratio(slice)).max(0.0)
}

fn describe(
    series: &Series,
    profile: &Profile,
    slice: i64,
    (strength, before): (f64, f64),
) -> Onset {
    let excess = |slice: i64| excess(series, profile, slice, before);
    let (first, second, third) = (excess(slice), excess(slice + 1), excess(slice + 2));
    let level = first.max(second).max((second + third) / 2.0);
    // A slice that is affected from its middle has half of the errors.
    let affected = if level > 0.0 {
        let share = (first / level).min(1.0);
        let earlier = (excess(slice - 1) / level).min(1.0);
        share + if share > 0.5 { earlier } else { 0.0 }
    } else {
        1.0
    };
    Onset {
        slice,
        at: start_of(slice + 1) - (affected * SLICE_SECONDS as f64) as i64,
        strength,
        before,
        level,
        recovery: recovery(series, profile, slice, (before, level)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::Slice;
    use crate::series::SLICES_PER_DAY;

    /// Eight days with 10,000 events a slice, of which 10 are usually bad.
    fn series(extra: impl Fn(i64) -> f64) -> Series {
        let slices: Vec<Slice> = (0..8 * SLICES_PER_DAY)
            .map(|number| Slice {
                start: number * 300,
                bad: 8.0 + (number % 3) as f64 * 2.0 + extra(number),
                total: 10_000.0,
                seen: 300,
            })
            .collect();
        Series::new(&slices)
    }

    fn found(extra: impl Fn(i64) -> f64) -> Vec<Onset> {
        let series = series(extra);
        let profile = Profile::fit(&series, (0, 7 * SLICES_PER_DAY));
        onsets(&series, &profile, (0, 8 * SLICES_PER_DAY))
    }

    #[test]
    fn usual_errors_have_no_onset() {
        assert_eq!(found(|_| 0.0), []);
    }

    #[test]
    fn an_incident_begins_and_ends_in_its_slices() {
        // From the last fifth of a slice.
        let onsets = found(|number| match number {
            1000 => 100.0,
            1001..1010 => 500.0,
            _ => 0.0,
        });
        let [onset] = onsets.as_slice() else {
            panic!("{onsets:?}");
        };
        assert!((onset.at - (start_of(1000) + 240)).abs() <= 15, "{onset:?}");
        assert_eq!(onset.recovery, Some(1010));
        assert!((onset.level - 0.05).abs() < 0.002);
        assert_eq!(onset.before, 1.0);
    }

    #[test]
    fn what_does_not_end_has_no_recovery() {
        let onsets = found(|number| if number >= 2300 { 500.0 } else { 0.0 });
        assert_eq!(onsets.len(), 1);
        assert_eq!(onsets[0].slice, 2300);
        assert_eq!(onsets[0].recovery, None);
    }

    #[test]
    fn a_second_rise_is_an_onset_above_the_first() {
        let onsets = found(|number| match number {
            1000..1012 => 100.0,
            1012..1020 => 600.0,
            _ => 0.0,
        });
        assert_eq!(onsets.len(), 2);
        assert_eq!(onsets[1].slice, 1012);
        assert!(onsets[1].before > 5.0);
    }
}
