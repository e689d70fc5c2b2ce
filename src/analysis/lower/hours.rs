//! Reads days, dates and times of day, and support hours.

use jiff::civil::Date;
use smol_str::SmolStr;

use super::read::{member, text};
use crate::eval::{Instance, Value};
use crate::schema::names::{field, kind};
use nth_model as ir;
use nth_syntax::tree;

/// The members of the prelude's enum `weekday`, from Monday.
pub(super) const WEEKDAYS: [&str; 7] = [
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
];

/// Lowers the support hours of a service or a team.
pub(super) fn support_hours(block: &Instance) -> Option<ir::SupportHours> {
    let hours = block.children_of(kind::SUPPORT_HOURS).next()?;
    Some(ir::SupportHours {
        zone: text(hours.get(field::ZONE))?,
        days: days(hours.get(field::DAYS)),
        from: time_of_day(hours.get(field::FROM))?,
        to: time_of_day(hours.get(field::TO))?,
    })
}

/// Returns the first repeated day in the field `days` of a block.
pub fn day_twice(hours: &Instance) -> Option<&SmolStr> {
    let Value::List(days) = hours.get(field::DAYS) else {
        return None;
    };
    let names: Vec<&SmolStr> = days
        .iter()
        .filter_map(|day| match day {
            Value::Enum(_, day) => Some(day),
            _ => None,
        })
        .collect();
    names
        .iter()
        .enumerate()
        .find(|(number, day)| names.iter().take(*number).any(|before| before == *day))
        .map(|(_, day)| *day)
}

/// Returns the days as numbers, ascending.
pub(super) fn days(value: &Value) -> Vec<u8> {
    let Value::List(items) = value else {
        return Vec::new();
    };
    let names: Vec<SmolStr> = items.iter().filter_map(member).collect();
    (0..)
        .zip(WEEKDAYS)
        .filter(|(_, day)| names.iter().any(|name| name == day))
        .map(|(number, _)| number)
        .collect()
}

/// Returns a date.
pub(super) fn date(value: &Value) -> Option<Date> {
    match value {
        Value::String(date) => date.parse().ok(),
        _ => None,
    }
}

/// Returns a time of a day.
pub(super) fn time_of_day(value: &Value) -> Option<ir::TimeOfDay> {
    match value {
        Value::TimeOfDay(time) => Some(clock(*time)),
        _ => None,
    }
}

/// Converts a time of a day.
pub(super) fn clock(time: tree::TimeOfDay) -> ir::TimeOfDay {
    ir::TimeOfDay {
        hour: time.hour,
        minute: time.minute,
    }
}
