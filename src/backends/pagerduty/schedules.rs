//! On-call schedules.

use jiff::SignedDuration;
use jiff::civil::{Date, DateTime, Time, Weekday};

use super::address::{address, insert};
use super::document::{Document, Layer, Reference, Restriction, Schedule};
use super::error::Error;
use super::naming::Naming;
use super::people::{team, user};
use super::plan::Plan;
use super::text::{Text, description};
use nth_model::{self as ir, Hours, ScheduleOverride, TimeOfDay, TimeOfWeek};

/// The resource type of a schedule.
pub const SCHEDULE: &str = "pagerduty_schedule";

const DAY: u32 = 86_400;
const WEEK: u32 = 7 * DAY;

/// A reference to a schedule of a team.
pub fn schedule(plan: &Plan<'_>, team: &str, name: &str) -> Reference {
    let mut schedules = plan
        .teams
        .get(team)
        .into_iter()
        .flat_map(|team| &team.schedules);
    let known = schedules.find(|known| known.name == name);
    match known.and_then(|known| known.origin.pagerduty_id.as_deref()) {
        Some(id) => Reference::managed(id),
        None => Reference::id(SCHEDULE, address(&[team, name])),
    }
}

/// The schedules of all teams, but for those that are managed elsewhere.
///
/// # Errors
///
/// If an address is taken, or a time zone or a date is invalid.
pub fn schedules(plan: &Plan<'_>, naming: Naming<'_>, project: &str) -> Result<Document, Error> {
    let mut document = Document::default();
    for owner in plan.teams.values() {
        let own = owner.schedules.iter();
        for written in own.filter(|one| one.origin.pagerduty_id.is_none()) {
            let zone = &written.zone;
            let layers = written.layers.iter().map(|layer| lower_layer(layer, zone));
            let overrides = written.overrides.iter().map(|one| final_layer(one, zone));
            let layers: Result<Vec<Layer>, Error> = layers.chain(overrides).collect();
            let resource = Schedule {
                name: naming.in_team(&owner.name, &written.name),
                description: description(written.description.as_deref(), || {
                    format!("Who in {} is on call in {project}.", owner.name)
                }),
                time_zone: Text::new(&written.zone),
                teams: vec![team(plan, &owner.name)],
                layer: layers?,
            };
            let address = address(&[&owner.name, &written.name]);
            insert(&mut document.resource.pagerduty_schedule, address, resource)?;
        }
    }
    Ok(document)
}

/// A layer. In PagerDuty, as in the model, later layers take precedence, so their order is the same.
fn lower_layer(layer: &ir::Layer, zone: &str) -> Result<Layer, Error> {
    let start = first_handoff(layer, zone)?;
    Ok(Layer {
        name: super::text::name(&[&layer.name], &layer.name),
        start: start.clone(),
        end: None,
        rotation_virtual_start: start,
        rotation_turn_length_seconds: layer.shift.0 / 1000,
        users: layer.members.iter().map(|email| user(email)).collect(),
        restriction: restrictions(&layer.hours),
    })
}

/// An override: a layer above all others with one member, a start and an end. PagerDuty's own overrides are not resources
/// of its provider.
fn final_layer(written: &ScheduleOverride, zone: &str) -> Result<Layer, Error> {
    let start = at(written.from, zone)?;
    Ok(Layer {
        name: super::text::name(&[&written.name], &written.name),
        start: start.clone(),
        end: Some(at(written.to, zone)?),
        rotation_virtual_start: start,
        // The only member hands off to itself.
        rotation_turn_length_seconds: u64::from(WEEK),
        users: vec![user(&written.member)],
        restriction: Vec::new(),
    })
}

/// The start of the first shift, with the offset of the time zone at that time: the first hand-off on or after the
/// layer's first day. Shifts of whole weeks begin on the hand-off's weekday; for others only its time of day counts,
/// for they begin on any day. A time that a clock change skips is moved by the length of the change, and of an
/// ambiguous one the earlier is taken.
fn first_handoff(layer: &ir::Layer, zone: &str) -> Result<String, Error> {
    let whole_weeks = layer.shift.0 > 0 && layer.shift.0.is_multiple_of(u64::from(WEEK) * 1000);
    let day = if whole_weeks {
        on_or_after(layer.start, layer.handoff.day)
    } else {
        Some(layer.start)
    };
    let day = day.ok_or(Error::LateStart(layer.start))?;
    let TimeOfDay { hour, minute } = layer.handoff.time;
    let start = SignedDuration::from_mins(i64::from(hour) * 60 + i64::from(minute));
    let local = day.to_datetime(Time::midnight()).checked_add(start);
    let local = local.map_err(|cause| Error::NoSuchTime {
        zone: zone.to_owned(),
        cause,
    })?;
    at(local, zone)
}

/// A local time with the offset of the time zone at that time.
fn at(local: DateTime, zone: &str) -> Result<String, Error> {
    let at = local.in_tz(zone).map_err(|cause| Error::NoSuchTime {
        zone: zone.to_owned(),
        cause,
    })?;
    Ok(at.timestamp().display_with_offset(at.offset()).to_string())
}

/// The first date with this weekday, 0 for Monday, on or after a date.
fn on_or_after(date: Date, day: u8) -> Option<Date> {
    let wanted = Weekday::from_monday_zero_offset(i8::try_from(day).ok()?).ok()?;
    if date.weekday() == wanted {
        Some(date)
    } else {
        date.nth_weekday(1, wanted).ok()
    }
}

/// Hours as PagerDuty's restrictions. A layer has either daily or weekly ones, so if both are used, daily hours are
/// written as hours of each weekday.
fn restrictions(hours: &[Hours]) -> Vec<Restriction> {
    let fits_day = |one: &Hours| matches!(one, Hours::Daily { from, to } if from != to);
    let daily = hours.iter().all(fits_day);
    hours
        .iter()
        .flat_map(|one| match one {
            Hours::Daily { from, to } if daily => vec![Restriction {
                kind: "daily_restriction",
                start_day_of_week: None,
                start_time_of_day: clock(*from),
                duration_seconds: time_until(seconds(*from), seconds(*to), DAY),
            }],
            Hours::Daily { from, to } => (0..7)
                .map(|day| weekly(day, *from, time_until(seconds(*from), seconds(*to), DAY)))
                .collect(),
            Hours::Weekly { from, to } => {
                let length = time_until(second_of_week(*from), second_of_week(*to), WEEK);
                vec![weekly(from.day, from.time, length)]
            }
        })
        .collect()
}

fn weekly(day: u8, from: TimeOfDay, length: u32) -> Restriction {
    Restriction {
        kind: "weekly_restriction",
        start_day_of_week: Some(day + 1),
        start_time_of_day: clock(from),
        duration_seconds: length,
    }
}

/// The time from one time to the next equal to the other; a complete round if they are equal.
fn time_until(from: u32, to: u32, round: u32) -> u32 {
    if to > from {
        to - from
    } else {
        to + round - from
    }
}

fn seconds(time: TimeOfDay) -> u32 {
    u32::from(time.hour) * 3600 + u32::from(time.minute) * 60
}

fn second_of_week(time: TimeOfWeek) -> u32 {
    u32::from(time.day) * DAY + seconds(time.time)
}

/// `09:00:00`.
pub fn clock(time: TimeOfDay) -> String {
    format!("{:02}:{:02}:00", time.hour, time.minute)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn layer(shift: u64, day: u8, hour: u8, minute: u8, start: &str) -> ir::Layer {
        ir::Layer {
            name: "primary".into(),
            shift: ir::Duration(shift * 3_600_000),
            handoff: TimeOfWeek {
                day,
                time: TimeOfDay { hour, minute },
            },
            start: start.parse().unwrap(),
            members: Vec::new(),
            hours: Vec::new(),
        }
    }

    #[test]
    fn turns_begin_at_the_first_handoff() {
        for (turn, day, start, zone, first) in [
            (
                168,
                0,
                "2026-01-05",
                "Europe/London",
                "2026-01-05T09:00:00+00:00",
            ),
            (
                168,
                0,
                "2026-01-06",
                "Europe/London",
                "2026-01-12T09:00:00+00:00",
            ),
            (
                168,
                6,
                "2026-01-05",
                "Europe/London",
                "2026-01-11T09:00:00+00:00",
            ),
            (
                24,
                0,
                "2026-01-06",
                "Europe/London",
                "2026-01-06T09:00:00+00:00",
            ),
            (
                336,
                2,
                "2026-07-01",
                "Europe/Berlin",
                "2026-07-01T09:00:00+02:00",
            ),
            (
                168,
                0,
                "2026-03-27",
                "America/New_York",
                "2026-03-30T09:00:00-04:00",
            ),
            (
                168,
                0,
                "2026-01-05",
                "Asia/Kathmandu",
                "2026-01-05T09:00:00+05:45",
            ),
        ] {
            let found = first_handoff(&layer(turn, day, 9, 0, start), zone);
            assert_eq!(
                found.as_deref().ok(),
                Some(first),
                "{turn} {day} {start} {zone}"
            );
        }
    }

    #[test]
    fn a_time_that_clocks_leave_out_is_later() {
        // Berlin's clocks go from 02:00 to 03:00 on 29 March 2026, and from 03:00 to 02:00 on 25 October.
        let found = first_handoff(&layer(168, 6, 2, 30, "2026-03-29"), "Europe/Berlin");
        assert_eq!(found.as_deref().ok(), Some("2026-03-29T03:30:00+02:00"));
        let found = first_handoff(&layer(168, 6, 2, 30, "2026-10-25"), "Europe/Berlin");
        assert_eq!(found.as_deref().ok(), Some("2026-10-25T02:30:00+02:00"));
    }

    #[test]
    fn a_zone_that_is_none_is_told() {
        assert!(first_handoff(&layer(168, 0, 9, 0, "2026-01-05"), "Mars/Base").is_err());
    }

    #[test]
    fn hours_of_the_day_become_hours_of_the_week_beside_such() {
        let at = |hour| TimeOfDay { hour, minute: 0 };
        let daily = Hours::Daily {
            from: at(22),
            to: at(6),
        };
        let weekend = Hours::Weekly {
            from: TimeOfWeek {
                day: 4,
                time: at(18),
            },
            to: TimeOfWeek {
                day: 0,
                time: at(8),
            },
        };
        let only = restrictions(std::slice::from_ref(&daily));
        assert_eq!(only.len(), 1);
        assert_eq!(only[0].kind, "daily_restriction");
        assert_eq!(only[0].duration_seconds, 8 * 3600);
        let both = restrictions(&[daily, weekend]);
        assert_eq!(both.len(), 8);
        assert!(both.iter().all(|one| one.kind == "weekly_restriction"));
        assert_eq!(both[7].start_day_of_week, Some(5));
        assert_eq!(both[7].duration_seconds, (6 + 48 + 8) * 3600);
    }
}
