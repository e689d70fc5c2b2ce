//! The time zones that PagerDuty supports, a subset of the IANA database.

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use crate::codes;
use crate::db::Diag;
use crate::eval::{Instance, Value};
use crate::schema::names::field;

/// The zones that PagerDuty's API accepts, sorted: those that its Terraform provider 3.32.4 accepts.
const ZONES: [&str; 135] = [
    "Africa/Algiers",
    "Africa/Cairo",
    "Africa/Casablanca",
    "Africa/Harare",
    "Africa/Johannesburg",
    "Africa/Monrovia",
    "Africa/Nairobi",
    "America/Argentina/Buenos_Aires",
    "America/Bogota",
    "America/Caracas",
    "America/Chicago",
    "America/Chihuahua",
    "America/Denver",
    "America/Godthab",
    "America/Guatemala",
    "America/Guyana",
    "America/Halifax",
    "America/Indiana/Indianapolis",
    "America/Juneau",
    "America/La_Paz",
    "America/Lima",
    "America/Los_Angeles",
    "America/Mazatlan",
    "America/Mexico_City",
    "America/Monterrey",
    "America/Montevideo",
    "America/New_York",
    "America/Phoenix",
    "America/Puerto_Rico",
    "America/Regina",
    "America/Santiago",
    "America/Sao_Paulo",
    "America/St_Johns",
    "America/Tijuana",
    "Asia/Almaty",
    "Asia/Baghdad",
    "Asia/Baku",
    "Asia/Bangkok",
    "Asia/Chongqing",
    "Asia/Colombo",
    "Asia/Dhaka",
    "Asia/Hong_Kong",
    "Asia/Irkutsk",
    "Asia/Jakarta",
    "Asia/Jerusalem",
    "Asia/Kabul",
    "Asia/Kamchatka",
    "Asia/Karachi",
    "Asia/Kathmandu",
    "Asia/Kolkata",
    "Asia/Krasnoyarsk",
    "Asia/Kuala_Lumpur",
    "Asia/Kuwait",
    "Asia/Magadan",
    "Asia/Muscat",
    "Asia/Novosibirsk",
    "Asia/Rangoon",
    "Asia/Riyadh",
    "Asia/Seoul",
    "Asia/Shanghai",
    "Asia/Singapore",
    "Asia/Srednekolymsk",
    "Asia/Taipei",
    "Asia/Tashkent",
    "Asia/Tbilisi",
    "Asia/Tehran",
    "Asia/Tokyo",
    "Asia/Ulaanbaatar",
    "Asia/Urumqi",
    "Asia/Vladivostok",
    "Asia/Yakutsk",
    "Asia/Yekaterinburg",
    "Asia/Yerevan",
    "Atlantic/Azores",
    "Atlantic/Cape_Verde",
    "Atlantic/South_Georgia",
    "Australia/Adelaide",
    "Australia/Brisbane",
    "Australia/Darwin",
    "Australia/Hobart",
    "Australia/Melbourne",
    "Australia/Perth",
    "Australia/Sydney",
    "Etc/GMT+12",
    "Etc/UTC",
    "Europe/Amsterdam",
    "Europe/Athens",
    "Europe/Belgrade",
    "Europe/Berlin",
    "Europe/Bratislava",
    "Europe/Brussels",
    "Europe/Bucharest",
    "Europe/Budapest",
    "Europe/Copenhagen",
    "Europe/Dublin",
    "Europe/Helsinki",
    "Europe/Istanbul",
    "Europe/Kaliningrad",
    "Europe/Kiev",
    "Europe/Lisbon",
    "Europe/Ljubljana",
    "Europe/London",
    "Europe/Madrid",
    "Europe/Minsk",
    "Europe/Moscow",
    "Europe/Paris",
    "Europe/Prague",
    "Europe/Riga",
    "Europe/Rome",
    "Europe/Samara",
    "Europe/Sarajevo",
    "Europe/Skopje",
    "Europe/Sofia",
    "Europe/Stockholm",
    "Europe/Tallinn",
    "Europe/Vienna",
    "Europe/Vilnius",
    "Europe/Volgograd",
    "Europe/Warsaw",
    "Europe/Zagreb",
    "Europe/Zurich",
    "Pacific/Apia",
    "Pacific/Auckland",
    "Pacific/Chatham",
    "Pacific/Fakaofo",
    "Pacific/Fiji",
    "Pacific/Guadalcanal",
    "Pacific/Guam",
    "Pacific/Honolulu",
    "Pacific/Majuro",
    "Pacific/Midway",
    "Pacific/Noumea",
    "Pacific/Pago_Pago",
    "Pacific/Port_Moresby",
    "Pacific/Tongatapu",
];

/// The number of samples, half a month apart, in which two zones must agree to be suggested for each other: two years.
const SAMPLES: i64 = 48;

/// The time of the first sample: 2026-01-01T00:00:00Z.
const FIRST: i64 = 1_767_225_600;

/// Reports a block's zone that PagerDuty does not support.
pub fn check(team: &Instance, block: &Instance, found: &mut Vec<Diag>) {
    let Value::String(zone) = block.get(field::ZONE) else {
        return;
    };
    let zone = zone.trim();
    if ZONES.binary_search(&zone).is_ok() {
        return;
    }
    let alike = alike(zone);
    let help = match alike.as_slice() {
        [] => "use the nearest time zone with the same clock that PagerDuty supports (about 130)"
            .to_owned(),
        [only] => format!("write `\"{only}\"`, which has the same clock"),
        [first, rest @ ..] => {
            let rest: Vec<String> = rest
                .iter()
                .take(2)
                .map(|zone| format!("`\"{zone}\"`"))
                .collect();
            format!(
                "write `\"{first}\"`, which has the same clock, or {}",
                rest.join(" or ")
            )
        }
    };
    found.push(
        Diag::new(
            &codes::ZONE_NOT_IN_PAGERDUTY,
            format!("time zone `{zone}` is not supported by PagerDuty"),
            super::place(team, block, block.span_of(field::ZONE)),
        )
        .label("not one of PagerDuty's time zones")
        .help(help),
    );
}

/// Returns the supported zones with the same clocks as another.
fn alike(zone: &str) -> Vec<&'static str> {
    let known = jiff::tz::TimeZoneDatabase::bundled();
    let (Ok(zone), Ok(first)) = (known.get(zone), Timestamp::from_second(FIRST)) else {
        return Vec::new();
    };
    let same = |other: &TimeZone| {
        (0..SAMPLES).all(|half| {
            first
                .checked_add((half * 15 * 24).hours())
                .is_ok_and(|at| zone.to_offset(at) == other.to_offset(at))
        })
    };
    ZONES
        .into_iter()
        .filter(|name| known.get(name).is_ok_and(|other| same(&other)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_are_sorted_and_real() {
        assert!(ZONES.is_sorted());
        let known = jiff::tz::TimeZoneDatabase::bundled();
        for zone in ZONES {
            assert!(known.get(zone).is_ok(), "{zone}");
        }
    }

    #[test]
    fn a_zone_with_the_same_clocks_is_offered() {
        assert!(alike("Europe/Oslo").contains(&"Europe/Berlin"));
        assert!(!alike("Europe/Oslo").contains(&"Europe/London"));
        assert!(alike("Asia/Ho_Chi_Minh").contains(&"Asia/Bangkok"));
        assert_eq!(alike("Antarctica/Troll"), [""; 0]);
    }
}
