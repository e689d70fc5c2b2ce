//! Parts of dates, in UTC.

/// A function from a Unix time, in seconds, to a part of its date.
pub(crate) type DatePart = fn(f64) -> f64;

/// Returns the part of a date that a function computes.
pub(crate) fn date_part(function: &str) -> Option<DatePart> {
    Some(match function {
        "minute" => |time| whole(seconds(time).rem_euclid(3600) / 60),
        "hour" => |time| whole(seconds(time).rem_euclid(86_400) / 3600),
        "day_of_week" => |time| whole((days(time) + 4).rem_euclid(7)),
        "day_of_month" => |time| whole(Date::of(time).day),
        "day_of_year" => |time| {
            let date = Date::of(time);
            whole(days(time) - days_since_epoch(date.year, 1, 1) + 1)
        },
        "days_in_month" => |time| {
            let Date { year, month, .. } = Date::of(time);
            let (next_year, next_month) = if month == 12 {
                (year + 1, 1)
            } else {
                (year, month + 1)
            };
            whole(days_since_epoch(next_year, next_month, 1) - days_since_epoch(year, month, 1))
        },
        "month" => |time| whole(Date::of(time).month),
        "year" => |time| whole(Date::of(time).year),
        _ => return None,
    })
}

/// A date of the proleptic Gregorian calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Date {
    year: i128,
    month: i128,
    day: i128,
}

const DAYS_PER_ERA: i128 = 146_097;

impl Date {
    /// Returns the date of a Unix time.
    ///
    /// Years are counted from March, so that the leap day is the last one; an era has 400 of them.
    fn of(time: f64) -> Self {
        let shifted = days(time) + DAYS_TO_EPOCH;
        let era = shifted.div_euclid(DAYS_PER_ERA);
        let day_of_era = shifted.rem_euclid(DAYS_PER_ERA);
        let year_of_era =
            (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_from_march = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
        let month = if month_from_march < 10 {
            month_from_march + 3
        } else {
            month_from_march - 9
        };
        let year = era * 400 + year_of_era + i128::from(month <= 2);
        Self { year, month, day }
    }
}

/// The days from 0000-03-01 to 1970-01-01.
const DAYS_TO_EPOCH: i128 = 719_468;

fn days_since_epoch(year: i128, month: i128, day: i128) -> i128 {
    let year = year - i128::from(month <= 2);
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let month_from_march = (month + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * DAYS_PER_ERA + day_of_era - DAYS_TO_EPOCH
}

fn days(time: f64) -> i128 {
    seconds(time).div_euclid(86_400)
}

/// Truncates a Unix time to seconds. What does not fit is the second after the last one that fits, as in Prometheus on
/// amd64.
fn seconds(time: f64) -> i128 {
    const LIMIT: f64 = 9_223_372_036_854_775_808.0;
    if time.is_nan() || !(-LIMIT..LIMIT).contains(&time) || time == -LIMIT {
        i128::from(i64::MAX) + 1
    } else {
        i128::from(time as i64)
    }
}

fn whole(value: i128) -> f64 {
    value as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_dates() {
        // 2024-02-29 12:34:56, a Thursday; 1969-12-31 23:59:59, a Wednesday; 2100-03-01, a Monday.
        for (function, expected) in [
            ("minute", [34.0, 59.0, 0.0]),
            ("hour", [12.0, 23.0, 0.0]),
            ("day_of_week", [4.0, 3.0, 1.0]),
            ("day_of_month", [29.0, 31.0, 1.0]),
            ("day_of_year", [60.0, 365.0, 60.0]),
            ("days_in_month", [29.0, 31.0, 31.0]),
            ("month", [2.0, 12.0, 3.0]),
            ("year", [2024.0, 1969.0, 2100.0]),
        ] {
            let part =
                date_part(function).map(|part| [1_709_210_096.0, -1.0, 4_107_542_400.0].map(part));
            assert_eq!(part, Some(expected), "{function}");
        }
    }

    #[test]
    fn a_time_that_does_not_fit() {
        let year = date_part("year").map(|part| part(f64::NAN));
        assert_eq!(year, Some(292_277_026_596.0));
    }

    proptest::proptest! {
        #[test]
        fn dates_agree_with_jiff(time in -62_135_596_800_i64..253_402_207_200) {
            let expected = jiff::Timestamp::from_second(time).map(|time| jiff::tz::Offset::UTC.to_datetime(time).date());
            let date = Date::of(time as f64);
            let expected = expected.map(|date| (i128::from(date.year()), i128::from(date.month()), i128::from(date.day())));
            proptest::prop_assert_eq!(expected.ok(), Some((date.year, date.month, date.day)));
            proptest::prop_assert_eq!(days_since_epoch(date.year, date.month, date.day), days(time as f64));
        }
    }
}
