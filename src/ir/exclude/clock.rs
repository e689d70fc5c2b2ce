//! Local times on the clocks of a time zone.

use std::ops::Range;

use jiff::civil::{Date, DateTime, Time, Weekday};
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{Timestamp, ToSpan};

use crate::zone::{self, UnknownZone};
use crate::{Hours, TimeOfDay, TimeOfWeek};

/// The names of the days of the week, as they are written.
const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// How a local time relates to the clocks of its zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LocalTime {
    /// It happens once, at this second since 1970.
    Once(i64),
    /// The clocks skip it.
    Skipped,
    /// The clocks show it twice: first and then at these seconds since 1970.
    Repeated(i64, i64),
}

/// Finds when a local time is in a time zone; `None` at the ends of the calendar.
///
/// # Errors
///
/// If the time zone is unknown.
pub fn local_time(local: DateTime, name: &str) -> Result<Option<LocalTime>, UnknownZone> {
    let ambiguous = zone::find(name)?.to_ambiguous_timestamp(local);
    let offset = ambiguous.offset();
    let second = |moment: Result<Timestamp, jiff::Error>| moment.ok().map(Timestamp::as_second);
    Ok(match offset {
        AmbiguousOffset::Unambiguous { .. } => second(ambiguous.unambiguous()).map(LocalTime::Once),
        AmbiguousOffset::Gap { .. } => Some(LocalTime::Skipped),
        AmbiguousOffset::Fold { .. } => {
            let earlier = second(ambiguous.earlier());
            let later = second(ambiguous.later());
            earlier
                .zip(later)
                .map(|(earlier, later)| LocalTime::Repeated(earlier, later))
        }
    })
}

/// The moment of a second since 1970; the first or the last of the calendar if it is outside of it.
pub(super) fn timestamp(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).unwrap_or(match seconds < 0 {
        true => Timestamp::MIN,
        false => Timestamp::MAX,
    })
}

pub(super) fn local_day(zone: &TimeZone, seconds: i64) -> Date {
    zone.to_datetime(timestamp(seconds)).date()
}

/// The second of a local time, as RFC 5545 reads it; `None` at the ends of the calendar.
pub(super) fn second(zone: &TimeZone, local: DateTime) -> Option<i64> {
    let moment = zone.to_ambiguous_timestamp(local).compatible().ok()?;
    Some(moment.as_second())
}

/// The hours that begin on a day, if any do; empty if the clock skips them.
pub(super) fn on_day(zone: &TimeZone, day: Date, hours: &Hours) -> Option<Range<i64>> {
    let (from, to, days) = match hours {
        Hours::Daily { from, to } => (*from, *to, i64::from(to <= from)),
        Hours::Weekly { from, to } => {
            if day.weekday() != weekday(from.day)? {
                return None;
            }
            let days = (i64::from(to.day) - i64::from(from.day)).rem_euclid(7);
            let wraps = days == 0 && to.time <= from.time;
            (from.time, to.time, if wraps { 7 } else { days })
        }
    };
    let end = day.checked_add(days.days()).ok()?;
    let from = second(zone, day.to_datetime(time(from)?))?;
    let to = second(zone, end.to_datetime(time(to)?))?;
    Some(from..to)
}

fn weekday(day: u8) -> Option<Weekday> {
    Weekday::from_monday_zero_offset(i8::try_from(day).ok()?).ok()
}

fn time(time: TimeOfDay) -> Option<Time> {
    let (hour, minute) = (
        i8::try_from(time.hour).ok()?,
        i8::try_from(time.minute).ok()?,
    );
    Time::new(hour, minute, 0, 0).ok()
}

pub(super) fn hours_text(hours: &Hours) -> String {
    let clock = |time: &TimeOfDay| format!("{:02}:{:02}", time.hour, time.minute);
    let week = |time: &TimeOfWeek| {
        let day = DAYS.get(usize::from(time.day)).copied().unwrap_or_default();
        format!("{day} {}", clock(&time.time))
    };
    match hours {
        Hours::Daily { from, to } => format!("daily {} to {}", clock(from), clock(to)),
        Hours::Weekly { from, to } => format!("{} to {}", week(from), week(to)),
    }
}
