//! The offset of a zone's clocks from UTC.

use jiff::Timestamp;
use jiff::civil::{self, Weekday};
use jiff::tz::TimeZone;

use nth_promql::{BinaryOp, Expr, build};

use super::{add, seconds};

/// The years whose clock changes are considered. The current time is not used, so that the output does not depend on
/// the day.
const YEARS: std::ops::Range<i16> = 2025..2045;

/// The days of a month that are compared as if every month had so many.
const MONTH: i64 = 40;

/// A change of the clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Change {
    /// The first second with the new offset.
    at: i64,
    /// The seconds that are added to the offset.
    by: i64,
}

/// A change in every year: on the first such day of the week from a day of a month on, at a time of the day in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Yearly {
    month: i64,
    day: i64,
    /// 0 is Sunday.
    weekday: i64,
    /// Seconds since midnight, in UTC.
    second: i64,
    /// The seconds that are added to the offset.
    by: i64,
}

/// The offsets of a zone from UTC, over [`YEARS`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offsets {
    /// The offset at the begin of each year, or of the first one.
    first: i64,
    changes: Vec<Change>,
    yearly: Option<[Yearly; 2]>,
}

impl Offsets {
    /// Finds those of a zone.
    pub fn new(zone: &TimeZone) -> Self {
        let bounds = [YEARS.start, YEARS.end].map(|year| {
            let day = civil::date(year, 1, 1).at(0, 0, 0, 0);
            let day = day.to_zoned_datetime(TimeZone::UTC);
            day.map_or(Timestamp::UNIX_EPOCH, |day| day.timestamp())
        });
        let [begin, end] = bounds;
        let offset = |at: Timestamp| i64::from(zone.to_offset(at).seconds());
        let found = zone.following(begin).map(|change| change.timestamp());
        let changes: Vec<Change> = found
            .take_while(|at| *at < end)
            .filter_map(|at| {
                let before = Timestamp::from_second(at.as_second() - 1).ok()?;
                let by = offset(at) - offset(before);
                (by != 0).then_some(Change {
                    at: at.as_second(),
                    by,
                })
            })
            .collect();
        Self {
            first: offset(begin),
            yearly: yearly(&changes),
            changes,
        }
    }

    /// The offset in seconds, if it is always the same.
    pub fn constant(&self) -> Option<i64> {
        self.changes.is_empty().then_some(self.first)
    }

    /// The largest offset in seconds.
    pub fn largest(&self) -> i64 {
        let mut offset = self.first;
        let later = self.changes.iter().map(|change| {
            offset += change.by;
            offset
        });
        later.fold(self.first, i64::max)
    }

    /// The offset in seconds, at the time `moment(0)`; `moment` is a vector that is later by so many seconds.
    pub fn at(&self, moment: &dyn Fn(i64) -> Expr) -> Expr {
        self.around(None, moment)
    }

    /// As [`at`](Self::at), for the time since a local time of the day, in seconds since midnight. If a change skips or repeats that
    /// time, it is the one before the change, and the offset changes as much later.
    pub fn around(&self, local: Option<i64>, moment: &dyn Fn(i64) -> Expr) -> Expr {
        if let Some([first, second]) = &self.yearly {
            let passed = |change: &Yearly, before: i64| {
                let late = late(local, change.second + before, change.by);
                change.has_passed(&|by| moment(by - late))
            };
            let change = first;
            let second = passed(second, self.first + first.by);
            let first = passed(first, self.first);
            let share = build::binary(BinaryOp::Subtract, first, second);
            let more = build::binary(BinaryOp::Multiply, seconds(change.by), build::paren(share));
            return add(more, self.first);
        }
        let mut before = self.first;
        let terms = self.changes.iter().map(|change| {
            let at = change.at + late(local, change.at + before, change.by);
            before += change.by;
            let passed = build::compare_bool(BinaryOp::GreaterOrEqual, moment(0), seconds(at));
            build::binary(BinaryOp::Multiply, seconds(change.by), build::paren(passed))
        });
        match build::join(BinaryOp::Add, terms) {
            Some(terms) => add(terms, self.first),
            None => seconds(self.first),
        }
    }
}

/// The seconds by which a change counts later for a local time of the day: its length, if it skips or repeats that time, which is
/// strictly within it. `clock` is the local time before the change.
fn late(local: Option<i64>, clock: i64, by: i64) -> i64 {
    let first = clock + by.min(0);
    let within = local.map(|local| (local - first).rem_euclid(86_400));
    match within {
        Some(within) if within > 0 && within < by.abs() => by.abs(),
        _ => 0,
    }
}

impl Yearly {
    fn new(change: Change) -> Option<Self> {
        let at = Timestamp::from_second(change.at).ok()?;
        let local = TimeZone::UTC.to_datetime(at);
        Some(Self {
            month: local.month().into(),
            day: local.day().into(),
            weekday: i64::from(Weekday::to_sunday_zero_offset(local.weekday())),
            second: change.at.rem_euclid(86_400),
            by: change.by,
        })
    }

    /// 1 from the change of a year to its end, 0 before: the last such day of the week is on or after the day.
    fn has_passed(&self, moment: &dyn Fn(i64) -> Expr) -> Expr {
        let call = |function| build::call(function, vec![moment(-self.second)]);
        let month = build::binary(BinaryOp::Multiply, call("month"), seconds(MONTH));
        let date = build::binary(BinaryOp::Add, month, call("day_of_month"));
        let since = match self.weekday {
            0 => call("day_of_week"),
            day => build::binary(
                BinaryOp::Modulo,
                build::paren(add(call("day_of_week"), 7 - day)),
                build::number("7"),
            ),
        };
        build::paren(build::compare_bool(
            BinaryOp::GreaterOrEqual,
            build::binary(BinaryOp::Subtract, date, since),
            seconds(self.month * MONTH + self.day),
        ))
    }
}

/// The two changes of each year, if every year has the same.
fn yearly(changes: &[Change]) -> Option<[Yearly; 2]> {
    let all: Vec<Yearly> = changes
        .iter()
        .map(|change| Yearly::new(*change))
        .collect::<Option<_>>()?;
    let years = usize::try_from(YEARS.end - YEARS.start).ok()?;
    if all.len() != 2 * years {
        return None;
    }
    let (pairs, _) = all.as_chunks::<2>();
    let [mut first, mut second] = *pairs.first()?;
    for [one, other] in pairs {
        first.day = first.day.min(one.day);
        second.day = second.day.min(other.day);
    }
    let is_same = |one: &Yearly, other: &Yearly| {
        (one.month, one.weekday, one.second, one.by)
            == (other.month, other.weekday, other.second, other.by)
            && one.day < other.day + 7
    };
    let regular = pairs
        .iter()
        .all(|[one, other]| is_same(one, &first) && is_same(other, &second));
    (regular && first.month < second.month && first.by == -second.by).then_some([first, second])
}
