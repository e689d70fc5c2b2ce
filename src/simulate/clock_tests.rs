//! The conditions of time in PromQL, evaluated, hold when the calendar says so.

use jiff::Timestamp;
use nth_engine::eval::{Options, evaluate};
use nth_engine::{Evaluated, MemoryStore, Steps};
use nth_model::exclude::{Approver, Exclusion, Times};
use nth_model::{CalendarUnit, CalendarWindow, Hours, TimeOfDay, TimeOfWeek, zone};
use nth_promql::{Expr, build};
use nth_targets::clock::{Periods, excluded};
use proptest::prelude::*;

const ZONES: [&str; 12] = [
    "UTC",
    "Asia/Kolkata",
    "Europe/Berlin",
    "Europe/London",
    "America/New_York",
    "America/Santiago",
    "Australia/Lord_Howe",
    "Africa/Casablanca",
    "Africa/Cairo",
    "Asia/Jerusalem",
    "America/Nuuk",
    "Antarctica/Troll",
];

/// The time between two evaluations, in seconds.
const STEP: i64 = 900;

fn exclusion(times: Times, zone: &str) -> Exclusion {
    Exclusion {
        name: "maintenance".into(),
        times,
        zone: zone.into(),
        reason: "maintenance".into(),
        by: Approver::Team("payments".into()),
    }
}

/// The times at which an expression has a sample.
fn times(expr: &Expr, from: i64, until: i64) -> Vec<i64> {
    let steps = Steps {
        start: from * 1000,
        end: until * 1000,
        step: STEP * 1000,
    };
    let (found, _) = evaluate(expr, &MemoryStore::new(), steps, &Options::default()).unwrap();
    let Evaluated::Vector(series) = found else {
        panic!("{expr} is no vector");
    };
    let mut times: Vec<i64> = series
        .iter()
        .flat_map(|series| (from..=until).step_by(900).zip(&series.points))
        .filter(|(_, point)| point.float().is_some())
        .map(|(at, _)| at)
        .collect();
    times.sort_unstable();
    times.dedup();
    times
}

/// The times inside of the intervals of exclusions.
fn inside(all: &[Exclusion], lead: i64, trail: i64, from: i64, until: i64) -> Vec<i64> {
    let found: Vec<_> = all
        .iter()
        .flat_map(|one| one.intervals(from - 30 * 86_400, until + 86_400).unwrap())
        .collect();
    (from..=until)
        .step_by(900)
        .filter(|at| {
            found
                .iter()
                .any(|one| (one.start + lead..one.end + trail).contains(at))
        })
        .collect()
}

fn changes(name: &str) -> Vec<i64> {
    let begin: Timestamp = "2026-02-01T00:00:00Z".parse().unwrap();
    let zone = zone::find(name).unwrap();
    let mut changes: Vec<i64> = zone
        .following(begin)
        .map(|change| change.timestamp().as_second())
        .take_while(|at| *at < 2_300_000_000)
        .collect();
    // A zone without changes is checked at any time.
    changes.push(1_796_000_400);
    changes
}

fn clock(minutes: i64) -> TimeOfDay {
    TimeOfDay {
        hour: u8::try_from(minutes / 60 % 24).unwrap(),
        minute: u8::try_from(minutes % 60).unwrap(),
    }
}

fn of_week(minutes: i64) -> TimeOfWeek {
    TimeOfWeek {
        day: u8::try_from(minutes / 1440 % 7).unwrap(),
        time: clock(minutes),
    }
}

#[test]
fn once_is_a_range() {
    let once = exclusion(
        Times::Once {
            from: 1_796_000_400,
            until: 1_796_004_000,
        },
        "UTC",
    );
    let condition = excluded(std::slice::from_ref(&once), 60, 420).unwrap();
    assert_eq!(
        condition.to_string(),
        "vector(time()) >= 1796000460 < 1796004420"
    );
    let [from, until] = [1_795_996_800, 1_796_010_000];
    assert_eq!(
        times(&condition, from, until),
        inside(&[once], 60, 420, from, until)
    );
    assert_eq!(excluded(&[], 0, 0), None);
}

#[test]
fn a_week_in_utc_is_a_remainder() {
    let weekly = exclusion(
        Times::Recurring {
            hours: vec![Hours::Weekly {
                from: of_week(6 * 1440 + 120),
                to: of_week(6 * 1440 + 240),
            }],
            first: None,
            last: None,
        },
        "UTC",
    );
    assert_eq!(
        excluded(&[weekly], 0, 0).unwrap().to_string(),
        "vector(time() + 338400) % 604800 < 7200"
    );
}

#[test]
fn from_the_first_to_the_last_day() {
    let daily = exclusion(
        Times::Recurring {
            hours: vec![Hours::Daily {
                from: clock(22 * 60),
                to: clock(120),
            }],
            first: Some("2026-11-03".parse().unwrap()),
            last: Some("2026-11-05".parse().unwrap()),
        },
        "America/New_York",
    );
    let [from, until] = [1_793_404_800, 1_794_528_000];
    let condition = excluded(std::slice::from_ref(&daily), 0, 0).unwrap();
    assert_eq!(
        times(&condition, from, until),
        inside(&[daily], 0, 0, from, until)
    );
}

/// The values of an expression, one for each step.
fn values(expr: &Expr, from: i64, until: i64) -> Vec<f64> {
    let steps = Steps {
        start: from * 1000,
        end: until * 1000,
        step: STEP * 1000,
    };
    let (found, _) = evaluate(expr, &MemoryStore::new(), steps, &Options::default()).unwrap();
    let Evaluated::Vector(series) = found else {
        panic!("{expr} is no vector");
    };
    let points = series.iter().flat_map(|series| &series.points);
    points.filter_map(|point| point.float()).collect()
}

/// Checks the expressions of a calendar window around a time, each quarter of an hour.
fn check_periods(window: &CalendarWindow, around: i64) {
    #[expect(clippy::cast_precision_loss, reason = "seconds are exact up to 2^53")]
    let float = |seconds: i64| seconds as f64;
    let [from, until] = [around - 3 * 86_400, around + 3 * 86_400];
    let periods = Periods::new(window, 0);
    let local = build::paren(periods.local_start());
    let [starts, lengths, numbers] = [
        periods.start(&local),
        periods.length(&local),
        periods.number(),
    ]
    .map(|expr| values(&expr, from, until));
    let mut before: Option<(i64, f64)> = None;
    let steps = (from..=until)
        .step_by(900)
        .zip(starts)
        .zip(lengths)
        .zip(numbers);
    for (((at, start), length), number) in steps {
        let period = window.period(at).unwrap();
        assert_eq!(start, float(period.start), "start of {window} at {at}");
        assert_eq!(length, float(period.end - period.start), "{window} at {at}");
        if let Some((earlier, other)) = before {
            assert_eq!(earlier == period.start, other == number, "{window} at {at}");
        }
        before = Some((period.start, number));
    }
}

#[test]
fn periods_are_those_of_the_calendar() {
    for unit in CalendarUnit::ALL {
        for name in ["UTC", "Asia/Kolkata", "Europe/Berlin", "America/New_York"] {
            let window = CalendarWindow {
                unit,
                zone: name.into(),
            };
            // The turns of a year, and the clock changes.
            let mut at = 1_796_000_400;
            while at < 1_796_000_400 + 366 * 86_400 {
                let period = window.period(at).unwrap();
                check_periods(&window, period.end.div_euclid(900) * 900);
                at = period.end;
            }
            for change in changes(name).into_iter().take(6) {
                check_periods(&window, change.div_euclid(900) * 900);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    /// A condition holds exactly in the intervals of the exclusions, also where clocks change.
    #[test]
    fn conditions_are_the_calendar(
        zone in 0..ZONES.len(),
        around in 0usize..100,
        weekly in any::<bool>(),
        start in 0i64..672,
        // Longer than the longest change of clocks.
        length in 9i64..60,
        lead in prop::sample::select(vec![0, 60]),
        trail in prop::sample::select(vec![0, 420, 3600]),
    ) {
        let name = ZONES[zone];
        let [from, to] = [start * 15, (start + length) * 15];
        let hours = if weekly {
            Hours::Weekly { from: of_week(from), to: of_week(to) }
        } else {
            Hours::Daily { from: clock(from), to: clock(to) }
        };
        let one = exclusion(
            Times::Recurring { hours: vec![hours], first: None, last: None },
            name,
        );
        let all = changes(name);
        let around = all[around % all.len()];
        let [from, until] = [around - 9 * 86_400, around + 9 * 86_400];
        let condition = excluded(std::slice::from_ref(&one), lead, trail).unwrap();
        prop_assert_eq!(
            times(&condition, from, until),
            inside(&[one], lead, trail, from, until),
            "{} {}", name, condition
        );
    }
}
