//! Windows of a calendar.

use jiff::tz::TimeZone;
use nth_ledger::{CalendarError, Interval, Period, rolling_window, timestamp};

fn zone(name: &str) -> TimeZone {
    TimeZone::get(name).unwrap()
}

fn printed(interval: Interval) -> String {
    let end = |seconds| timestamp(seconds).unwrap();
    format!("{} {}", end(interval.from), end(interval.until))
}

fn parsed(text: &str, zone_name: &str) -> String {
    printed(Period::parse(text, &zone(zone_name)).unwrap().1)
}

#[test]
fn periods_are_read() {
    assert_eq!(
        parsed("2026-10", "UTC"),
        "2026-10-01T00:00:00Z 2026-11-01T00:00:00Z"
    );
    // With a change of clocks, October has an hour more.
    assert_eq!(
        parsed("2026-10", "Europe/Berlin"),
        "2026-09-30T22:00:00Z 2026-10-31T23:00:00Z"
    );
    assert_eq!(
        parsed("2026-12", "Asia/Kathmandu"),
        "2026-11-30T18:15:00Z 2026-12-31T18:15:00Z"
    );
    assert_eq!(
        parsed("2026-Q4", "UTC"),
        "2026-10-01T00:00:00Z 2027-01-01T00:00:00Z"
    );
    assert_eq!(
        parsed("2026-W01", "UTC"),
        "2025-12-29T00:00:00Z 2026-01-05T00:00:00Z"
    );
    assert_eq!(
        parsed("2026-W53", "UTC"),
        "2026-12-28T00:00:00Z 2027-01-04T00:00:00Z"
    );
    assert_eq!(
        parsed("2026", "UTC"),
        "2026-01-01T00:00:00Z 2027-01-01T00:00:00Z"
    );
    // A day that starts at 01:00, because clocks change at midnight.
    assert_eq!(
        parsed("2018-11", "America/Sao_Paulo"),
        "2018-11-01T03:00:00Z 2018-12-01T02:00:00Z"
    );
}

#[test]
fn other_texts_are_no_periods() {
    for text in [
        "",
        "2026-",
        "2026-1",
        "2026-13",
        "2026-00",
        "2025-W53",
        "2026-W00",
        "2026-Q5",
        "2026-Q0",
        "26-10",
        "2026-10-01",
        "+026-10",
        "october\u{1b}",
    ] {
        let error = Period::parse(text, &TimeZone::UTC).unwrap_err();
        assert!(
            matches!(error, CalendarError::UnknownPeriod { .. }),
            "{text}: {error:?}"
        );
        assert!(!error.to_string().contains('\u{1b}'));
    }
}

#[test]
fn a_moment_belongs_to_one_period_of_each_kind() {
    let berlin = zone("Europe/Berlin");
    // Half an hour before November in Berlin, which is November in Tokyo.
    let moment = "2026-10-31T22:30:00Z"
        .parse::<jiff::Timestamp>()
        .unwrap()
        .as_second();
    let containing =
        |period: Period, zone: &TimeZone| printed(period.containing(moment, zone).unwrap());
    assert_eq!(
        containing(Period::Month, &berlin),
        parsed("2026-10", "Europe/Berlin")
    );
    assert_eq!(
        containing(Period::Month, &zone("Asia/Tokyo")),
        parsed("2026-11", "Asia/Tokyo")
    );
    assert_eq!(
        containing(Period::Quarter, &berlin),
        parsed("2026-Q4", "Europe/Berlin")
    );
    assert_eq!(
        containing(Period::Week, &berlin),
        parsed("2026-W44", "Europe/Berlin")
    );
    assert_eq!(
        containing(Period::Year, &berlin),
        parsed("2026", "Europe/Berlin")
    );
}

#[test]
fn periods_follow_one_another() {
    let zone = zone("America/New_York");
    for (period, text, count) in [
        (Period::Month, "2026-12", 24),
        (Period::Week, "2026-W40", 110),
        (Period::Quarter, "2026-Q4", 9),
        (Period::Year, "2026", 3),
    ] {
        let mut interval = Period::parse(text, &zone).unwrap().1;
        for _ in 0..count {
            let before = period.before(interval.from, &zone).unwrap();
            assert_eq!(before.until, interval.from);
            assert!(!before.is_empty());
            interval = before;
        }
    }
}

#[test]
fn moments_outside_of_the_calendar_are_errors() {
    let zone = zone("Europe/Berlin");
    for moment in [i64::MIN, i64::MAX, 253_402_207_200] {
        for period in [Period::Week, Period::Month, Period::Quarter, Period::Year] {
            assert_eq!(
                period.containing(moment, &zone),
                Err(CalendarError::OutOfRange)
            );
        }
    }
}

#[test]
fn rolling_windows_have_whole_slices() {
    let window = rolling_window(1_790_812_800 + 299, 30 * 86_400_000);
    assert_eq!(window.until, 1_790_812_800);
    assert_eq!(window.seconds(), 30 * 86_400);
    assert!(rolling_window(i64::MIN, i64::MAX).is_empty());
}
