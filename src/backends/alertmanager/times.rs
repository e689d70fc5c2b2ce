//! Time intervals: their names in a configuration, and how both formats write them.

use std::collections::BTreeMap;

use nth_model::TimeInterval;
use nth_model::time_interval::Span;
use serde::Serialize;

use crate::fnv1a;

/// The days of the week as Alertmanager numbers them.
const WEEKDAYS: [&str; 7] = [
    "sunday",
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
];

/// When a receiver is notified.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Times {
    /// The only intervals in which it is; empty for all times.
    pub active: Vec<TimeInterval>,
    /// The intervals in which it is not.
    pub mute: Vec<TimeInterval>,
}

impl Times {
    /// Returns whether it is always notified.
    pub fn is_always(&self) -> bool {
        self.active.is_empty() && self.mute.is_empty()
    }

    /// The intervals that mute it at a time, in milliseconds since 1970: those that are not active if none is, or those that mute
    /// it; empty if it is notified. An interval in an unknown time zone, which the analysis has reported, is not active.
    pub fn muted_by(&self, at: i64) -> Vec<&TimeInterval> {
        let applies = |one: &&TimeInterval| one.contains(at).unwrap_or(false);
        if !self.active.is_empty() && !self.active.iter().any(|one| applies(&one)) {
            return self.active.iter().collect();
        }
        self.mute.iter().filter(applies).collect()
    }
}

/// The names of the time intervals of a configuration.
#[derive(Debug, Default)]
pub struct Names(BTreeMap<TimeInterval, String>);

impl Names {
    /// Names intervals. Different ones with the same name, such as those of two packages, have a hash each.
    pub fn new<'t>(all: impl IntoIterator<Item = &'t TimeInterval>) -> Self {
        let mut by_name: BTreeMap<&str, Vec<&TimeInterval>> = BTreeMap::new();
        for interval in all {
            let known = by_name.entry(&interval.name).or_default();
            if !known.contains(&interval) {
                known.push(interval);
            }
        }
        let names = by_name.into_iter().flat_map(|(name, intervals)| {
            let is_alone = intervals.len() == 1;
            intervals.into_iter().map(move |interval| {
                let name = match is_alone {
                    true => name.to_owned(),
                    false => format!("{name}-{:08x}", fnv1a(&interval.to_string())),
                };
                (interval.clone(), name)
            })
        });
        Self(names.collect())
    }

    /// The name of an interval.
    pub fn name(&self, interval: &TimeInterval) -> &str {
        self.0.get(interval).map_or("", String::as_str)
    }

    /// The intervals with their names, in the order of the names.
    pub fn all(&self) -> Vec<(&str, &TimeInterval)> {
        let mut all: Vec<_> = self
            .0
            .iter()
            .map(|(interval, name)| (name.as_str(), interval))
            .collect();
        all.sort_unstable();
        all
    }
}

/// An interval in `alertmanager.yml`.
#[derive(Debug, Serialize)]
pub struct InFile {
    name: String,
    time_intervals: Vec<SpanInFile>,
}

#[derive(Debug, Serialize)]
struct SpanInFile {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    times: Vec<RangeInFile>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    weekdays: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    days_of_month: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    months: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    years: Vec<String>,
    location: String,
}

#[derive(Debug, Serialize)]
struct RangeInFile {
    start_time: String,
    end_time: String,
}

/// An interval in an `AlertmanagerConfig`, whose times are always UTC: the analysis has reported other zones.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct InResource {
    name: String,
    time_intervals: Vec<SpanInResource>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct SpanInResource {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    times: Vec<RangeInResource>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    weekdays: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    days_of_month: Vec<DaysInResource>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    months: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    years: Vec<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct RangeInResource {
    start_time: String,
    end_time: String,
}

#[derive(Debug, Serialize)]
struct DaysInResource {
    start: i8,
    end: i8,
}

impl InFile {
    /// Writes the intervals of a configuration.
    pub fn all(names: &Names) -> Vec<Self> {
        let span = |span: &Span, zone: &str| SpanInFile {
            times: range(span)
                .map(|[start_time, end_time]| RangeInFile {
                    start_time,
                    end_time,
                })
                .into_iter()
                .collect(),
            weekdays: weekdays(&span.days),
            days_of_month: span.days_of_month.iter().map(i8::to_string).collect(),
            months: span.months.iter().map(u8::to_string).collect(),
            years: span.year.iter().map(i16::to_string).collect(),
            location: zone.to_owned(),
        };
        let interval = |(name, of): (&str, &TimeInterval)| Self {
            name: name.to_owned(),
            time_intervals: of.spans().iter().map(|one| span(one, &of.zone)).collect(),
        };
        names.all().into_iter().map(interval).collect()
    }
}

impl InResource {
    /// Writes the intervals of a configuration.
    pub fn all(names: &Names) -> Vec<Self> {
        let span = |span: &Span| SpanInResource {
            times: range(span)
                .map(|[start_time, end_time]| RangeInResource {
                    start_time,
                    end_time,
                })
                .into_iter()
                .collect(),
            weekdays: weekdays(&span.days),
            days_of_month: span
                .days_of_month
                .iter()
                .map(|day| DaysInResource {
                    start: *day,
                    end: *day,
                })
                .collect(),
            months: span.months.iter().map(u8::to_string).collect(),
            years: span.year.iter().map(i16::to_string).collect(),
        };
        let interval = |(name, of): (&str, &TimeInterval)| Self {
            name: name.to_owned(),
            time_intervals: of.spans().iter().map(span).collect(),
        };
        names.all().into_iter().map(interval).collect()
    }
}

/// The times of a day; `None` for a whole day, unless there is nothing else.
fn range(span: &Span) -> Option<[String; 2]> {
    const DAY: u16 = 24 * 60;
    let is_whole = (span.from, span.to) == (0, DAY);
    let has_days = !span.days.is_empty()
        || !span.months.is_empty()
        || !span.days_of_month.is_empty()
        || span.year.is_some();
    let text = |minute: u16| format!("{:02}:{:02}", minute / 60, minute % 60);
    (!is_whole || !has_days).then(|| [text(span.from), text(span.to)])
}

/// The days of the week, 0 for Monday, as ranges: Alertmanager's week begins on Sunday, and no range passes its end.
fn weekdays(days: &[u8]) -> Vec<String> {
    let mut numbers: Vec<usize> = days.iter().map(|day| (usize::from(*day) + 1) % 7).collect();
    numbers.sort_unstable();
    let name = |number: &usize| WEEKDAYS.get(*number).copied().unwrap_or_default();
    numbers
        .chunk_by(|one, next| one + 1 == *next)
        .map(|run| match run {
            [first, .., last] => format!("{}:{}", name(first), name(last)),
            [only] => name(only).to_owned(),
            [] => String::new(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_of_days_stays_within_alertmanagers_week() {
        assert_eq!(weekdays(&[0, 1, 2, 3, 4]), ["monday:friday"]);
        assert_eq!(weekdays(&[5, 6]), ["sunday", "saturday"]);
        assert_eq!(weekdays(&[0, 6]), ["sunday:monday"]);
        assert!(weekdays(&[]).is_empty());
    }
}
