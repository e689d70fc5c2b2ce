//! Whether an exclusion applies, as a condition on `time()`.

use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;

use nth_model::exclude::{Exclusion, Times};
use nth_model::{Hours, TimeOfDay, zone};
use nth_promql::{BinaryOp, Expr, build};

use super::offset::Offsets;
use super::{moved, seconds};

const DAY: i64 = 86_400;
const WEEK: i64 = 7 * DAY;
/// The longest change of clocks.
const LONGEST_CHANGE: i64 = 3 * 3600;
/// 1970-01-05, a Monday.
const MONDAY: i64 = 4 * DAY;

/// A condition that holds while an exclusion applies: from `lead` seconds after it begins, inclusive, until `trail` seconds after it
/// ends, exclusive. One sample without labels, or none; `None` if no exclusion ever applies.
///
/// A time of the day or week that the clocks skip is moved by as much, and of one that they repeat the first counts, as in
/// [`Exclusion::intervals`]; but one that would end before it begins because of that applies for at most the change of the clocks.
pub fn excluded(exclusions: &[Exclusion], lead: i64, trail: i64) -> Option<Expr> {
    let conditions = exclusions
        .iter()
        .flat_map(|exclusion| conditions(exclusion, lead, trail));
    build::join(BinaryOp::Or, conditions)
}

fn conditions(exclusion: &Exclusion, lead: i64, trail: i64) -> Vec<Expr> {
    match &exclusion.times {
        Times::Once { from, until } => vec![between(
            moved(0),
            Some(from.saturating_add(lead)),
            Some(until.saturating_add(trail)),
        )],
        Times::Recurring { hours, first, last } => {
            let Ok(zone) = zone::find(&exclusion.zone) else {
                return Vec::new();
            };
            let offsets = Offsets::new(&zone);
            let each = hours.iter().filter_map(|hours| {
                let alone = Exclusion {
                    times: Times::Recurring {
                        hours: vec![hours.clone()],
                        first: *first,
                        last: *last,
                    },
                    ..exclusion.clone()
                };
                let begin = match first {
                    Some(first) => {
                        let first = midnight(&zone, *first)?;
                        let found = alone.intervals(first - DAY, first + 2 * WEEK).ok()?;
                        Some(found.first()?.start.saturating_add(lead))
                    }
                    None => None,
                };
                let end = match last {
                    Some(last) => {
                        let last = midnight(&zone, *last)?;
                        let found = alone.intervals(last - 2 * WEEK, last + 2 * WEEK).ok()?;
                        Some(found.last()?.end.saturating_add(trail))
                    }
                    None => None,
                };
                let recurs = Recurring::new(hours).condition(&offsets, lead, trail);
                Some(match (begin, end) {
                    (None, None) => recurs,
                    bounds => {
                        build::binary(BinaryOp::And, recurs, between(moved(0), bounds.0, bounds.1))
                    }
                })
            });
            each.collect()
        }
    }
}

fn midnight(zone: &TimeZone, day: Date) -> Option<i64> {
    let local = day.to_datetime(Time::midnight());
    let moment = zone.to_ambiguous_timestamp(local).compatible().ok()?;
    Some(moment.as_second())
}

/// The value if it is in a range, half-open.
fn between(value: Expr, from: Option<i64>, until: Option<i64>) -> Expr {
    let value = match from {
        Some(from) => build::binary(BinaryOp::GreaterOrEqual, value, seconds(from)),
        None => value,
    };
    match until {
        Some(until) => build::binary(BinaryOp::Less, value, seconds(until)),
        None => value,
    }
}

/// Hours that recur, in local seconds of their day or week.
struct Recurring {
    /// A day or a week.
    period: i64,
    start: i64,
    end: i64,
}

impl Recurring {
    fn new(hours: &Hours) -> Self {
        let clock = |time: &TimeOfDay| i64::from(time.hour) * 3600 + i64::from(time.minute) * 60;
        match hours {
            Hours::Daily { from, to } => Self {
                period: DAY,
                start: clock(from),
                end: clock(to),
            },
            Hours::Weekly { from, to } => Self {
                period: WEEK,
                start: MONDAY + i64::from(from.day) * DAY + clock(&from.time),
                end: MONDAY + i64::from(to.day) * DAY + clock(&to.time),
            },
        }
    }

    fn length(&self) -> i64 {
        match (self.end - self.start).rem_euclid(self.period) {
            0 => self.period,
            length => length,
        }
    }

    /// The condition, as in [`excluded`], on every day or week.
    fn condition(&self, offsets: &Offsets, lead: i64, trail: i64) -> Expr {
        let length = self.length() + trail - lead;
        if length >= self.period {
            return moved(0);
        }
        if let Some(offset) = offsets.constant() {
            let phase = (self.start + lead - offset).rem_euclid(self.period);
            let since = self.period - phase;
            let since = build::binary(BinaryOp::Modulo, moved(since), seconds(self.period));
            return build::binary(BinaryOp::Less, since, seconds(length));
        }
        // It began after it last ended.
        let began = self.since(self.start, offsets, lead);
        let ended = self.since(self.end, offsets, trail);
        build::binary(
            BinaryOp::Less,
            build::binary(BinaryOp::Less, began, ended),
            seconds(length + LONGEST_CHANGE),
        )
    }

    /// The seconds since a local time that recurs was last, `late` seconds ago.
    fn since(&self, local: i64, offsets: &Offsets, late: i64) -> Expr {
        let moment = |by: i64| moved(by - late);
        let phase = (local + late).rem_euclid(self.period);
        let now = build::binary(
            BinaryOp::Add,
            moved(self.period - phase),
            offsets.around(Some(local.rem_euclid(DAY)), &moment),
        );
        build::binary(BinaryOp::Modulo, build::paren(now), seconds(self.period))
    }
}
