//! Exclusions: times whose events are not charged to the error budget of the SLOs that they cover.
//!
//! Times of the day and of the week are read on the local clock of a time zone, as RFC 5545 (iCalendar) reads recurring
//! events: a time that the clock skips is moved by as much as the clock, and a time that it repeats is the first of the two.

mod clock;
#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests;

use std::fmt;
use std::ops::Range;

use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use smol_str::SmolStr;

use super::Hours;
use clock::{hours_text, local_day, on_day, second, timestamp};

use crate::zone;

pub use crate::zone::UnknownZone;
pub use clock::{LocalTime, local_time};

/// 2026-01-05T00:00:00Z, a Monday: where the comparison of exclusions that have always recurred begins.
const REFERENCE: i64 = 1_767_571_200;
const DAY: i64 = 86_400;
/// Longer than a year, so that each change of the clocks is in it.
const YEAR: i64 = 54 * 7 * DAY;
/// Longer than the longest time between two recurrences.
const ROUND: i64 = 8 * DAY;

/// A time whose events are not charged to error budgets.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Exclusion {
    /// The name, unique in the project.
    pub name: SmolStr,
    /// When it applies.
    pub times: Times,
    /// The time zone that its times are written in, a name of the IANA database.
    pub zone: String,
    /// The reason.
    pub reason: String,
    /// Who agreed to it.
    pub by: Approver,
}

/// When an exclusion applies.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Times {
    /// Once.
    Once {
        /// The first second, since 1970.
        from: i64,
        /// The second after the last one.
        until: i64,
    },
    /// Every day or every week.
    Recurring {
        /// The times of each day or week. Never empty.
        hours: Vec<Hours>,
        /// The first day on which it can begin; `None` if it has always recurred.
        first: Option<Date>,
        /// The last day on which it can begin; `None` if it recurs forever.
        last: Option<Date>,
    },
}

/// Who agreed to an exclusion.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Approver {
    /// The team of this name.
    Team(SmolStr),
    /// The person of this email address.
    Person(String),
}

/// As it is written: the name of the team, or the email address.
impl fmt::Display for Approver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Team(name) => f.write_str(name),
            Self::Person(address) => f.write_str(address),
        }
    }
}

impl Exclusion {
    /// The times inside of `[from, until)` at which the exclusion applies, in seconds since 1970: half-open, not empty, in
    /// rising order, and not adjacent.
    ///
    /// # Errors
    ///
    /// If the time zone is unknown, which the language reports before.
    pub fn intervals(&self, from: i64, until: i64) -> Result<Vec<Range<i64>>, UnknownZone> {
        let inside = |range: Range<i64>| range.start.max(from)..range.end.min(until);
        let found = match &self.times {
            Times::Once { from, until } => std::iter::once(*from..*until).collect(),
            Times::Recurring { hours, first, last } => {
                let zone = zone::find(&self.zone)?;
                let begin =
                    local_day(&zone, from.saturating_sub(ROUND)).max(first.unwrap_or(Date::MIN));
                let end = local_day(&zone, until).min(last.unwrap_or(Date::MAX));
                let mut found = Vec::new();
                let mut day = begin;
                while day <= end {
                    found.extend(hours.iter().filter_map(|hours| on_day(&zone, day, hours)));
                    let Ok(next) = day.tomorrow() else {
                        break;
                    };
                    day = next;
                }
                found
            }
        };
        Ok(union(found.into_iter().map(inside)))
    }

    /// The first time that this exclusion and another one apply at once; `None` if they never do. Of two that recur, one year
    /// is compared.
    ///
    /// # Errors
    ///
    /// If a time zone is unknown.
    pub fn first_overlap(&self, other: &Self) -> Result<Option<Range<i64>>, UnknownZone> {
        let bounds = [self.bounds()?, other.bounds()?];
        let begin = bounds.iter().filter_map(|(begin, _)| *begin).max();
        let begin = begin.unwrap_or(REFERENCE);
        let end = bounds.iter().filter_map(|(_, end)| *end).min();
        let end = end.unwrap_or(i64::MAX).min(begin.saturating_add(YEAR));
        let others = other.intervals(begin, end)?;
        let own = self.intervals(begin, end)?;
        let overlaps = own.iter().filter_map(|own| {
            others
                .iter()
                .map(|other| own.start.max(other.start)..own.end.min(other.end))
                .find(|both| !both.is_empty())
        });
        Ok(overlaps.min_by_key(|both| both.start))
    }

    /// Returns whether another exclusion applies whenever this one does. Of exclusions that recur forever, one year is compared.
    ///
    /// # Errors
    ///
    /// If a time zone is unknown.
    pub fn is_within(&self, other: &Self) -> Result<bool, UnknownZone> {
        let bounds = [self.bounds()?, other.bounds()?];
        let begin = bounds.iter().filter_map(|(begin, _)| *begin).min();
        let begin = begin.unwrap_or(REFERENCE);
        let end = bounds.iter().filter_map(|(_, end)| *end).max();
        let end = end.unwrap_or(begin).max(begin.saturating_add(YEAR));
        // One round more on both sides shows which of them has no bound.
        let (begin, end) = (begin.saturating_sub(ROUND), end.saturating_add(ROUND));
        let others = other.intervals(begin, end)?;
        let own = self.intervals(begin, end)?;
        Ok(own.iter().all(|own| {
            others
                .iter()
                .any(|other| other.start <= own.start && own.end <= other.end)
        }))
    }

    /// The length of the times at which the exclusion applies in the first SLO window that begins with it, in seconds. `window`
    /// is in seconds.
    ///
    /// # Errors
    ///
    /// If the time zone is unknown.
    pub fn seconds_in(&self, window: i64) -> Result<i64, UnknownZone> {
        let begin = self.bounds()?.0.unwrap_or(REFERENCE);
        let found = self.intervals(begin, begin.saturating_add(window))?;
        Ok(found.iter().map(|range| range.end - range.start).sum())
    }

    /// The longest time, in seconds, that exclusions together take out of an SLO window that begins with one of them. `window` is in
    /// seconds.
    ///
    /// # Errors
    ///
    /// If a time zone is unknown.
    pub fn seconds_of_all(all: &[&Self], window: i64) -> Result<i64, UnknownZone> {
        let mut longest = 0;
        for one in all {
            let begin = one.bounds()?.0.unwrap_or(REFERENCE);
            let mut found = Vec::new();
            for other in all {
                found.extend(other.intervals(begin, begin.saturating_add(window))?);
            }
            let together = union(found)
                .iter()
                .map(|range| range.end - range.start)
                .sum();
            longest = longest.max(together);
        }
        Ok(longest)
    }

    /// The first second and the second after the last one at which it can apply; `None` for one that recurs without a bound.
    fn bounds(&self) -> Result<(Option<i64>, Option<i64>), UnknownZone> {
        Ok(match &self.times {
            Times::Once { from, until } => (Some(*from), Some(*until)),
            Times::Recurring { first, last, .. } => {
                let zone = zone::find(&self.zone)?;
                let midnight = |day: Date| second(&zone, day.to_datetime(Time::midnight()));
                let end = last.and_then(midnight);
                (
                    first.and_then(midnight),
                    end.map(|end| end.saturating_add(ROUND)),
                )
            }
        })
    }

    /// When the exclusion applies, in words: `2026-11-27 22:00 to 2026-11-28 02:00 (Europe/Berlin)`, `sun 02:00 to sun 04:00
    /// (UTC), from 2026-01-01 on`.
    pub fn times_text(&self) -> String {
        match &self.times {
            Times::Once { from, until } => format!(
                "{} to {} ({})",
                self.local_text(*from),
                self.local_text(*until),
                self.zone
            ),
            Times::Recurring { hours, first, last } => {
                let hours: Vec<String> = hours.iter().map(hours_text).collect();
                let mut text = format!("{} ({})", hours.join(", "), self.zone);
                text += &match (first, last) {
                    (Some(first), Some(last)) => format!(", from {first} to {last}"),
                    (Some(first), None) => format!(", from {first} on"),
                    (None, Some(last)) => format!(", up to {last}"),
                    (None, None) => String::new(),
                };
                text
            }
        }
    }

    /// A moment on the local clock of the exclusion: `2026-11-27 22:00`.
    pub fn local_text(&self, seconds: i64) -> String {
        let zone = zone::find(&self.zone).unwrap_or(TimeZone::UTC);
        let local = zone.to_datetime(timestamp(seconds));
        local.strftime("%Y-%m-%d %H:%M").to_string()
    }
}

/// The union of intervals: half-open, not empty, in rising order, and not adjacent.
pub fn union(intervals: impl IntoIterator<Item = Range<i64>>) -> Vec<Range<i64>> {
    let mut sorted: Vec<Range<i64>> = intervals
        .into_iter()
        .filter(|range| !range.is_empty())
        .collect();
    sorted.sort_by_key(|range| (range.start, range.end));
    let mut union: Vec<Range<i64>> = Vec::with_capacity(sorted.len());
    for range in sorted {
        match union.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => union.push(range),
        }
    }
    union
}
