//! Time intervals: recurring times at which receivers are notified, or not.
//!
//! A time is in an interval if all that it lists applies, on the local clock of its zone. [`TimeInterval::spans`] is the same as
//! ranges within one day, as Alertmanager knows them; both its configuration and [`TimeInterval::contains`] follow from these.

use std::fmt;

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan as _};
use smol_str::SmolStr;

use super::zone::{self, UnknownZone};
use super::{SupportHours, TimeOfDay};

/// Minutes of a day.
const DAY: u16 = 24 * 60;

/// Recurring times.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TimeInterval {
    /// The name.
    pub name: SmolStr,
    /// The time zone, a name of the IANA database.
    pub zone: String,
    /// The days of the week on which it begins, in rising order, 0 for Monday; empty for all.
    pub days: Vec<u8>,
    /// The time at which it begins.
    pub from: TimeOfDay,
    /// The time at which it ends: on the next day, if it is not later.
    pub to: TimeOfDay,
    /// The months, 1 to 12, in rising order; empty for all.
    pub months: Vec<u8>,
    /// The days of the month, 1 to 31, or -1 to -31 from its end; empty for all.
    pub days_of_month: Vec<i8>,
    /// The only dates on which it begins, in rising order; empty for all.
    pub dates: Vec<Date>,
}

/// Times within one day: all that is listed applies.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span {
    /// The first minute of the day.
    pub from: u16,
    /// The minute after the last, at most 1,440.
    pub to: u16,
    /// The days of the week, in rising order, 0 for Monday; empty for all.
    pub days: Vec<u8>,
    /// The months, in rising order; empty for all.
    pub months: Vec<u8>,
    /// The days of the month, or from its end if negative; empty for all.
    pub days_of_month: Vec<i8>,
    /// The year; `None` for all.
    pub year: Option<i16>,
}

impl TimeInterval {
    /// The support hours of a team as an interval.
    pub fn support_hours(team: &str, hours: &SupportHours) -> Self {
        Self {
            name: format!("{team}-support-hours").into(),
            zone: hours.zone.clone(),
            days: hours.days.clone(),
            from: hours.from,
            to: hours.to,
            months: Vec::new(),
            days_of_month: Vec::new(),
            dates: Vec::new(),
        }
    }

    /// Returns whether it passes midnight.
    pub fn passes_midnight(&self) -> bool {
        self.to <= self.from && minutes(self.to) != 0
    }

    /// The same times as ranges within one day.
    pub fn spans(&self) -> Vec<Span> {
        let (from, to) = (minutes(self.from), minutes(self.to));
        if self.to > self.from {
            return self.spans_on(from, to, 0);
        }
        let mut spans = self.spans_on(from, DAY, 0);
        if to > 0 {
            spans.extend(self.spans_on(0, to, 1));
        }
        spans
    }

    /// The ranges of some minutes, this many days after the days on which it begins.
    fn spans_on(&self, from: u16, to: u16, after: u8) -> Vec<Span> {
        let mut days: Vec<u8> = self.days.iter().map(|day| (day + after) % 7).collect();
        days.sort_unstable();
        let span = Span {
            from,
            to,
            days: if days.len() == 7 { Vec::new() } else { days },
            months: self.months.clone(),
            days_of_month: self.days_of_month.clone(),
            year: None,
        };
        if self.dates.is_empty() {
            return vec![span];
        }
        let mut spans: Vec<Span> = Vec::new();
        for date in &self.dates {
            let Ok(date) = date.checked_add(i64::from(after).days()) else {
                continue;
            };
            let month = u8::try_from(date.month()).unwrap_or_default();
            let is_same = |one: &&mut Span| one.year == Some(date.year()) && one.months == [month];
            match spans.iter_mut().find(is_same) {
                Some(known) => known.days_of_month.push(date.day()),
                None => spans.push(Span {
                    months: vec![month],
                    days_of_month: vec![date.day()],
                    year: Some(date.year()),
                    ..span.clone()
                }),
            }
        }
        spans
    }

    /// Returns whether a time is in it, in milliseconds since 1970.
    ///
    /// # Errors
    ///
    /// If its time zone is unknown.
    pub fn contains(&self, at: i64) -> Result<bool, UnknownZone> {
        let zone = zone::find(&self.zone)?;
        let Ok(at) = Timestamp::from_millisecond(at) else {
            return Ok(false);
        };
        let local = zone.to_datetime(at);
        Ok(self.spans().iter().any(|span| span.contains(local)))
    }
}

impl Span {
    /// Returns whether a local time is in it.
    fn contains(&self, at: jiff::civil::DateTime) -> bool {
        let minute = i32::from(at.hour()) * 60 + i32::from(at.minute());
        let length = at.date().days_in_month();
        let day = |of: &i8| if *of < 0 { length + of + 1 } else { *of };
        let weekday = at.weekday().to_monday_zero_offset();
        (i32::from(self.from)..i32::from(self.to)).contains(&minute)
            && (self.days.is_empty() || self.days.iter().any(|of| i16::from(*of) == weekday.into()))
            && (self.months.is_empty()
                || self
                    .months
                    .iter()
                    .any(|of| i16::from(*of) == at.month().into()))
            && (self.days_of_month.is_empty()
                || self.days_of_month.iter().any(|of| day(of) == at.day()))
            && self.year.is_none_or(|year| year == at.year())
    }
}

fn minutes(time: TimeOfDay) -> u16 {
    u16::from(time.hour) * 60 + u16::from(time.minute)
}

/// The interval in words: `Mon-Fri 09:00-17:00 Europe/London`.
impl fmt::Display for TimeInterval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
        let mut parts: Vec<String> = Vec::new();
        if !self.days.is_empty() {
            parts.push(ranges(&self.days, |day| {
                let name = DAYS.get(usize::from(*day));
                name.copied().unwrap_or_default().to_owned()
            }));
        }
        let is_whole_day = minutes(self.from) == 0 && minutes(self.to) == 0;
        if !is_whole_day {
            let (from, to) = (self.from, self.to);
            let end = if minutes(to) == 0 { 24 } else { to.hour };
            parts.push(format!(
                "{:02}:{:02}-{end:02}:{:02}",
                from.hour, from.minute, to.minute
            ));
        }
        if !self.months.is_empty() {
            parts.push(format!("months {}", ranges(&self.months, u8::to_string)));
        }
        if !self.days_of_month.is_empty() {
            let days: Vec<String> = self.days_of_month.iter().map(i8::to_string).collect();
            parts.push(format!("days {} of the month", days.join(", ")));
        }
        if !self.dates.is_empty() {
            let dates: Vec<String> = self.dates.iter().map(Date::to_string).collect();
            parts.push(format!("on {}", dates.join(", ")));
        }
        if parts.is_empty() {
            parts.push("always".to_owned());
        }
        write!(f, "{} {}", parts.join(" "), self.zone)
    }
}

/// Numbers in rising order, with runs of more than two as `Mon-Fri`.
fn ranges(numbers: &[u8], name: impl Fn(&u8) -> String) -> String {
    let runs = numbers.chunk_by(|one, next| one.checked_add(1) == Some(*next));
    let texts: Vec<String> = runs
        .flat_map(|run| match run {
            [first, _, .., last] => vec![format!("{}-{}", name(first), name(last))],
            few => few.iter().map(&name).collect(),
        })
        .collect();
    texts.join(", ")
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::*;

    fn interval(days: &[u8], from: u8, to: u8) -> TimeInterval {
        let time = |hour| TimeOfDay { hour, minute: 0 };
        TimeInterval {
            name: "office".into(),
            zone: "Europe/London".to_owned(),
            days: days.to_vec(),
            from: time(from),
            to: time(to),
            months: Vec::new(),
            days_of_month: Vec::new(),
            dates: Vec::new(),
        }
    }

    fn is_in(interval: &TimeInterval, at: &str) -> bool {
        let at: Timestamp = at.parse().expect("a time");
        interval.contains(at.as_millisecond()).expect("a zone")
    }

    #[test]
    fn hours_are_those_of_the_local_clock() {
        let office = interval(&[0, 1, 2, 3, 4], 9, 17);
        assert_eq!(office.to_string(), "Mon-Fri 09:00-17:00 Europe/London");
        // London is one hour ahead of UTC in summer.
        assert!(!is_in(&office, "2026-01-05T08:59:59Z"));
        assert!(is_in(&office, "2026-01-05T09:00:00Z"));
        assert!(is_in(&office, "2026-01-05T16:59:59Z"));
        assert!(!is_in(&office, "2026-01-05T17:00:00Z"));
        assert!(is_in(&office, "2026-07-06T08:00:00Z"));
        assert!(!is_in(&office, "2026-07-06T16:00:00Z"));
        assert!(!is_in(&office, "2026-01-10T12:00:00Z"));
    }

    #[test]
    fn a_night_ends_on_the_next_day() {
        let nights = interval(&[4, 6], 22, 6);
        let spans = nights.spans();
        assert_eq!((spans[0].from, spans[0].to), (22 * 60, DAY));
        assert_eq!(spans[0].days, [4, 6]);
        assert_eq!((spans[1].from, spans[1].to), (0, 6 * 60));
        // The night of Sunday ends on Monday.
        assert_eq!(spans[1].days, [0, 5]);
        assert!(is_in(&nights, "2026-01-09T23:00:00Z"));
        assert!(is_in(&nights, "2026-01-10T05:59:00Z"));
        assert!(!is_in(&nights, "2026-01-10T22:00:00Z"));
        assert!(is_in(&nights, "2026-01-12T01:00:00Z"));
        assert!(nights.passes_midnight());
        assert!(!interval(&[], 22, 0).passes_midnight());
    }

    #[test]
    fn a_whole_day_has_24_hours() {
        let mut holidays = interval(&[], 0, 0);
        holidays.dates = vec![
            "2026-12-25".parse().unwrap(),
            "2026-12-26".parse().unwrap(),
            "2027-01-01".parse().unwrap(),
        ];
        let spans = holidays.spans();
        assert_eq!(spans.len(), 2);
        assert_eq!((spans[0].from, spans[0].to), (0, DAY));
        assert_eq!(spans[0].days_of_month, [25, 26]);
        assert_eq!((spans[1].year, &spans[1].months), (Some(2027), &vec![1]));
        assert!(is_in(&holidays, "2026-12-26T23:59:59Z"));
        assert!(!is_in(&holidays, "2026-12-27T00:00:00Z"));
        assert!(!is_in(&holidays, "2027-12-25T12:00:00Z"));
    }

    #[test]
    fn the_night_of_a_date_ends_in_the_next_year() {
        let mut eve = interval(&[], 22, 6);
        eve.dates = vec!["2026-12-31".parse().unwrap()];
        assert!(is_in(&eve, "2026-12-31T23:00:00Z"));
        assert!(is_in(&eve, "2027-01-01T05:00:00Z"));
        assert!(!is_in(&eve, "2026-12-31T05:00:00Z"));
    }

    #[test]
    fn days_are_counted_from_the_end_of_a_month() {
        let mut closing = interval(&[], 0, 0);
        closing.days_of_month = vec![-1, 1];
        closing.months = vec![2, 3];
        assert!(is_in(&closing, "2026-02-28T12:00:00Z"));
        assert!(!is_in(&closing, "2028-02-28T12:00:00Z"));
        assert!(is_in(&closing, "2028-02-29T12:00:00Z"));
        assert!(is_in(&closing, "2026-03-01T12:00:00Z"));
        assert!(!is_in(&closing, "2026-04-01T12:00:00Z"));
    }
}
