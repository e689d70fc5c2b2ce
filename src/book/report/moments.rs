//! The slices of a time with the objective and the exclusion that apply to each.

use nth_ledger::{Interval, ObjectiveVersion, SLICE_SECONDS, Slice};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive as _;

use super::apportion::as_float;
use super::input::SloInput;

/// A slice of time, seen or not.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Moment {
    /// The start, in seconds since 1970.
    pub start: i64,
    /// The bad events.
    pub bad: f64,
    /// All events.
    pub total: f64,
    /// How many seconds were seen.
    pub seen: i64,
    /// Whether the counts are an estimate.
    pub is_estimate: bool,
    /// The share of events that may be bad; `None` if there was no objective yet.
    pub allowed: Option<f64>,
    /// The share of the time that may be bad: that of the events, and before the first objective that of the first one.
    pub allowed_time: f64,
    /// The first of the exclusions that touch it.
    pub exclusion: Option<usize>,
}

impl Moment {
    /// The end.
    pub fn end(&self) -> i64 {
        self.start.saturating_add(SLICE_SECONDS)
    }

    /// Whether an interval has a moment in common with it.
    pub fn is_in(&self, from: i64, until: i64) -> bool {
        from < until && from < self.end() && self.start < until
    }

    /// Whether it is charged to the budget.
    pub fn is_charged(&self) -> bool {
        self.exclusion.is_none() && self.allowed.is_some()
    }
}

/// The objective in force at a moment; versions are in the order of time.
pub(super) fn version_at(versions: &[ObjectiveVersion], at: i64) -> Option<&ObjectiveVersion> {
    let later = versions.partition_point(|version| version.valid_from <= at);
    later.checked_sub(1).and_then(|number| versions.get(number))
}

/// The share of events that may be bad.
pub(super) fn allowed_share(objective: Decimal) -> f64 {
    (Decimal::ONE - objective).to_f64().unwrap_or(0.0).max(0.0)
}

/// The slices that start within a time. An exclusion excludes every slice of which it touches a part, because a slice does not
/// show when in it its events were.
pub(super) fn moments(slo: &SloInput, time: Interval) -> Vec<Moment> {
    let first = slo.slices.partition_point(|slice| slice.start < time.from);
    let mut slices = slo
        .slices
        .get(first..)
        .unwrap_or_default()
        .iter()
        .peekable();
    let offset = time.from.rem_euclid(SLICE_SECONDS);
    let mut start = match offset {
        0 => time.from,
        _ => time.from.saturating_add(SLICE_SECONDS - offset),
    };
    let mut found = Vec::new();
    while start < time.until {
        while slices.next_if(|slice| slice.start < start).is_some() {}
        let slice = slices.next_if(|slice| slice.start == start);
        found.push(moment(slo, start, slice));
        start = start.saturating_add(SLICE_SECONDS);
    }
    // The first one is set last.
    for (number, exclusion) in slo.exclusions.iter().enumerate().rev() {
        for interval in &exclusion.intervals {
            let first = found.partition_point(|moment| moment.end() <= interval.from);
            let touched = found.iter_mut().skip(first);
            for moment in touched.take_while(|moment| moment.is_in(interval.from, interval.until)) {
                moment.exclusion = Some(number);
            }
        }
    }
    found
}

fn moment(slo: &SloInput, start: i64, slice: Option<&Slice>) -> Moment {
    let objective = version_at(&slo.objectives, start).map(|version| version.objective);
    Moment {
        start,
        bad: slice.map_or(0.0, |slice| slice.bad),
        total: slice.map_or(0.0, |slice| slice.total),
        seen: slice.map_or(0, |slice| i64::from(slice.seen).min(SLICE_SECONDS)),
        is_estimate: slice.is_some_and(|slice| slice.source.is_estimate()),
        allowed: objective.map(allowed_share),
        allowed_time: { objective.or_else(|| slo.objectives.first().map(|first| first.objective)) }
            .map_or(0.0, allowed_share),
        exclusion: None,
    }
}

/// The budget of slices: how many events and how much time may be bad.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Budget {
    /// The bad events.
    pub bad: f64,
    /// All events.
    pub total: f64,
    /// How many of these events may be bad.
    pub allowed: f64,
    /// How long the service may be down, in milliseconds.
    pub allowed_ms: f64,
    /// The length, in seconds.
    pub seconds: i64,
    /// The seconds with an objective that were seen.
    pub seen: i64,
}

impl Budget {
    /// Adds up the events of the slices with an objective, and the time of all.
    pub fn new<'m>(moments: impl IntoIterator<Item = &'m Moment>) -> Self {
        let mut budget = Self::default();
        for moment in moments {
            if let Some(allowed) = moment.allowed {
                budget.bad += moment.bad;
                budget.total += moment.total;
                budget.allowed += allowed * moment.total;
                budget.seen += moment.seen;
            }
            budget.allowed_ms += moment.allowed_time * as_float(SLICE_SECONDS * 1000);
            budget.seconds += SLICE_SECONDS;
        }
        budget
    }

    /// The budget in events, if what was not seen had as many events as the rest, and consumed nothing: see
    /// [`nth_ledger::Account::budget_events`]. `None` if nothing may be bad, or without events.
    pub fn events(&self) -> Option<f64> {
        let is_some = self.allowed > 0.0 && self.seen > 0;
        is_some.then(|| self.allowed * as_float(self.seconds) / as_float(self.seen))
    }

    /// The budget that bad events consume, in milliseconds of full downtime; `None` as of [`Budget::events`].
    pub fn ms(&self, bad: f64) -> Option<f64> {
        self.events().map(|budget| bad / budget * self.allowed_ms)
    }
}
