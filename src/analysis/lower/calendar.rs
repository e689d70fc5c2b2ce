//! Calendar conditions of gates, from functions of the prelude.

use jiff::civil::Date;

use crate::eval::value::DAYS;
use nth_model::gate::{Condition, DAY, Span, WEEK};
use nth_syntax::tree::TimeOfWeek;

/// Business hours: first hour inclusive, last hour exclusive.
const BUSINESS: (u16, u16) = (9, 18);

/// Number of weekdays, from Monday.
const WEEKDAYS: u16 = 5;

/// The names of UTC, the zone that PromQL's own functions use.
const UTC: [&str; 6] = ["UTC", "Etc/UTC", "GMT", "Etc/GMT", "Zulu", "Etc/Zulu"];

/// A calendar condition.
pub(super) struct Times {
    /// The condition.
    pub condition: Condition,
    /// True if it can be expressed in timestamps or in UTC.
    pub in_utc: bool,
}

/// The reason that a calendar condition is invalid.
pub(super) struct Problem {
    /// The diagnostic's message.
    pub message: String,
    /// The diagnostic's label.
    pub label: &'static str,
    /// The diagnostic's help.
    pub help: &'static str,
}

/// The time from one date to another, both inclusive. In any zone, this can be expressed in timestamps.
pub(super) fn dates(from: Date, to: Date, zone: String) -> Result<Times, Problem> {
    if to < from {
        return Err(Problem {
            message: format!("a freeze cannot end on {to}, before it begins on {from}"),
            label: "before the first day",
            help: "set both to the same day for a freeze of one day: both days are included",
        });
    }
    Ok(Times {
        condition: Condition::Dates { from, to, zone },
        in_utc: true,
    })
}

/// Monday to Friday.
pub(super) fn weekdays(zone: String) -> Times {
    let spans = vec![Span {
        from: 0,
        to: WEEKDAYS * DAY,
    }];
    week(spans, zone)
}

/// The business hours of weekdays.
pub(super) fn business_hours(zone: String) -> Times {
    let (from, to) = BUSINESS;
    let spans = (0..WEEKDAYS).map(|day| Span {
        from: day * DAY + from * 60,
        to: day * DAY + to * 60,
    });
    week(spans.collect(), zone)
}

/// From one time of the week to another, exclusive. Wraps around the end of the week if `to` is earlier than `from`.
pub(super) fn between(from: TimeOfWeek, to: TimeOfWeek, zone: String) -> Result<Times, Problem> {
    let minutes = |time: TimeOfWeek| {
        u16::from(time.day) * DAY + u16::from(time.hour) * 60 + u16::from(time.minute)
    };
    let (first, end) = (minutes(from), minutes(to));
    if first == end {
        let day = DAYS.get(usize::from(to.day)).copied().unwrap_or("mon");
        return Err(Problem {
            message: format!(
                "empty time range: {day} {:02}:{:02} to the same time",
                to.hour, to.minute
            ),
            label: "same as the start",
            help: "set a later end: it is exclusive",
        });
    }
    let spans = if first < end {
        vec![Span {
            from: first,
            to: end,
        }]
    } else {
        let rest = [
            Span { from: 0, to: end },
            Span {
                from: first,
                to: WEEK,
            },
        ];
        rest.into_iter()
            .filter(|span| span.from < span.to)
            .collect()
    };
    Ok(week(spans, zone))
}

fn week(spans: Vec<Span>, zone: String) -> Times {
    let in_utc = UTC.contains(&zone.as_str());
    Times {
        condition: Condition::Week { spans, zone },
        in_utc,
    }
}
