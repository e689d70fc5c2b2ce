//! Lengths of time, times and lists as people read them.

use nth_model::{Duration, Hours, SupportHours, TimeOfDay, TimeOfWeek};

const DAYS: [&str; 7] = [
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
];

/// A length of time with its units apart, exact: `2 d 2 h`, `21 min 36 s`, `2.592 s`.
pub fn duration(duration: Duration) -> String {
    let days = duration.0 / Duration::DAY.0;
    let hours = duration.0 % Duration::DAY.0 / Duration::HOUR.0;
    let minutes = duration.0 % Duration::HOUR.0 / Duration::MINUTE.0;
    units(&[(days, "d"), (hours, "h"), (minutes, "min")], duration)
}

/// A length of time in minutes, and the seconds that are left over, exact: `86 min 24 s`.
pub fn in_minutes(duration: Duration) -> String {
    units(&[(duration.0 / Duration::MINUTE.0, "min")], duration)
}

fn units(whole: &[(u64, &str)], duration: Duration) -> String {
    let seconds = Duration(duration.0 % Duration::MINUTE.0);
    let mut parts: Vec<_> = whole
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, unit)| format!("{count} {unit}"))
        .collect();
    if seconds.0 > 0 || parts.is_empty() {
        parts.push(format!("{} s", seconds.as_seconds()));
    }
    parts.join(" ")
}

/// A length of time as turns are called.
pub fn turn(turn: Duration) -> String {
    match turn.0 / Duration::DAY.0 {
        1 if turn == Duration::DAY => "a day".to_owned(),
        7 if turn == Duration::days(7) => "a week".to_owned(),
        _ => duration(turn),
    }
}

/// `09:05`
pub fn time(time: TimeOfDay) -> String {
    format!("{:02}:{:02}", time.hour, time.minute)
}

/// `Monday 09:00`
pub fn time_of_week(at: TimeOfWeek) -> String {
    format!("{} {}", day(at.day), time(at.time))
}

fn day(number: u8) -> &'static str {
    DAYS.get(usize::from(number)).copied().unwrap_or("Monday")
}

/// `every day from 09:00 to 17:00`
pub fn hours(hours: &Hours) -> String {
    match hours {
        Hours::Daily { from, to } => format!("every day from {} to {}", time(*from), time(*to)),
        Hours::Weekly { from, to } => {
            format!("from {} to {}", time_of_week(*from), time_of_week(*to))
        }
    }
}

/// `Monday to Friday from 09:00 to 18:00, Europe/London`, with the zone as it is given.
pub fn support_hours(hours: &SupportHours, zone: &str) -> String {
    let consecutive = hours.days.len() > 2
        && hours
            .days
            .windows(2)
            .all(|pair| matches!(pair, [a, b] if a + 1 == *b));
    let days = match (hours.days.first(), hours.days.last()) {
        (Some(first), Some(last)) if consecutive => format!("{} to {}", day(*first), day(*last)),
        _ => {
            let days: Vec<String> = hours.days.iter().map(|n| day(*n).to_owned()).collect();
            list(&days)
        }
    };
    format!(
        "{days} from {} to {}, {zone}",
        time(hours.from),
        time(hours.to)
    )
}

/// `a, b and c`
pub fn list(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [one] => one.clone(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_exact() {
        for (millis, whole, minutes) in [
            (0, "0 s", "0 s"),
            (2_592, "2.592 s", "2.592 s"),
            (129_600, "2 min 9.6 s", "2 min 9.6 s"),
            (180_000_000, "2 d 2 h", "3000 min"),
            (5_184_000, "1 h 26 min 24 s", "86 min 24 s"),
        ] {
            assert_eq!(duration(Duration(millis)), whole);
            assert_eq!(in_minutes(Duration(millis)), minutes);
        }
    }

    #[test]
    fn days_in_a_row_are_a_range() {
        let hours = |days: &[u8]| SupportHours {
            zone: "Europe/London".to_owned(),
            days: days.to_vec(),
            from: TimeOfDay { hour: 9, minute: 0 },
            to: TimeOfDay {
                hour: 18,
                minute: 30,
            },
        };
        let shown = |days: &[u8]| support_hours(&hours(days), "Europe/London");
        assert_eq!(
            shown(&[0, 1, 2, 3, 4]),
            "Monday to Friday from 09:00 to 18:30, Europe/London"
        );
        assert_eq!(
            shown(&[0, 2, 6]),
            "Monday, Wednesday and Sunday from 09:00 to 18:30, Europe/London"
        );
    }
}
