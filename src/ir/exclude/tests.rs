//! Tests of exclusions: ranges, clocks that change, and comparisons.

use jiff::Timestamp;
use jiff::civil::Date;

use super::*;
use crate::{TimeOfDay, TimeOfWeek};

const HOUR: i64 = 3600;

fn clock(hour: u8, minute: u8) -> TimeOfDay {
    TimeOfDay { hour, minute }
}

/// On Sundays.
fn sunday(from: (u8, u8), to: (u8, u8)) -> Hours {
    let week = |(hour, minute)| TimeOfWeek {
        day: 6,
        time: clock(hour, minute),
    };
    Hours::Weekly {
        from: week(from),
        to: week(to),
    }
}

fn exclusion(times: Times) -> Exclusion {
    Exclusion {
        name: "maintenance".into(),
        times,
        zone: "Europe/Berlin".to_owned(),
        reason: "planned maintenance".to_owned(),
        by: Approver::Team("payments".into()),
    }
}

fn recurring(hours: Vec<Hours>) -> Exclusion {
    exclusion(Times::Recurring {
        hours,
        first: None,
        last: None,
    })
}

fn at(text: &str) -> i64 {
    text.parse::<Timestamp>().expect("a timestamp").as_second()
}

/// The intervals between two moments, as texts in UTC.
fn found(exclusion: &Exclusion, from: &str, until: &str) -> Vec<String> {
    let intervals = exclusion.intervals(at(from), at(until)).expect("a zone");
    let text = |second| {
        let moment = Timestamp::from_second(second).expect("a moment");
        moment.strftime("%m-%d %H:%M").to_string()
    };
    let texts = intervals.iter();
    texts
        .map(|range| format!("{} - {}", text(range.start), text(range.end)))
        .collect()
}

#[test]
fn one_time_is_cut_to_the_range() {
    let once = exclusion(Times::Once {
        from: at("2026-11-27T21:00:00Z"),
        until: at("2026-11-28T01:00:00Z"),
    });
    let found = |from, until| found(&once, from, until);
    assert_eq!(
        found("2026-11-01T00:00:00Z", "2026-12-01T00:00:00Z"),
        ["11-27 21:00 - 11-28 01:00"]
    );
    assert_eq!(
        found("2026-11-28T00:00:00Z", "2026-12-01T00:00:00Z"),
        ["11-28 00:00 - 11-28 01:00"]
    );
    assert_eq!(
        found("2026-11-28T01:00:00Z", "2026-12-01T00:00:00Z"),
        [""; 0]
    );
    assert_eq!(
        once.times_text(),
        "2026-11-27 22:00 to 2026-11-28 02:00 (Europe/Berlin)"
    );
}

#[test]
fn a_skipped_hour_shortens_the_window() {
    // On 2026-03-29 the clocks of Berlin go from 02:00 to 03:00.
    let weekly = recurring(vec![sunday((1, 0), (4, 0))]);
    assert_eq!(
        found(&weekly, "2026-03-20T00:00:00Z", "2026-04-06T00:00:00Z"),
        [
            "03-22 00:00 - 03-22 03:00",
            "03-29 00:00 - 03-29 02:00",
            "04-04 23:00 - 04-05 02:00",
        ]
    );
    let day = |hours| {
        found(
            &recurring(vec![hours]),
            "2026-03-29T00:00:00Z",
            "2026-03-30T00:00:00Z",
        )
    };
    // The skipped hour alone is empty; times in it are moved by an hour.
    assert_eq!(day(sunday((2, 0), (3, 0))), [""; 0]);
    assert_eq!(day(sunday((2, 15), (2, 45))), ["03-29 01:15 - 03-29 01:45"]);
    assert_eq!(day(sunday((2, 30), (3, 15))), [""; 0]);
}

#[test]
fn a_repeated_hour_lengthens_the_window() {
    // On 2026-10-25 the clocks of Berlin go from 03:00 back to 02:00.
    let weekly = recurring(vec![sunday((1, 0), (4, 0))]);
    assert_eq!(
        found(&weekly, "2026-10-17T00:00:00Z", "2026-11-02T00:00:00Z"),
        [
            "10-17 23:00 - 10-18 02:00",
            "10-24 23:00 - 10-25 03:00",
            "11-01 00:00 - 11-01 03:00",
        ]
    );
    let day = |hours| {
        found(
            &recurring(vec![hours]),
            "2026-10-25T00:00:00Z",
            "2026-10-26T00:00:00Z",
        )
    };
    // A repeated time is the first of the two.
    assert_eq!(day(sunday((2, 15), (2, 45))), ["10-25 00:15 - 10-25 00:45"]);
    assert_eq!(day(sunday((2, 30), (3, 0))), ["10-25 00:30 - 10-25 02:00"]);
}

#[test]
fn windows_cross_midnight_and_the_end_of_the_week() {
    let daily = recurring(vec![Hours::Daily {
        from: clock(23, 30),
        to: clock(0, 30),
    }]);
    assert_eq!(
        found(&daily, "2026-06-01T00:00:00Z", "2026-06-03T00:00:00Z"),
        ["06-01 21:30 - 06-01 22:30", "06-02 21:30 - 06-02 22:30",]
    );
    let weekly = recurring(vec![Hours::Weekly {
        from: TimeOfWeek {
            day: 6,
            time: clock(22, 0),
        },
        to: TimeOfWeek {
            day: 0,
            time: clock(2, 0),
        },
    }]);
    // The one that began before the range is cut.
    assert_eq!(
        found(&weekly, "2026-06-07T23:00:00Z", "2026-06-15T00:00:00Z"),
        ["06-07 23:00 - 06-08 00:00", "06-14 20:00 - 06-15 00:00",]
    );
}

#[test]
fn windows_that_meet_are_one() {
    let hours = vec![
        sunday((3, 0), (5, 0)),
        sunday((2, 0), (4, 0)),
        sunday((5, 0), (6, 0)),
    ];
    assert_eq!(
        found(
            &recurring(hours),
            "2026-06-01T00:00:00Z",
            "2026-06-08T00:00:00Z"
        ),
        ["06-07 00:00 - 06-07 04:00"]
    );
}

#[test]
fn the_first_and_the_last_day_count() {
    let date = |text: &str| text.parse::<Date>().expect("a date");
    let bounded = exclusion(Times::Recurring {
        hours: vec![sunday((2, 0), (4, 0))],
        first: Some(date("2026-06-07")),
        last: Some(date("2026-06-14")),
    });
    assert_eq!(
        found(&bounded, "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z"),
        ["06-07 00:00 - 06-07 02:00", "06-14 00:00 - 06-14 02:00",]
    );
    assert_eq!(
        bounded.times_text(),
        "sun 02:00 to sun 04:00 (Europe/Berlin), from 2026-06-07 to 2026-06-14"
    );
    assert_eq!(bounded.seconds_in(30 * DAY), Ok(4 * HOUR));
    let forever = recurring(vec![sunday((2, 0), (4, 0))]);
    assert_eq!(bounded.is_within(&forever), Ok(true));
    assert_eq!(forever.is_within(&bounded), Ok(false));
}

#[test]
fn overlaps_are_found_across_zones() {
    let weekly = recurring(vec![sunday((2, 0), (4, 0))]);
    let once = |from: &str, until: &str| {
        exclusion(Times::Once {
            from: at(from),
            until: at(until),
        })
    };
    let overlap = weekly.first_overlap(&once("2030-06-01T00:00:00Z", "2030-06-03T00:00:00Z"));
    assert_eq!(
        overlap,
        Ok(Some(at("2030-06-02T00:00:00Z")..at("2030-06-02T02:00:00Z")))
    );
    // Only adjacent.
    let after = once("2026-06-07T02:00:00Z", "2026-06-07T03:00:00Z");
    assert_eq!(weekly.first_overlap(&after), Ok(None));
    // London is one hour behind: only one of its hours overlaps.
    let london = Exclusion {
        zone: "Europe/London".to_owned(),
        ..weekly.clone()
    };
    let overlap = weekly.first_overlap(&london).expect("zones");
    assert_eq!(overlap.map(|range| range.end - range.start), Some(HOUR));
}

#[test]
fn clocks_that_skip_or_repeat_a_time_are_known() {
    let local = |text: &str| local_time(text.parse().expect("a time"), "Europe/Berlin");
    assert_eq!(local("2026-03-29T02:30"), Ok(Some(LocalTime::Skipped)));
    assert_eq!(
        local("2026-10-25T02:30"),
        Ok(Some(LocalTime::Repeated(
            at("2026-10-25T00:30:00Z"),
            at("2026-10-25T01:30:00Z")
        )))
    );
    assert_eq!(
        local("2026-11-27T22:00"),
        Ok(Some(LocalTime::Once(at("2026-11-27T21:00:00Z"))))
    );
    let unknown = local_time("2026-11-27T22:00".parse().expect("a time"), "Europe/Berln");
    assert_eq!(unknown, Err(UnknownZone("Europe/Berln".to_owned())));
}

#[test]
fn any_range_has_an_answer() {
    let daily = exclusion(Times::Recurring {
        hours: vec![Hours::Daily {
            from: clock(0, 0),
            to: clock(1, 0),
        }],
        first: Some("9999-12-29".parse().expect("a date")),
        last: None,
    });
    let found = daily.intervals(i64::MIN, i64::MAX).expect("a zone");
    assert_eq!(found.len(), 2);
}
