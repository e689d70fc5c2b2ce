//! Judging slices by objectives: allowed and consumed budget, attained objective, coverage.
//!
//! The allowed bad events are `(1 − objective) × events`, as in the SRE workbook, summed over slices, each with the objective that
//! was in force at its start. What was not seen is unknown, and the coverage shows it: it counts as time that had as many events as
//! the rest and consumed nothing, so a consumed share is what is consumed at least. Recording rules, gates and `nthc budget` measure
//! the budget in the same way.

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive as _;

use crate::{Interval, ObjectiveVersion, SLICE_SECONDS, Slice};

/// By which objective slices are judged.
#[derive(Debug, Clone, Copy)]
pub enum Yardstick<'a> {
    /// By the one that was in force then. Versions are in the order of time. Before the first one nothing is judged: that time has the
    /// first one's budget, of which nothing is consumed, as the SLO window of a young SLO has.
    AsItWas(&'a [ObjectiveVersion]),
    /// As if one objective, between 0 and 1, had been in force throughout.
    Throughout(Decimal),
}

impl Yardstick<'_> {
    /// The objective for a slice that starts at a moment; `None` if there was none yet.
    pub fn objective(&self, start: i64) -> Option<Decimal> {
        match self {
            Self::AsItWas(versions) => {
                let later = versions.partition_point(|version| version.valid_from <= start);
                let version = later.checked_sub(1).and_then(|number| versions.get(number));
                version.map(|version| version.objective)
            }
            Self::Throughout(objective) => Some(*objective),
        }
    }

    /// The objective whose budget a moment has: the one that is in force, and before the first one the first.
    fn budget_objective(&self, start: i64) -> Option<Decimal> {
        self.objective(start).or_else(|| match self {
            Self::AsItWas(versions) => versions.first().map(|version| version.objective),
            Self::Throughout(_) => None,
        })
    }
}

/// The counts of a time, judged by objectives.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Account {
    /// The length in seconds, in whole slices.
    pub seconds: i64,
    /// The seconds that were seen.
    pub seen: i64,
    /// The seconds of which the counts are estimates; they are part of `seen`.
    pub estimated: i64,
    /// The bad events.
    pub bad: f64,
    /// All events.
    pub total: f64,
    /// The seconds with an objective. Only their events are judged.
    pub judged_seconds: i64,
    /// The seconds with an objective that were seen.
    pub judged_seen: i64,
    /// The bad events of judged slices.
    pub judged_bad: f64,
    /// How many of the events of judged slices that were seen may be bad.
    pub allowed: f64,
    /// How many seconds may be bad, seen or not, judged or not: the error budget as time of full downtime.
    pub allowed_seconds: f64,
}

impl Account {
    /// The share of the time that was seen, 0 to 1; `None` if there is no time.
    pub fn coverage(&self) -> Option<f64> {
        (self.seconds > 0).then(|| as_float(self.seen) / as_float(self.seconds))
    }

    /// The share of good events among those that were seen, 0 to 1; `None` if there were none.
    pub fn attained(&self) -> Option<f64> {
        (self.total > 0.0).then(|| 1.0 - self.bad / self.total)
    }

    /// The error budget in events: how many may be bad in all of the time, if what was not seen or not judged had as many events as
    /// the rest. `None` if nothing may be bad, because of an objective of 100% or because there were no events.
    pub fn budget_events(&self) -> Option<f64> {
        let is_some = self.allowed > 0.0 && self.judged_seen > 0;
        is_some.then(|| self.allowed * as_float(self.seconds) / as_float(self.judged_seen))
    }

    /// The share of the budget that is consumed at least, as nothing is consumed in the time that was not seen; over 1 if more than
    /// all is consumed. `None` as of [`Account::budget_events`].
    pub fn spent(&self) -> Option<f64> {
        self.budget_events().map(|budget| self.judged_bad / budget)
    }

    /// The budget that a number of bad events consumes, in seconds of full downtime. Parts of the bad events add up to the whole.
    /// `None` as of [`Account::budget_events`].
    pub fn budget_seconds(&self, bad: f64) -> Option<f64> {
        self.budget_events()
            .map(|budget| bad / budget * self.allowed_seconds)
    }
}

/// What exclusions exclude.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Excluded {
    /// The seconds, in whole slices.
    pub seconds: i64,
    /// The bad events.
    pub bad: f64,
    /// All events.
    pub total: f64,
}

/// The judgment of a window, with and without exclusions.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Judgment {
    /// As if nothing were excluded.
    pub gross: Account,
    /// Without what is excluded.
    pub net: Account,
    /// The difference.
    pub excluded: Excluded,
}

/// The events that one objective judges, and the time that has its budget.
#[derive(Default)]
struct Part {
    objective: Decimal,
    seconds: i64,
    total: f64,
}

#[derive(Default)]
struct Sums {
    account: Account,
    /// By objective, so that the result does not depend on the order of slices.
    parts: Vec<Part>,
}

impl Sums {
    fn add(&mut self, slice: Option<&Slice>, yardstick: &Yardstick<'_>, start: i64) {
        let account = &mut self.account;
        account.seconds += SLICE_SECONDS;
        if let Some(slice) = slice {
            account.seen += i64::from(slice.seen);
            if slice.source.is_estimate() {
                account.estimated += i64::from(slice.seen);
            }
            account.bad += slice.bad;
            account.total += slice.total;
        }
        let is_judged = yardstick.objective(start).is_some();
        let judged = slice.filter(|_| is_judged);
        if is_judged {
            account.judged_seconds += SLICE_SECONDS;
        }
        if let Some(slice) = judged {
            account.judged_seen += i64::from(slice.seen);
            account.judged_bad += slice.bad;
        }
        let Some(objective) = yardstick.budget_objective(start) else {
            return;
        };
        let found = self
            .parts
            .iter()
            .position(|part| part.objective == objective);
        let number = found.unwrap_or_else(|| {
            self.parts.push(Part {
                objective,
                ..Part::default()
            });
            self.parts.len() - 1
        });
        if let Some(part) = self.parts.get_mut(number) {
            part.seconds += SLICE_SECONDS;
            part.total += judged.map_or(0.0, |slice| slice.total);
        }
    }

    fn finish(mut self) -> Account {
        for part in &self.parts {
            let allowed = allowed_share(part.objective);
            self.account.allowed += allowed * part.total;
            self.account.allowed_seconds += allowed * as_float(part.seconds);
        }
        self.account
    }
}

/// 1 − the objective, exact before it becomes a floating-point number.
pub(crate) fn allowed_share(objective: Decimal) -> f64 {
    (Decimal::ONE - objective).to_f64().unwrap_or(0.0).max(0.0)
}

#[expect(clippy::cast_precision_loss, reason = "seconds are exact up to 2^53")]
pub(crate) fn as_float(seconds: i64) -> f64 {
    seconds as f64
}

/// Judges the slices of a window. `slices` are in the order of their starts, each start once; a slice belongs to the window that
/// contains its start. A missing slice was not seen.
///
/// An exclusion excludes every slice of which it touches a part, because a slice does not show when in it its events were: it is
/// rounded outwards to the edges of slices.
pub fn judge(
    slices: &[Slice],
    window: Interval,
    yardstick: Yardstick<'_>,
    exclusions: &[Interval],
) -> Judgment {
    let exclusions = united(exclusions);
    let first = slices.partition_point(|slice| slice.start < window.from);
    let mut slices = slices.get(first..).unwrap_or_default().iter().peekable();
    let (mut gross, mut net) = (Sums::default(), Sums::default());
    let mut excluded = Excluded::default();
    let offset = window.from.rem_euclid(SLICE_SECONDS);
    let mut start = if offset == 0 {
        window.from
    } else {
        window.from.saturating_add(SLICE_SECONDS - offset)
    };
    while start < window.until {
        while slices.next_if(|slice| slice.start < start).is_some() {}
        let slice = slices.next_if(|slice| slice.start == start);
        gross.add(slice, &yardstick, start);
        if is_touched(&exclusions, start) {
            excluded.seconds += SLICE_SECONDS;
            excluded.bad += slice.map_or(0.0, |slice| slice.bad);
            excluded.total += slice.map_or(0.0, |slice| slice.total);
        } else {
            net.add(slice, &yardstick, start);
        }
        start = start.saturating_add(SLICE_SECONDS);
    }
    Judgment {
        gross: gross.finish(),
        net: net.finish(),
        excluded,
    }
}

/// Ordered intervals without overlaps.
fn united(intervals: &[Interval]) -> Vec<Interval> {
    let mut ordered: Vec<Interval> = intervals.to_vec();
    ordered.retain(|interval| !interval.is_empty());
    ordered.sort_unstable();
    let mut united: Vec<Interval> = Vec::new();
    for interval in ordered {
        match united.last_mut() {
            Some(last) if interval.from <= last.until => {
                last.until = last.until.max(interval.until)
            }
            _ => united.push(interval),
        }
    }
    united
}

/// Whether one of ordered intervals has a moment in common with the slice that starts at a moment.
fn is_touched(intervals: &[Interval], start: i64) -> bool {
    let next = intervals.partition_point(|interval| interval.until <= start);
    let end = start.saturating_add(SLICE_SECONDS);
    intervals
        .get(next)
        .is_some_and(|interval| interval.from < end)
}
