//! What would have been under another objective: the book, replayed.

use nth_ledger::{Interval, SLICE_SECONDS, Slice};

use nth_model::Response;
use nth_model::burn_rate::{LONGEST_RAW, Pair};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive as _;

/// The length of a slice, in seconds.
const SLICE: f64 = 300.0;

/// The counts up to the end of each slice, so that any window is a difference.
struct Sums {
    /// The start of the first slice.
    from: i64,
    /// Sums before the slice of the same index; one more than there are slices.
    before: Vec<Counts>,
}

/// The counts of a window.
#[derive(Debug, Clone, Copy, Default)]
struct Counts {
    bad: f64,
    total: f64,
    /// The seconds that were seen.
    seen: f64,
}

impl Counts {
    /// The least share of bad events in a window of so many slices: nothing was bad in what was not seen. `None` without events.
    fn least_error_ratio(&self, slices: usize) -> Option<f64> {
        self.error_ratio().map(|ratio| {
            let whole = u32::try_from(slices).map_or(f64::MAX, f64::from) * SLICE;
            ratio * self.seen / whole
        })
    }

    /// The share of bad events; `None` without events.
    fn error_ratio(&self) -> Option<f64> {
        (self.total > 0.0).then(|| self.bad / self.total)
    }
}

impl Sums {
    fn new(slices: &[Slice], within: Interval) -> Self {
        let count = usize::try_from(within.seconds() / SLICE_SECONDS).unwrap_or(0);
        let mut before = Vec::with_capacity(count + 1);
        let mut sums = Counts::default();
        let mut slices = slices.iter().peekable();
        let mut start = within.from;
        before.push(sums);
        for _ in 0..count {
            while slices.next_if(|slice| slice.start < start).is_some() {}
            if let Some(slice) = slices.next_if(|slice| slice.start == start) {
                sums.bad += slice.bad;
                sums.total += slice.total;
                sums.seen += f64::from(slice.seen);
            }
            before.push(sums);
            start += SLICE_SECONDS;
        }
        Self {
            from: within.from,
            before,
        }
    }

    fn slices(&self) -> usize {
        self.before.len().saturating_sub(1)
    }

    /// The counts of a window of so many slices that ends after the slice `last`.
    fn window(&self, last: usize, slices: usize) -> Option<Counts> {
        let end = self.before.get(last + 1)?;
        let begin = self.before.get((last + 1).saturating_sub(slices))?;
        Some(Counts {
            bad: end.bad - begin.bad,
            total: end.total - begin.total,
            seen: end.seen - begin.seen,
        })
    }

    /// The share of an SLO window's budget that is consumed at least at the end of the slice `last`, where `allowed` of all events may
    /// be bad. `None` without events, or if nothing may be bad.
    fn spent(&self, last: usize, slices: usize, allowed: f64) -> Option<f64> {
        let ratio = self.window(last, slices)?.least_error_ratio(slices)?;
        (allowed > 0.0).then(|| ratio / allowed)
    }

    fn end(&self, last: usize) -> i64 {
        let number = i64::try_from(last).unwrap_or(0);
        self.from + (number + 1) * SLICE_SECONDS
    }
}

/// What an objective would have meant over a time.
#[derive(Debug, Clone, PartialEq)]
pub struct Replayed {
    /// The share of the budget that is consumed at least at the end, of the last SLO window: nothing is consumed in what was not
    /// seen. `None` without events, or if nothing may be bad.
    pub spent: Option<f64>,
    /// The largest consumed share at any time, with the time.
    pub worst: Option<(f64, i64)>,
    /// The seconds at which more than all of the budget was consumed.
    pub exhausted_seconds: i64,
    /// The times at which pages would have fired.
    pub pages: Vec<Interval>,
    /// The times at which tickets would have fired.
    pub tickets: Vec<Interval>,
}

/// What is replayed.
#[derive(Debug, Clone, Copy)]
pub struct Replay<'r> {
    /// The slices in order, of the time and an SLO window before it.
    pub slices: &'r [Slice],
    /// The time, in whole slices.
    pub within: Interval,
    /// The SLO window in milliseconds.
    pub window_ms: i64,
    /// The objective, between 0 and 1.
    pub objective: Decimal,
    /// The burn-rate pairs.
    pub pairs: &'r [Pair],
}

/// Replays the book with an objective. Burn rates are those of whole slices: windows shorter than five minutes are five minutes.
pub fn replay(replay: Replay<'_>) -> Replayed {
    let allowed = (Decimal::ONE - replay.objective).to_f64().unwrap_or(0.0);
    let whole = Interval {
        from: replay.within.from - slices_of(replay.window_ms) * SLICE_SECONDS,
        until: replay.within.until,
    };
    let sums = Sums::new(replay.slices, whole);
    let window = usize::try_from(slices_of(replay.window_ms)).unwrap_or(1);
    let mut found = Replayed {
        spent: None,
        worst: None,
        exhausted_seconds: 0,
        pages: Vec::new(),
        tickets: Vec::new(),
    };
    for last in 0..sums.slices() {
        let end = sums.end(last);
        if end <= replay.within.from {
            continue;
        }
        let spent = sums.spent(last, window, allowed);
        found.spent = spent;
        if let Some(spent) = spent {
            if found.worst.is_none_or(|(worst, _)| spent > worst) {
                found.worst = Some((spent, end));
            }
            if spent > 1.0 {
                found.exhausted_seconds += SLICE_SECONDS;
            }
        }
        for (response, episodes) in [
            (Response::Page, &mut found.pages),
            (Response::Ticket, &mut found.tickets),
        ] {
            let pairs = replay.pairs.iter();
            let mut pairs = pairs.filter(|pair| pair.severity.response() == response);
            if pairs.any(|pair| fires(&sums, last, pair, replay.objective)) {
                add(episodes, end);
            }
        }
    }
    found
}

/// Calls `see` with the share of the budget that is left at the end of each slice of a time, `None` where nothing is known. `slices`
/// begin an SLO window before.
pub fn each_budget(
    slices: &[Slice],
    within: Interval,
    window_ms: i64,
    objective: Decimal,
    see: &mut dyn FnMut(Option<f64>),
) {
    let allowed = (Decimal::ONE - objective).to_f64().unwrap_or(0.0);
    let window = slices_of(window_ms);
    let whole = Interval {
        from: within.from - window * SLICE_SECONDS,
        until: within.until,
    };
    let sums = Sums::new(slices, whole);
    let window = usize::try_from(window).unwrap_or(1);
    for last in 0..sums.slices() {
        if sums.end(last) <= within.from {
            continue;
        }
        see(sums.spent(last, window, allowed).map(|spent| 1.0 - spent));
    }
}

/// Whether both windows of a pair burn too fast at the end of a slice. As in the rules, nothing is bad in the unknown part of a long
/// window.
fn fires(sums: &Sums, last: usize, pair: &Pair, objective: Decimal) -> bool {
    let threshold = pair.threshold(objective).to_f64().unwrap_or(1.0);
    [pair.long, pair.short].into_iter().all(|window| {
        let slices = i64::try_from(window.0).map_or(1, slices_of);
        let slices = usize::try_from(slices).unwrap_or(1);
        let counts = sums.window(last, slices);
        let ratio = counts.and_then(|counts| {
            if window > LONGEST_RAW {
                counts.least_error_ratio(slices)
            } else {
                counts.error_ratio()
            }
        });
        ratio.is_some_and(|ratio| ratio > threshold)
    })
}

/// Adds a slice that ends at a time to the times at which an alert fires.
fn add(episodes: &mut Vec<Interval>, end: i64) {
    match episodes.last_mut() {
        Some(episode) if episode.until >= end - SLICE_SECONDS => episode.until = end,
        _ => episodes.push(Interval {
            from: end - SLICE_SECONDS,
            until: end,
        }),
    }
}

/// The number of slices of a length in milliseconds, at least one.
fn slices_of(millis: i64) -> i64 {
    (millis / 1_000).div_euclid(SLICE_SECONDS).max(1)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use nth_ledger::SliceSource;
    use nth_model::Duration;
    use nth_model::burn_rate::pairs;

    /// Ten days of a hundred events a slice, of which so many are bad in a time.
    fn slices(bad: f64, during: std::ops::Range<i64>) -> Vec<Slice> {
        (0..10 * 288)
            .map(|number| Slice {
                start: number * SLICE_SECONDS,
                bad: if during.contains(&number) { bad } else { 0.0 },
                total: 100.0,
                seen: 300,
                source: SliceSource::Raw,
            })
            .collect()
    }

    fn replayed(slices: &[Slice], objective: &str) -> Replayed {
        let window = Duration::days(7);
        replay(Replay {
            slices,
            within: Interval {
                from: 7 * 86_400,
                until: 10 * 86_400,
            },
            window_ms: i64::try_from(window.0).unwrap(),
            objective: objective.parse().unwrap(),
            pairs: &pairs(window, Duration::minutes(1)),
        })
    }

    #[test]
    fn a_stricter_objective_pages_and_has_less_budget() {
        // An hour at 3 % errors, on the ninth day.
        let slices = slices(3.0, 8 * 288..8 * 288 + 12);
        let lenient = replayed(&slices, "0.99");
        let strict = replayed(&slices, "0.999");
        assert_eq!(lenient.pages, []);
        assert_eq!(strict.pages.len(), 1);
        assert_eq!(strict.pages[0].from % SLICE_SECONDS, 0);
        let (spent, ten_times) = (lenient.spent.unwrap(), strict.spent.unwrap());
        assert!(
            (ten_times / spent - 10.0).abs() < 1e-9,
            "{spent} {ten_times}"
        );
        // 36 bad events of 201,600, of which 1 % may be bad.
        assert!((spent - 36.0 / 2_016.0).abs() < 1e-12, "{spent}");
    }

    #[test]
    fn a_budget_is_exhausted_until_its_window_has_passed() {
        // Half of all events, for a day before the time.
        let slices = slices(50.0, 0..288);
        let found = replayed(&slices, "0.99");
        assert!(found.spent.unwrap() < 1e-9, "{found:?}");
        let (worst, at) = found.worst.unwrap();
        assert!(worst > 7.0 && at == 7 * 86_400 + SLICE_SECONDS, "{found:?}");
        // Until a seventh of the 7.14 budgets is left in the window.
        assert_eq!(found.exhausted_seconds, 74_100, "{found:?}");
    }

    #[test]
    fn a_young_slo_has_consumed_little() {
        // Two hours of history, all of it at 3 % errors: of a week with 0.1 % allowed.
        let all = slices(3.0, 0..10 * 288);
        let young = all.get(10 * 288 - 24..).unwrap();
        let found = replayed(young, "0.999");
        let share = 24.0 / (7.0 * 288.0);
        let spent = found.spent.unwrap();
        assert!((spent - 30.0 * share).abs() < 1e-9, "{spent}");
        assert_eq!(found.exhausted_seconds, 0);
        let mut left = None;
        let within = Interval {
            from: 9 * 86_400,
            until: 10 * 86_400,
        };
        let objective = "0.999".parse().unwrap();
        each_budget(young, within, 7 * 86_400_000, objective, &mut |now| {
            left = now
        });
        assert!(
            (left.unwrap() - 1.0 + 30.0 * share).abs() < 1e-9,
            "{left:?}"
        );
    }

    #[test]
    fn without_events_nothing_is_spent() {
        let found = replayed(&[], "0.99");
        assert_eq!((found.spent, found.worst), (None, None));
        let never = replayed(&slices(0.0, 0..0), "1");
        assert_eq!(never.spent, None);
    }
}
