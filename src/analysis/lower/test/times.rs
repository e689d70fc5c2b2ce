//! When a test begins, how long it lasts, and what is outside of it.

use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZoneDatabase;

use super::events::Happening;
use super::{Lowering, plus};
use crate::codes;
use crate::db::Diag;
use crate::eval::{Instance, Value};
use crate::lower::read::{duration, text};
use crate::schema::names::{field, kind};
use nth_model::Duration;
use nth_model::test::{Expectation, Outcome};

/// How long a test lasts after its last event, unless it says so.
const AFTERMATH: Duration = Duration::hours(1);

/// Returns the beginning of a test, in seconds since 1970; `None` if its time, day or zone has an error.
pub(super) fn begin(test: &Instance) -> Option<i64> {
    let date: Date = text(test.get(field::DATE))?.parse().ok()?;
    let (date, hour, minute) = match test.get(field::AT) {
        Value::TimeOfDay(time) => (date, time.hour, time.minute),
        Value::TimeOfWeek(time) => {
            let day = Weekday::from_monday_zero_offset(i8::try_from(time.day).ok()?).ok()?;
            let before = date.yesterday().ok()?;
            (before.nth_weekday(1, day).ok()?, time.hour, time.minute)
        }
        _ => return None,
    };
    let time = Time::new(i8::try_from(hour).ok()?, i8::try_from(minute).ok()?, 0, 0).ok()?;
    let zone = TimeZoneDatabase::bundled()
        .get(&text(test.get(field::ZONE))?)
        .ok()?;
    let begin = date.to_datetime(time).to_zoned_datetime(zone).ok()?;
    Some(begin.timestamp().as_second())
}

/// Returns when an expectation is decided, if it says so.
fn end_of(outcome: &Outcome) -> Option<Duration> {
    match outcome {
        Outcome::Fires {
            since,
            within,
            at_least,
            ..
        } => match (within, at_least) {
            (None, None) => None,
            (within, at_least) => {
                let latest = plus(*since, within.unwrap_or(Duration(0)));
                Some(plus(latest, at_least.unwrap_or(Duration(0))))
            }
        },
        Outcome::Resolved { since, within, .. } => Some(plus(*since, (*within)?)),
        Outcome::Gate { at, .. } | Outcome::Budget { at, .. } => *at,
        Outcome::Silent { .. } => None,
    }
}

impl Lowering<'_> {
    /// Returns the length of the test: as it says, or long enough for everything in it.
    pub(super) fn length(
        &self,
        happenings: &[&Happening<'_>],
        expect: &[Option<Expectation>],
    ) -> Duration {
        if let Some(length) = duration(self.test.get(field::LENGTH)) {
            return length;
        }
        let of_events = happenings
            .iter()
            .map(|happening| happening.end().unwrap_or(happening.given.from))
            .max()
            .unwrap_or(Duration(0));
        let of_expectations = expect.iter().flatten();
        let of_expectations = of_expectations.filter_map(|expected| end_of(&expected.outcome));
        of_expectations.fold(plus(of_events, AFTERMATH), Duration::max)
    }

    /// Reports events that begin after the test.
    pub(super) fn check_events(&mut self, happenings: &[&Happening<'_>], length: Duration) {
        for happening in happenings {
            let given = &happening.given;
            if given.from < length {
                continue;
            }
            let place = [field::FROM, field::AT]
                .into_iter()
                .find(|field| happening.block.fields.contains_key(*field))
                .map_or(happening.block.head, |field| happening.block.span_of(field));
            let found = Diag::new(
                &codes::TEST_TIMES,
                format!("event `{}` begins after the end of the test", given.name),
                place,
            )
            .label(format!("the test lasts {}", length.to_human()))
            .help(format!(
                "set `length` of the test to more than {}",
                given.from.to_human()
            ));
            self.wrong(happening.block, found);
        }
    }

    /// Reports expectations that are only decided after the test.
    pub(super) fn check_expectations(&mut self, expect: &[Option<Expectation>], length: Duration) {
        let test = self.test;
        for (block, expected) in test.children_of(kind::EXPECT).zip(expect) {
            let Some(end) = expected.as_ref().and_then(|known| end_of(&known.outcome)) else {
                continue;
            };
            if end <= length {
                continue;
            }
            let place = [field::FOR, field::WITHIN, field::AT]
                .into_iter()
                .find(|field| *block.get(field) != Value::None)
                .map_or(block.head, |field| block.span_of(field));
            let found = Diag::new(
                &codes::TEST_TIMES,
                format!(
                    "expectation `{}` is decided after {}, when the test has ended",
                    block.name,
                    end.to_human()
                ),
                place,
            )
            .label(format!("the test lasts {}", length.to_human()))
            .help(format!("set `length = {}` in the test", end.to_human()));
            self.wrong(block, found);
        }
    }
}
