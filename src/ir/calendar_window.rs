//! Calendar windows of SLOs: weeks, months and quarters in a time zone. The error budget starts full at the first moment of each.

use std::fmt;
use std::ops::Range;

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use crate::Duration;
use crate::zone::{self, UnknownZone};

/// A calendar window with its time zone.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CalendarWindow {
    /// What recurs.
    pub unit: CalendarUnit,
    /// The time zone in which it begins, a name of the IANA database.
    pub zone: String,
}

/// What recurs in the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CalendarUnit {
    /// From Monday to Sunday.
    Week,
    /// A month of the calendar.
    Month,
    /// Three months, from January, April, July or October on.
    Quarter,
}

impl CalendarUnit {
    /// All units.
    pub const ALL: [Self; 3] = [Self::Week, Self::Month, Self::Quarter];

    /// The unit of this name, as in the language: `week`, `month`, `quarter`.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|unit| unit.name() == name)
    }

    /// The name in the language.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Week => "week",
            Self::Month => "month",
            Self::Quarter => "quarter",
        }
    }

    /// The usual length, to which burn rates relate: 7d, 30d or 90d.
    pub const fn nominal(self) -> Duration {
        match self {
            Self::Week => Duration::days(7),
            Self::Month => Duration::days(30),
            Self::Quarter => Duration::days(90),
        }
    }

    /// A length that none exceeds, also where clocks are set back: 7d1h, 31d1h or 92d1h.
    pub const fn longest(self) -> Duration {
        match self {
            Self::Week => Duration::hours(7 * 24 + 1),
            Self::Month => Duration::hours(31 * 24 + 1),
            Self::Quarter => Duration::hours(92 * 24 + 1),
        }
    }

    /// The first day of the one that contains a day.
    fn first_day(self, day: Date) -> Option<Date> {
        match self {
            Self::Week => {
                let days = day.weekday().to_monday_zero_offset();
                day.checked_sub(i64::from(days).days()).ok()
            }
            Self::Month => Some(day.first_of_month()),
            Self::Quarter => {
                let month = (day.month() - 1) / 3 * 3 + 1;
                Date::new(day.year(), month, 1).ok()
            }
        }
    }

    /// The first day of the next one.
    fn next(self, first: Date) -> Option<Date> {
        let span = match self {
            Self::Week => 7.days(),
            Self::Month => 1.month(),
            Self::Quarter => 3.months(),
        };
        first.checked_add(span).ok()
    }
}

/// The name.
impl fmt::Display for CalendarUnit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl CalendarWindow {
    /// The period that contains a moment, from its first second to the one after its last; all in seconds since 1970. Empty at the ends
    /// of the calendar.
    ///
    /// # Errors
    ///
    /// If the time zone is unknown, which the language reports before.
    pub fn period(&self, at: i64) -> Result<Range<i64>, UnknownZone> {
        let zone = zone::find(&self.zone)?;
        let found = Timestamp::from_second(at).ok().and_then(|moment| {
            let day = zone.to_datetime(moment).date();
            let first = self.unit.first_day(day)?;
            let next = self.unit.next(first)?;
            Some(midnight(&zone, first)?..midnight(&zone, next)?)
        });
        Ok(found.unwrap_or(at..at))
    }
}

/// `month`, or `month in Europe/Berlin` if the zone is not UTC.
impl fmt::Display for CalendarWindow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.zone.as_str() {
            "UTC" => write!(f, "{}", self.unit),
            zone => write!(f, "{} in {zone}", self.unit),
        }
    }
}

/// The first moment of a local day.
fn midnight(zone: &TimeZone, day: Date) -> Option<i64> {
    let local: DateTime = day.at(0, 0, 0, 0);
    let moment = zone.to_ambiguous_timestamp(local).compatible().ok()?;
    Some(moment.as_second())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn period(unit: CalendarUnit, zone: &str, at: &str) -> [String; 2] {
        let window = CalendarWindow {
            unit,
            zone: zone.to_owned(),
        };
        let at: Timestamp = at.parse().unwrap();
        let period = window.period(at.as_second()).unwrap();
        [period.start, period.end].map(|second| Timestamp::from_second(second).unwrap().to_string())
    }

    #[test]
    fn periods_begin_at_local_midnight() {
        for (unit, zone, at, expected) in [
            (
                CalendarUnit::Month,
                "UTC",
                "2026-02-28T23:59:59Z",
                ["2026-02-01T00:00:00Z", "2026-03-01T00:00:00Z"],
            ),
            (
                CalendarUnit::Month,
                "Europe/Berlin",
                "2026-10-31T22:59:59Z",
                ["2026-09-30T22:00:00Z", "2026-10-31T23:00:00Z"],
            ),
            (
                CalendarUnit::Week,
                "Europe/Berlin",
                "2026-03-29T12:00:00Z",
                ["2026-03-22T23:00:00Z", "2026-03-29T22:00:00Z"],
            ),
            (
                CalendarUnit::Quarter,
                "America/New_York",
                "2026-11-30T11:00:00Z",
                ["2026-10-01T04:00:00Z", "2027-01-01T05:00:00Z"],
            ),
        ] {
            assert_eq!(period(unit, zone, at), expected, "{unit} {zone} {at}");
        }
    }

    #[test]
    fn no_period_is_longer_than_the_longest() {
        for unit in CalendarUnit::ALL {
            for zone in ["UTC", "Europe/Berlin", "America/Santiago"] {
                let window = CalendarWindow {
                    unit,
                    zone: zone.to_owned(),
                };
                let longest = i64::try_from(unit.longest().0 / 1000).unwrap();
                let mut at = 1_767_225_600;
                while at < 1_900_000_000 {
                    let period = window.period(at).unwrap();
                    assert!(period.contains(&at));
                    assert!(period.end - period.start <= longest);
                    at = period.end;
                }
            }
        }
    }
}
