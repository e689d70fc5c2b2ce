//! Durations, times and lists in readable form.

use nth_model::text::list;
use nth_model::{Duration, Hours, Slo, SupportHours, TimeOfDay, TimeOfWeek};

const DAYS: [&str; 7] = [
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
];

/// A duration as in Prometheus, exact: `2d2h`, `21m36s`, `2.592s`.
pub fn duration(duration: Duration) -> String {
    duration.to_human()
}

/// The SLO window: `30d`, `a calendar month`, `a calendar month in Europe/Berlin`.
pub fn slo_window(slo: &Slo) -> String {
    match &slo.calendar {
        Some(calendar) => format!("a calendar {calendar}"),
        None => duration(slo.window),
    }
}

/// The length of a shift: `daily`, `weekly`, `12h`.
pub fn shift_length(length: Duration) -> String {
    match length.0 / Duration::DAY.0 {
        1 if length == Duration::DAY => "daily".to_owned(),
        7 if length == Duration::days(7) => "weekly".to_owned(),
        _ => duration(length),
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

/// `Monday to Friday from 09:00 to 18:00, Europe/London`, with `zone` unchanged.
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
            list(&days, "and")
        }
    };
    format!(
        "{days} from {} to {}, {zone}",
        time(hours.from),
        time(hours.to)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_exact() {
        for (millis, shown) in [
            (0, "0s"),
            (2_592, "2.592s"),
            (129_600, "2m9.6s"),
            (180_000_000, "2d2h"),
            (5_184_000, "1h26m24s"),
        ] {
            assert_eq!(duration(Duration(millis)), shown);
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
