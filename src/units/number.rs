//! Exact numbers as text: decimals digit for digit, durations as in Prometheus and for people.

use std::fmt;

use rust_decimal::Decimal;

/// A duration in milliseconds, exact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Duration(pub u64);

/// Units in milliseconds, largest first. Weeks and years are omitted on purpose: `28d` is the same window in every
/// tool, `4w` is not.
const UNITS: [(&str, u64); 5] = [
    ("d", Duration::DAY.0),
    ("h", Duration::HOUR.0),
    ("m", Duration::MINUTE.0),
    ("s", Duration::SECOND.0),
    ("ms", 1),
];

impl Duration {
    /// One second.
    pub const SECOND: Duration = Duration(1_000);
    /// One minute.
    pub const MINUTE: Duration = Duration(60_000);
    /// One hour.
    pub const HOUR: Duration = Duration(3_600_000);
    /// One day, of 24 hours.
    pub const DAY: Duration = Duration(86_400_000);

    /// A duration of `n` seconds.
    pub const fn seconds(n: u64) -> Self {
        Duration(n * Self::SECOND.0)
    }

    /// A duration of `n` minutes.
    pub const fn minutes(n: u64) -> Self {
        Duration(n * Self::MINUTE.0)
    }

    /// A duration of `n` hours.
    pub const fn hours(n: u64) -> Self {
        Duration(n * Self::HOUR.0)
    }

    /// A duration of `n` days.
    pub const fn days(n: u64) -> Self {
        Duration(n * Self::DAY.0)
    }

    /// The length in seconds, exact.
    pub fn as_seconds(self) -> Decimal {
        (Decimal::from(self.0) / Decimal::ONE_THOUSAND).normalize()
    }

    /// The length in days, to ten places (whole days and hours of a twelfth of a day are exact).
    pub fn as_days(self) -> Decimal {
        (Decimal::from(self.0) / Decimal::from(Self::DAY.0))
            .round_dp(10)
            .normalize()
    }

    /// Formats the duration for people: like [`Display`](fmt::Display), but a fraction of a second is a decimal:
    /// `2m9.6s`.
    pub fn to_human(self) -> String {
        let millis = self.0 % Self::SECOND.0;
        if millis == 0 {
            return self.to_string();
        }
        let whole_minutes = Duration(self.0 - self.0 % Self::MINUTE.0);
        let seconds = Duration(self.0 % Self::MINUTE.0).as_seconds();
        if whole_minutes.0 == 0 {
            format!("{seconds}s")
        } else {
            format!("{whole_minutes}{seconds}s")
        }
    }
}

/// Formats the duration for PromQL: `1h30m`, `30d`, `500ms`; each unit at most once, largest first, exact.
impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == 0 {
            return f.write_str("0s");
        }
        let mut rest = self.0;
        for (unit, length) in UNITS {
            let count = rest / length;
            if count > 0 {
                write!(f, "{count}{unit}")?;
            }
            rest %= length;
        }
        Ok(())
    }
}

/// Formats a decimal digit for digit: never an exponent, never a trailing zero. 0.9990 is `0.999`, 30.0 is `30`.
pub fn decimal_text(number: Decimal) -> String {
    number.normalize().to_string()
}

/// Formats a share as a percentage, digit for digit: 0.9995 is `99.95%`.
pub fn percent_text(share: Decimal) -> String {
    format!("{}%", decimal_text(share * Decimal::ONE_HUNDRED))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn durations_read_as_prometheus_writes_them() {
        for (duration, text) in [
            (Duration::days(30), "30d"),
            (Duration::days(28), "28d"),
            (Duration::minutes(90), "1h30m"),
            (Duration::seconds(1296), "21m36s"),
            (Duration(500), "500ms"),
            (Duration(0), "0s"),
            (Duration(129_600), "2m9s600ms"),
        ] {
            assert_eq!(duration.to_string(), text);
        }
        assert_eq!(Duration(129_600).to_human(), "2m9.6s");
        assert_eq!(Duration(2_592).to_human(), "2.592s");
        assert_eq!(Duration::seconds(1296).to_human(), "21m36s");
        assert_eq!(Duration::hours(12).as_days().to_string(), "0.5");
    }

    #[test]
    fn decimals_keep_their_digits() {
        let objective = Decimal::new(9990, 4);
        assert_eq!(decimal_text(objective), "0.999");
        assert_eq!(decimal_text(Decimal::ONE - objective), "0.001");
        assert_eq!(percent_text(Decimal::new(9995, 4)), "99.95%");
        assert_eq!(decimal_text(Decimal::new(300, 1)), "30");
        assert_eq!(decimal_text(Decimal::new(1, 12)), "0.000000000001");
    }

    /// Parses the text with the units' own lengths.
    fn parse(text: &str) -> u64 {
        let mut total = 0;
        let mut digits = String::new();
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            if c.is_ascii_digit() {
                digits.push(c);
                continue;
            }
            let unit = if c == 'm' && chars.next_if_eq(&'s').is_some() {
                "ms".into()
            } else {
                c.to_string()
            };
            let length = UNITS.iter().find(|(name, _)| *name == unit).unwrap().1;
            total += digits.parse::<u64>().unwrap() * length;
            digits.clear();
        }
        total
    }

    proptest! {
        #[test]
        fn duration_text_is_exact(millis in 0u64..10_000_000_000_000) {
            prop_assert_eq!(parse(&Duration(millis).to_string()), millis);
        }

        #[test]
        fn decimal_text_is_exact_and_plain(mantissa in -1_000_000_000i64..1_000_000_000, scale in 0u32..20) {
            let number = Decimal::new(mantissa, scale);
            let text = decimal_text(number);
            prop_assert_eq!(text.parse::<Decimal>().unwrap(), number);
            prop_assert!(text.chars().all(|c| c.is_ascii_digit() || c == '.' || c == '-'), "{}", text);
            prop_assert!(!text.contains('.') || !text.ends_with('0'), "{}", text);
        }
    }
}
