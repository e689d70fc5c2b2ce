//! When the budget of the SLO window runs out, if it is consumed as in the last four weeks.
//!
//! The consumed share of each day of the past is known, and days leave the SLO window as time goes on. The days to come consume as
//! much as the average day of the last four weeks; as the worst and the best of these weeks, for the band.

use nth_ledger::{Interval, SLICE_SECONDS};

use super::apportion::as_float;
use super::document::Trend;
use super::input::SloInput;
use super::moments::{Budget, Moment, moments, version_at};

/// How many days are looked ahead.
pub const HORIZON: u32 = 90;

const DAY: i64 = 86_400;
const WEEK_DAYS: usize = 7;
/// How many weeks of the past show the pace.
const WEEKS: usize = 4;
/// How many of these weeks must have data.
const LEAST_WEEKS: usize = 2;
/// The least share of a week that must be seen, for it to count.
const LEAST_SEEN: f64 = 0.5;

/// Computes when the budget runs out after `until`, in seconds since 1970.
pub(super) fn trend(slo: &SloInput, until: i64) -> Trend {
    let Some(version) = version_at(&slo.objectives, until.saturating_sub(1)) else {
        return Trend::Unknown("there is no objective".to_owned());
    };
    // The language reports an unknown zone before.
    let period = { slo.calendar.as_ref() }
        .and_then(|calendar| calendar.period(until.saturating_sub(1)).ok());
    let window = match &period {
        Some(period) => until.saturating_sub(period.start),
        None => version.window_ms / 1000,
    };
    let length = window.max(as_days(WEEKS * WEEK_DAYS));
    let from = until.saturating_sub(length);
    let past = moments(slo, Interval { from, until });
    let in_window = |moment: &&Moment| moment.start >= until.saturating_sub(window);
    let charged = |moment: &&Moment| moment.is_charged();
    let has_budget = |moment: &&Moment| moment.exclusion.is_none();
    let budget = Budget::new(past.iter().filter(in_window).filter(has_budget));
    let Some(in_events) = budget.events() else {
        return Trend::Unknown("there were no events in the SLO window".to_owned());
    };
    // The budget of a period is that of all of it, at the traffic so far.
    let in_events = match &period {
        Some(period) if window > 0 => {
            in_events * as_float(period.end - period.start) / as_float(window)
        }
        _ => in_events,
    };
    // Days backwards from the end: the first is the last one.
    let mut days = vec![0.0; usize::try_from(length.div_euclid(DAY)).unwrap_or(0) + 1];
    let mut seen = vec![0_i64; days.len()];
    let mut consumed = 0.0;
    for moment in past.iter().filter(charged) {
        let number = (until - moment.start - 1).div_euclid(DAY);
        let number = usize::try_from(number).unwrap_or(usize::MAX);
        if let (Some(day), Some(seen)) = (days.get_mut(number), seen.get_mut(number)) {
            *day += moment.bad / in_events;
            *seen += moment.seen;
        }
        if in_window(&moment) {
            consumed += moment.bad / in_events;
        }
    }
    if consumed >= 1.0 {
        return Trend::Exhausted { consumed };
    }
    let weeks: Vec<f64> = days
        .chunks_exact(WEEK_DAYS)
        .zip(seen.chunks_exact(WEEK_DAYS))
        .take(WEEKS)
        .filter(|(_, seen)| {
            let seen: i64 = seen.iter().sum();
            as_float(seen) >= LEAST_SEEN * as_float(as_days(WEEK_DAYS))
        })
        .map(|(days, _)| days.iter().sum::<f64>() / as_float(as_count(WEEK_DAYS)))
        .collect();
    if weeks.len() < LEAST_WEEKS {
        return Trend::Unknown(format!(
            "less than {LEAST_WEEKS} of the last {WEEKS} weeks have data"
        ));
    }
    let mean = weeks.iter().sum::<f64>() / as_float(as_count(weeks.len()));
    let worst = weeks.iter().copied().fold(0.0, f64::max);
    let best = weeks.iter().copied().fold(f64::MAX, f64::min);
    let in_window = usize::try_from(window.div_euclid(DAY)).unwrap_or(0);
    let when = |pace: f64| match &period {
        Some(period) => exhausted_in_period(consumed, pace, (period.end - until).div_euclid(DAY)),
        None => exhausted_after(&days, in_window, consumed, pace),
    };
    Trend::Expected {
        consumed,
        mid: when(mean),
        early: when(worst),
        late: when(best),
    }
}

/// After how many days the budget is exhausted: each consumes `pace`, and one leaves the window. `days` go backwards.
fn exhausted_after(days: &[f64], in_window: usize, consumed: f64, pace: f64) -> Option<u32> {
    let mut share = consumed;
    let mut leaving = in_window;
    for day in 1..=HORIZON {
        // After a whole window, days that were predicted leave it.
        let left = match leaving.checked_sub(1) {
            Some(last) => {
                leaving = last;
                days.get(last).copied().unwrap_or(0.0)
            }
            None => pace,
        };
        share += pace - left;
        if share >= 1.0 {
            return Some(day);
        }
    }
    None
}

/// After how many days the budget of a period is exhausted, which ends after so many: nothing leaves it. `None` if it lasts.
fn exhausted_in_period(consumed: f64, pace: f64, days: i64) -> Option<u32> {
    let mut share = consumed;
    for day in 1..=u32::try_from(days).unwrap_or(0).min(HORIZON) {
        share += pace;
        if share >= 1.0 {
            return Some(day);
        }
    }
    None
}

fn as_count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn as_days(number: usize) -> i64 {
    as_count(number).saturating_mul(DAY)
}

const _: () = assert!(DAY % SLICE_SECONDS == 0);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_leave_the_window() {
        // 50% was consumed on the oldest of four days: it leaves tomorrow.
        let days = [0.0, 0.0, 0.0, 0.5];
        assert_eq!(exhausted_after(&days, 4, 0.5, 0.0), None);
        // 0.2 + 0.2 + 0.2 + 0.2 in a window of four days is never 1.
        assert_eq!(exhausted_after(&days, 4, 0.5, 0.2), None);
        assert_eq!(exhausted_after(&days, 4, 0.5, 0.25), Some(4));
        assert_eq!(exhausted_after(&[0.1; 4], 4, 0.4, 0.4), Some(2));
        assert_eq!(exhausted_after(&[], 0, 0.9, 0.3), None);
    }
}
