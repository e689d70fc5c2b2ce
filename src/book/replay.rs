//! What would have been under another objective: the book, replayed.

use nth_ledger::{Interval, SLICE_SECONDS, Slice};

use crate::ir::Severity;
use crate::ir::burn_rate::Pair;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive as _;

/// The counts up to the end of each slice, so that any window is a difference.
struct Sums {
    /// The start of the first slice.
    from: i64,
    /// Sums of bad and of all events before the slice of the same index; one more than there are slices.
    before: Vec<[f64; 2]>,
}

impl Sums {
    fn new(slices: &[Slice], within: Interval) -> Self {
        let count = usize::try_from(within.seconds() / SLICE_SECONDS).unwrap_or(0);
        let mut before = Vec::with_capacity(count + 1);
        let mut sums = [0.0; 2];
        let mut slices = slices.iter().peekable();
        let mut start = within.from;
        before.push(sums);
        for _ in 0..count {
            while slices.next_if(|slice| slice.start < start).is_some() {}
            if let Some(slice) = slices.next_if(|slice| slice.start == start) {
                sums = [sums[0] + slice.bad, sums[1] + slice.total];
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

    /// Bad and all events of a window of so many slices that ends after the slice `last`.
    fn window(&self, last: usize, slices: usize) -> Option<[f64; 2]> {
        let end = self.before.get(last + 1)?;
        let begin = self.before.get((last + 1).saturating_sub(slices))?;
        Some([end[0] - begin[0], end[1] - begin[1]])
    }

    fn end(&self, last: usize) -> i64 {
        let number = i64::try_from(last).unwrap_or(0);
        self.from + (number + 1) * SLICE_SECONDS
    }
}

/// What an objective would have meant over a time.
#[derive(Debug, Clone, PartialEq)]
pub struct Replayed {
    /// The consumed share of the budget at the end, of the last SLO window; `None` without events, or if nothing may be bad.
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
        let spent = sums.window(last, window).and_then(|[bad, total]| {
            let budget = total * allowed;
            (budget > 0.0).then(|| bad / budget)
        });
        found.spent = spent;
        if let Some(spent) = spent {
            if found.worst.is_none_or(|(worst, _)| spent > worst) {
                found.worst = Some((spent, end));
            }
            if spent > 1.0 {
                found.exhausted_seconds += SLICE_SECONDS;
            }
        }
        for (severity, episodes) in [
            (Severity::Page, &mut found.pages),
            (Severity::Ticket, &mut found.tickets),
        ] {
            let mut pairs = replay.pairs.iter().filter(|pair| pair.severity == severity);
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
        let budget = sums
            .window(last, window)
            .map(|[bad, total]| (bad, total * allowed));
        see(budget.and_then(|(bad, budget)| (budget > 0.0).then(|| 1.0 - bad / budget)));
    }
}

/// Whether both windows of a pair burn too fast at the end of a slice.
fn fires(sums: &Sums, last: usize, pair: &Pair, objective: Decimal) -> bool {
    let threshold = pair.threshold(objective).to_f64().unwrap_or(1.0);
    [pair.long, pair.short].into_iter().all(|window| {
        let slices = i64::try_from(window.0).map_or(1, slices_of);
        let counts = sums.window(last, usize::try_from(slices).unwrap_or(1));
        counts.is_some_and(|[bad, total]| total > 0.0 && bad / total > threshold)
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
    use crate::ir::Duration;
    use crate::ir::burn_rate::pairs;
    use nth_ledger::SliceSource;

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
    fn without_events_nothing_is_spent() {
        let found = replayed(&[], "0.99");
        assert_eq!((found.spent, found.worst), (None, None));
        let never = replayed(&slices(0.0, 0..0), "1");
        assert_eq!(never.spent, None);
    }
}
