//! Times of the week as windows with a schedule and a duration.
//!
//! Argo CD 2.14 to 3.6 compute a window by wall-clock time: it is active while the local time is less than its duration
//! after the last time of its schedule. Others that read `schedule`, `timeZone` and `duration` may compute with elapsed
//! time, and a window that is open during a clock change ends an hour early or late. So no window here depends on its
//! duration across a change: if the zone's clocks change within a span, a new window begins after the change, and the
//! one before lasts until the new one is active by either computation.

use std::collections::BTreeSet;

use jiff::tz::TimeZone;
use jiff::{Timestamp, civil};

use nth_model::gate::{DAY, WEEK};
use nth_policy::Span;

/// The years whose clock changes are considered. The current time is not used, so that the output does not depend on
/// the day.
const YEARS: std::ops::Range<i16> = 2025..2061;

/// A window: its first minute since Monday 00:00, and its length in minutes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Window {
    /// The start by the zone's clocks, in minutes since Monday 00:00.
    pub from: u16,
    /// The length in minutes.
    pub minutes: u32,
}

/// The windows of spans of the week in a zone.
pub fn windows(spans: &[Span], zone: &TimeZone) -> Vec<Window> {
    let changes = Changes::in_zone(zone);
    let mut inside = vec![false; usize::from(WEEK)];
    for span in spans {
        mark(&mut inside, span.from.into(), span.to.into());
    }
    let mut made = Vec::new();
    for (from, to) in marked_spans(&inside) {
        changes.cut(from, to, &mut made);
    }
    made.sort_unstable();
    made
}

/// The clock changes of a zone.
struct Changes {
    /// The local times of the week that a change makes ambiguous or skips, in minutes since Monday 00:00; the second may be in
    /// the next week. Those of two changes, in different years, may touch: a window must not begin before one of them and end in
    /// the other.
    times: BTreeSet<(u32, u32)>,
    /// The largest change in minutes.
    most: u32,
}

impl Changes {
    fn in_zone(zone: &TimeZone) -> Self {
        let mut times = BTreeSet::new();
        let mut most = 0;
        let start = |year| {
            let day = civil::date(year, 1, 1).at(0, 0, 0, 0);
            day.to_zoned_datetime(TimeZone::UTC)
                .map(|day| day.timestamp())
        };
        let (Ok(begin), Ok(end)) = (start(YEARS.start), start(YEARS.end)) else {
            return Self { times, most };
        };
        let transitions = zone.following(begin).map(|change| change.timestamp());
        for at in transitions.take_while(|at| *at < end) {
            let Ok(before) = Timestamp::from_second(at.as_second() - 1) else {
                continue;
            };
            let [old, new] = [before, at].map(|at| zone.to_offset(at).seconds());
            if old == new {
                continue;
            }
            // 1970 began on a Thursday.
            let minute = |offset: i32| {
                let minutes =
                    (at.as_second() + i64::from(offset)).div_euclid(60) + 3 * i64::from(DAY);
                u32::try_from(minutes.rem_euclid(WEEK.into())).unwrap_or_default()
            };
            let length = old.abs_diff(new).div_ceil(60);
            let first = minute(old.min(new));
            times.insert((first, first + length));
            most = most.max(length);
        }
        Self { times, most }
    }

    /// Adds the windows of a span, which may end in the next week.
    fn cut(&self, from: u32, to: u32, made: &mut Vec<Window>) {
        let week = u32::from(WEEK);
        let always = to - from == week;
        let mut cuts = BTreeSet::new();
        for (first, behind) in &self.times {
            for later in [0, week] {
                let (first, behind) = (first + later, behind + later);
                if first < to && behind > from {
                    cuts.insert(behind);
                    // The rest after the change is too short to extend the window before it.
                    if !always && to < behind + 2 * self.most {
                        cuts.insert(first);
                    }
                }
            }
        }
        cuts.retain(|cut| (from + 1..to).contains(cut));
        let ends = cuts.iter().copied().chain([to]);
        let mut begin = from;
        for end in ends {
            let more = if always {
                self.most
            } else {
                self.most.min(to - end)
            };
            let at = u16::try_from(begin % week).unwrap_or_default();
            made.push(Window {
                from: at,
                minutes: end - begin + more,
            });
            begin = end;
        }
    }
}

/// Marks minutes of the week; those beyond its end wrap to its beginning.
fn mark(minutes: &mut [bool], from: u32, to: u32) {
    for minute in from..to {
        let minute = usize::try_from(minute).unwrap_or_default() % minutes.len();
        if let Some(marked) = minutes.get_mut(minute) {
            *marked = true;
        }
    }
}

/// The marked spans; one that crosses the end of the week is one span.
fn marked_spans(minutes: &[bool]) -> Vec<(u32, u32)> {
    let week = u32::from(WEEK);
    let mut found: Vec<(u32, u32)> = Vec::new();
    for (minute, marked) in (0..).zip(minutes) {
        match found.last_mut() {
            Some((_, to)) if *marked && *to == minute => *to += 1,
            _ if *marked => found.push((minute, minute + 1)),
            _ => {}
        }
    }
    if let [(0, first), .., (_, last)] = found.as_mut_slice()
        && *last == week
    {
        *last += *first;
        found.remove(0);
    }
    found
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use jiff::ZonedDateTime as Zoned;
    use jiff::civil::DateTime;
    use jiff::tz::{AmbiguousOffset, TimeZoneDatabase};
    use proptest::prelude::*;

    use super::*;
    use nth_policy::Condition;
    use nth_policy::{Measured, Truth, truth};

    const FRIDAY_TO_MONDAY: [Span; 2] = [
        Span { from: 0, to: 540 },
        Span {
            from: 4 * DAY + 16 * 60,
            to: WEEK,
        },
    ];

    fn zone(name: &str) -> TimeZone {
        TimeZoneDatabase::bundled().get(name).unwrap()
    }

    /// Returns whether a window is active as in Argo CD: `Next(now - duration)` is before now, both in wall-clock time.
    fn by_clocks(window: Window, now: &Zoned) -> bool {
        let shown = |at: DateTime| {
            let day = u32::try_from(at.weekday().to_monday_zero_offset()).unwrap();
            let time = u32::try_from(at.hour()).unwrap() * 60 + u32::try_from(at.minute()).unwrap();
            day * u32::from(DAY) + time
        };
        let week = u32::from(WEEK);
        let since = (shown(now.datetime()) + week - u32::from(window.from)) % week;
        since < window.minutes || since + week < window.minutes
    }

    /// Returns whether a window is active by elapsed time since its schedule: of ambiguous times at the first, or at
    /// both.
    fn by_time(window: Window, now: &Zoned, both: bool) -> bool {
        let monday = i64::from(now.weekday().to_monday_zero_offset());
        let zone = now.time_zone();
        [-14, -7, 0, 7].iter().any(|weeks| {
            let days = jiff::Span::new().days(weeks - monday + i64::from(window.from / DAY));
            let minutes = i64::from(window.from % DAY);
            let day = now.date().checked_add(days).unwrap();
            let begin = day
                .at(0, 0, 0, 0)
                .checked_add(jiff::Span::new().minutes(minutes))
                .unwrap();
            let found = zone.to_ambiguous_zoned_datetime(begin);
            let begins = if both && matches!(found.offset(), AmbiguousOffset::Fold { .. }) {
                vec![found.clone().earlier().unwrap(), found.later().unwrap()]
            } else if both && matches!(found.offset(), AmbiguousOffset::Gap { .. }) {
                // A schedule whose time is skipped begins nothing.
                Vec::new()
            } else {
                vec![found.compatible().unwrap()]
            };
            begins.iter().any(|begin| {
                let passed = now.timestamp().as_second() - begin.timestamp().as_second();
                (0..i64::from(window.minutes) * 60).contains(&passed)
            })
        })
    }

    /// Checks the windows around a clock change, every half hour, against the calendar.
    fn check_windows(
        spans: &[Span],
        name: &str,
        around: Timestamp,
        hours: i64,
    ) -> Result<(), TestCaseError> {
        let zone = zone(name);
        let made = windows(spans, &zone);
        let condition = Condition::Week {
            spans: spans.to_vec(),
            zone: name.to_owned(),
        };
        for half in -2 * hours..2 * hours {
            let at = Timestamp::from_second(around.as_second() + half * 1800).unwrap();
            let frozen = truth(&condition, &Measured::new(), at).unwrap() == Truth::True;
            let now = at.to_zoned_datetime(zone.clone());
            let any = |active: &dyn Fn(Window) -> bool| made.iter().any(|window| active(*window));
            prop_assert_eq!(
                any(&|w| by_clocks(w, &now)),
                frozen,
                "{} {}: {:?}",
                name,
                now,
                made
            );
            let active = any(&|w| by_time(w, &now, true));
            prop_assert!(active || !frozen, "{} open at {}: {:?}", name, now, made);
            // A window is closed too long by the length of the change at most, which is two hours in Troll.
            let near = || {
                (-12..=12).any(|quarter| {
                    let at = Timestamp::from_second(at.as_second() + quarter * 900).unwrap();
                    truth(&condition, &Measured::new(), at).unwrap() == Truth::True
                })
            };
            prop_assert!(
                frozen || !active || near(),
                "{} closed at {}: {:?}",
                name,
                now,
                made
            );
        }
        Ok(())
    }

    fn change_times(name: &str, years: std::ops::Range<i16>) -> Vec<Timestamp> {
        let start = |year| {
            civil::date(year, 1, 1)
                .at(0, 0, 0, 0)
                .in_tz("UTC")
                .unwrap()
                .timestamp()
        };
        let end = start(years.end);
        zone(name)
            .following(start(years.start))
            .map(|change| change.timestamp())
            .take_while(|at| *at < end)
            .collect()
    }

    #[test]
    fn a_zone_without_changes_has_one_window() {
        let whole = Window {
            from: 4 * DAY + 960,
            minutes: 65 * 60,
        };
        assert_eq!(windows(&FRIDAY_TO_MONDAY, &TimeZone::UTC), [whole]);
        assert_eq!(windows(&FRIDAY_TO_MONDAY, &zone("Asia/Tokyo")), [whole]);
        let always = [Span { from: 0, to: WEEK }];
        assert_eq!(
            windows(&always, &TimeZone::UTC),
            [Window {
                from: 0,
                minutes: WEEK.into()
            }]
        );
        assert_eq!(windows(&[], &TimeZone::UTC), []);
    }

    #[test]
    fn a_window_begins_behind_the_change() {
        // Clocks change between one and two on Sunday, and the window before lasts an hour longer.
        let made = windows(&FRIDAY_TO_MONDAY, &zone("Europe/London"));
        assert_eq!(
            made,
            [
                Window {
                    from: 4 * DAY + 960,
                    minutes: 35 * 60
                },
                Window {
                    from: 6 * DAY + 120,
                    minutes: 31 * 60
                },
            ]
        );
    }

    #[test]
    fn the_last_hour_of_a_sunday_is_closed_when_clocks_go_back() {
        let made = windows(&FRIDAY_TO_MONDAY, &zone("Europe/London"));
        for at in [
            "2026-10-25T23:00:00Z",
            "2026-10-25T23:59:00Z",
            "2026-10-26T08:59:00Z",
            "2026-03-29T00:30:00Z",
        ] {
            let now = at
                .parse::<Timestamp>()
                .unwrap()
                .in_tz("Europe/London")
                .unwrap();
            for both in [false, true] {
                assert!(
                    made.iter().any(|window| by_time(*window, &now, both)),
                    "{at}"
                );
            }
        }
        let after: Timestamp = "2026-10-26T09:00:00Z".parse().unwrap();
        let after = after.in_tz("Europe/London").unwrap();
        assert!(!made.iter().any(|window| by_time(*window, &after, true)));
    }

    #[test]
    fn weekends_of_every_zone_are_closed() {
        // For every reading of the schedules, in every zone of the database.
        let database = TimeZoneDatabase::bundled();
        let mut seen = BTreeSet::new();
        for name in database.available() {
            let name = name.as_str();
            let changes = change_times(name, 2026..2028);
            // Many zones have other names too.
            if !seen.insert(changes.clone()) {
                continue;
            }
            for around in changes {
                check_windows(&FRIDAY_TO_MONDAY, name, around, 80).unwrap();
                let made = windows(&FRIDAY_TO_MONDAY, &zone(name));
                for half in -160..160 {
                    let at = Timestamp::from_second(around.as_second() + half * 1800).unwrap();
                    let now = at.to_zoned_datetime(zone(name));
                    let is_closed = |at: &Zoned| made.iter().any(|w| by_time(*w, at, false));
                    assert!(
                        is_closed(&now) || !made.iter().any(|w| by_clocks(*w, &now)),
                        "{name} {now} {made:?}"
                    );
                }
            }
        }
        assert!(seen.len() > 20);
    }

    #[test]
    fn a_span_that_ends_within_one_of_two_adjacent_changes_is_closed() {
        let name = "Africa/Casablanca";
        let span = Span {
            from: DAY + 17 * 60,
            to: 6 * DAY + 135,
        };
        for around in change_times(name, 2025..2055) {
            check_windows(&[span], name, around, 30).unwrap();
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        #[test]
        fn no_hour_of_a_freeze_is_open(
            from in 0u16..672, length in 1u16..672, zone in 0usize..12, which in 0usize..60,
        ) {
            const ZONES: [&str; 12] = [
                "Europe/London", "Europe/Berlin", "America/New_York", "America/Santiago", "Australia/Lord_Howe",
                "Africa/Cairo", "Africa/Casablanca", "Asia/Beirut", "America/Havana", "Antarctica/Troll",
                "Asia/Jerusalem", "America/Nuuk",
            ];
            let name = ZONES[zone];
            // Quarters of an hour; a span across the end of the week is two spans.
            let (from, to) = (from * 15, (from + length) * 15);
            let spans = if to <= WEEK {
                vec![Span { from, to }]
            } else {
                vec![Span { from: 0, to: (to - WEEK).min(from) }, Span { from, to: WEEK }]
            };
            let all = change_times(name, 2025..2055);
            check_windows(&spans, name, all[which % all.len()], 30)?;
        }
    }
}
