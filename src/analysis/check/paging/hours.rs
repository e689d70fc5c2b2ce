//! Checks of shifts and of the hours in which a layer is active.

use super::place;
use crate::codes;
use crate::db::Diag;
use crate::eval::{Instance, Value, show_duration};
use crate::lower::{day_twice, hours_of};
use crate::schema::names::{field, kind};
use nth_model::{Hours, TimeOfDay, TimeOfWeek};

const HOUR: u64 = 3_600_000;

/// The shortest and longest shift that PagerDuty's provider accepts, in milliseconds.
const SHORTEST_TURN: u64 = HOUR;
const LONGEST_TURN: u64 = 365 * 24 * HOUR;

const DAY_MINUTES: u32 = 24 * 60;
const WEEK_MINUTES: u32 = 7 * DAY_MINUTES;

/// Checks a schedule's own layer, or a further one.
pub fn layer(team: &Instance, layer: &Instance, found: &mut Vec<Diag>) {
    turn(team, layer, found);
    let mut times: Vec<(u32, u32, &Instance)> = Vec::new();
    for hours in layer.children_of(kind::HOURS) {
        if let Some(problem) = implausible_hours(team, hours) {
            found.push(problem);
            continue;
        }
        let minute_of_week: Vec<(u32, u32)> = hours_of(hours).iter().flat_map(spans).collect();
        let other = times.iter().find(|(from, to, _)| {
            minute_of_week
                .iter()
                .any(|(start, end)| start < to && from < end)
        });
        if let Some((_, _, other)) = other {
            found.push(
                Diag::new(
                    &codes::OVERLAPPING_HOURS,
                    format!("hours `{}` overlap hours `{}`", hours.name, other.name),
                    place(team, hours, hours.span_of(field::FROM)),
                )
                .label("part of this time is covered twice")
                .because(place(team, other, other.head), "overlapping hours")
                .help("end one of them where the other begins, or remove one"),
            );
        }
        times.extend(
            minute_of_week
                .into_iter()
                .map(|(from, to)| (from, to, hours)),
        );
    }
}

fn turn(team: &Instance, layer: &Instance, found: &mut Vec<Diag>) {
    let Value::Duration(turn) = layer.get(field::ROTATION) else {
        return;
    };
    let (label, help) = if *turn < SHORTEST_TURN {
        ("shorter than 1h", "PagerDuty's minimum is 1h")
    } else if *turn > LONGEST_TURN {
        ("longer than 365 days", "PagerDuty's maximum is 365 days")
    } else if !turn.is_multiple_of(1000) {
        (
            "not a whole number of seconds",
            "PagerDuty accepts whole seconds only",
        )
    } else {
        return;
    };
    found.push(
        Diag::new(
            &codes::TURN_LENGTH,
            format!(
                "rotation of {} is not supported by PagerDuty",
                show_duration(*turn)
            ),
            place(team, layer, layer.span_of(field::ROTATION)),
        )
        .label(label)
        .help(help),
    );
}

/// Diagnostic about hours that are ambiguous, or that cover the whole time.
fn implausible_hours(team: &Instance, hours: &Instance) -> Option<Diag> {
    let problem = |field: &str, message: String, label: &str, help: &str| {
        Some(
            Diag::new(
                &codes::BAD_HOURS,
                message,
                place(team, hours, hours.span_of(field)),
            )
            .label(label)
            .help(help),
        )
    };
    let named = &hours.name;
    let has_days = matches!(hours.get(field::DAYS), Value::List(days) if !days.is_empty());
    if let Some(day) = day_twice(hours) {
        return problem(
            field::DAYS,
            format!("duplicate day `{day}` in hours `{named}`"),
            "already listed",
            "remove one",
        );
    }
    match (hours.get(field::FROM), hours.get(field::TO)) {
        (Value::TimeOfDay(_), Value::TimeOfWeek(_))
        | (Value::TimeOfWeek(_), Value::TimeOfDay(_)) => problem(
            field::TO,
            format!("hours `{named}` mix a time of day and a time of week"),
            "one side has a day, the other has none",
            "write both as times of day, `22:00`, or both as times of week, `fri 22:00`",
        ),
        (Value::TimeOfWeek(_), Value::TimeOfWeek(_)) if has_days => problem(
            field::DAYS,
            format!("hours `{named}` set the days twice"),
            "`from` and `to` already have days",
            "remove `days`, or write `from` and `to` without days",
        ),
        (Value::TimeOfWeek(from), Value::TimeOfWeek(to)) if from == to => problem(
            field::TO,
            format!("hours `{named}` cover the whole week"),
            "ends at the same time as it begins",
            "remove the block: without hours, members are on call at all times",
        ),
        (Value::TimeOfDay(from), Value::TimeOfDay(to)) if from == to && is_every_day(hours) => {
            problem(
                field::TO,
                format!("hours `{named}` cover the whole day, every day"),
                "ends at the same time as it begins",
                "remove the block: without hours, members are on call at all times",
            )
        }
        _ => None,
    }
}

fn is_every_day(hours: &Instance) -> bool {
    match hours.get(field::DAYS) {
        Value::List(days) => days.is_empty() || days.len() == 7,
        _ => true,
    }
}

/// Converts hours to spans of minutes of a week. A span past the end of the week is split in two.
fn spans(hours: &Hours) -> Vec<(u32, u32)> {
    let whole = match hours {
        Hours::Daily { from, to } => (0..7)
            .map(|day| {
                (
                    day * DAY_MINUTES + minutes(*from),
                    length(minutes(*from), minutes(*to), DAY_MINUTES),
                )
            })
            .collect(),
        Hours::Weekly { from, to } => {
            vec![(
                minute_of_week(*from),
                length(minute_of_week(*from), minute_of_week(*to), WEEK_MINUTES),
            )]
        }
    };
    let cut = |(from, length): (u32, u32)| {
        let end = from + length;
        let here = (from, end.min(WEEK_MINUTES));
        let next = (end > WEEK_MINUTES).then(|| (0, end - WEEK_MINUTES));
        std::iter::once(here).chain(next)
    };
    whole.into_iter().flat_map(cut).collect()
}

fn length(from: u32, to: u32, round: u32) -> u32 {
    if to > from {
        to - from
    } else {
        to + round - from
    }
}

fn minutes(time: TimeOfDay) -> u32 {
    u32::from(time.hour) * 60 + u32::from(time.minute)
}

fn minute_of_week(time: TimeOfWeek) -> u32 {
    u32::from(time.day) * DAY_MINUTES + minutes(time.time)
}
