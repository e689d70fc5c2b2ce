//! Windows: rolling ones, and those of a calendar.

use std::fmt;

use jiff::civil::{Date, ISOWeekDate, Weekday};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

use crate::{Interval, SLICE_SECONDS};

/// The window of a length that ends at a moment, in whole slices: both ends are moved back to the start of their slice.
pub fn rolling_window(until: i64, window_ms: i64) -> Interval {
    let edge = |moment: i64| {
        moment
            .div_euclid(SLICE_SECONDS)
            .saturating_mul(SLICE_SECONDS)
    };
    Interval {
        from: edge(until.saturating_sub(window_ms / 1_000)),
        until: edge(until),
    }
}

/// A window of a calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Period {
    /// From Monday to Sunday.
    Week,
    /// A month.
    Month,
    /// Three months from January, April, July or October on.
    Quarter,
    /// A year.
    Year,
}

/// A text that names no period, or a moment outside of the calendar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CalendarError {
    /// The text is not a period.
    UnknownPeriod {
        /// The text.
        text: String,
    },
    /// The moment is outside of the years -9999 to 9999.
    OutOfRange,
}

impl fmt::Display for CalendarError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownPeriod { text } => write!(
                f,
                "unknown period {text:?}: expected a month `2026-10`, a quarter `2026-Q4`, a week `2026-W41` or a year `2026`"
            ),
            Self::OutOfRange => f.write_str("the time is outside of the calendar"),
        }
    }
}

impl std::error::Error for CalendarError {}

impl Period {
    /// The period that contains a moment, in seconds since 1970.
    ///
    /// # Errors
    ///
    /// [`CalendarError::OutOfRange`].
    pub fn containing(self, at: i64, zone: &TimeZone) -> Result<Interval, CalendarError> {
        let at = Timestamp::from_second(at).map_err(|_| CalendarError::OutOfRange)?;
        let date = at.to_zoned_datetime(zone.clone()).date();
        let first = match self {
            Self::Week => {
                let days = i64::from(date.weekday().since(Weekday::Monday));
                date.checked_sub(Span::new().days(days))
                    .map_err(|_| CalendarError::OutOfRange)?
            }
            Self::Month => date.first_of_month(),
            Self::Quarter => first_of_month(date.year(), (date.month() - 1) / 3 * 3 + 1)?,
            Self::Year => date.first_of_year(),
        };
        self.starting(first, zone)
    }

    /// The period before one that starts at a moment, in seconds since 1970.
    ///
    /// # Errors
    ///
    /// [`CalendarError::OutOfRange`].
    pub fn before(self, start: i64, zone: &TimeZone) -> Result<Interval, CalendarError> {
        self.containing(start.saturating_sub(1), zone)
    }

    /// Reads a period: a month `2026-10`, a quarter `2026-Q4`, a week of ISO 8601 `2026-W41` or a year `2026`.
    ///
    /// # Errors
    ///
    /// [`CalendarError::UnknownPeriod`] if the text is something else.
    pub fn parse(text: &str, zone: &TimeZone) -> Result<(Self, Interval), CalendarError> {
        let unknown = || CalendarError::UnknownPeriod {
            text: text.chars().take(40).collect(),
        };
        let (year, rest) = text.split_once('-').unwrap_or((text, ""));
        let has_digits = |text: &str, count: usize| {
            text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit())
        };
        if !has_digits(year, 4) {
            return Err(unknown());
        }
        let year: i16 = year.parse().map_err(|_| unknown())?;
        let (period, first) = if let Some(week) = rest.strip_prefix('W') {
            let week: i8 = has_digits(week, 2)
                .then(|| week.parse().ok())
                .flatten()
                .ok_or_else(unknown)?;
            let date = ISOWeekDate::new(year, week, Weekday::Monday).map_err(|_| unknown())?;
            (Self::Week, date.date())
        } else if let Some(quarter) = rest.strip_prefix('Q') {
            let quarter: i8 = has_digits(quarter, 1)
                .then(|| quarter.parse().ok())
                .flatten()
                .filter(|quarter| (1..=4).contains(quarter))
                .ok_or_else(unknown)?;
            let first = first_of_month(year, quarter * 3 - 2).map_err(|_| unknown())?;
            (Self::Quarter, first)
        } else if has_digits(rest, 2) {
            let month: i8 = rest.parse().map_err(|_| unknown())?;
            (
                Self::Month,
                first_of_month(year, month).map_err(|_| unknown())?,
            )
        } else if text.len() == 4 {
            (Self::Year, first_of_month(year, 1).map_err(|_| unknown())?)
        } else {
            return Err(unknown());
        };
        Ok((period, period.starting(first, zone)?))
    }

    /// The period from a first day on.
    fn starting(self, first: Date, zone: &TimeZone) -> Result<Interval, CalendarError> {
        let length = match self {
            Self::Week => Span::new().days(7),
            Self::Month => Span::new().months(1),
            Self::Quarter => Span::new().months(3),
            Self::Year => Span::new().years(1),
        };
        let out_of_range = |_| CalendarError::OutOfRange;
        let next = first.checked_add(length).map_err(out_of_range)?;
        // A day starts at its first moment, also where clocks change at midnight.
        let start = |date: Date| date.to_zoned_datetime(zone.clone()).map_err(out_of_range);
        Ok(Interval {
            from: start(first)?.timestamp().as_second(),
            until: start(next)?.timestamp().as_second(),
        })
    }
}

fn first_of_month(year: i16, month: i8) -> Result<Date, CalendarError> {
    Date::new(year, month, 1).map_err(|_| CalendarError::OutOfRange)
}
