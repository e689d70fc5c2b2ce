//! Durations of scripts and test files: `0`, `5m`, `1h30m`.

/// The units in the order in which a duration has them, with their milliseconds.
const UNITS: [(&str, i64); 7] = [
    ("y", 365 * 24 * 3_600_000),
    ("w", 7 * 24 * 3_600_000),
    ("d", 24 * 3_600_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1_000),
    ("ms", 1),
];

/// Parses a duration without a sign. Returns milliseconds; `None` if it is malformed or longer than 292 years.
///
/// ```
/// use nth_engine::testing::parse_duration;
///
/// assert_eq!(parse_duration("1h30m"), Some(5_400_000));
/// assert_eq!(parse_duration("0"), Some(0));
/// assert_eq!(parse_duration("30m1h"), None);
/// ```
pub fn parse_duration(text: &str) -> Option<i64> {
    if text == "0" {
        return Some(0);
    }
    let mut units = UNITS.iter();
    let mut rest = text;
    let mut total: i64 = 0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let (number, tail) = rest.split_at(digits);
        let letters = tail
            .find(|c: char| !c.is_ascii_lowercase())
            .unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(letters);
        // Continues after the previous unit, so each appears once and in order.
        let (_, length) = units.find(|(name, _)| *name == unit)?;
        let milliseconds = number.parse::<i64>().ok()?.checked_mul(*length)?;
        total = total.checked_add(milliseconds)?;
        rest = tail;
    }
    let longest = i64::MAX / 1_000_000;
    (!text.is_empty() && total <= longest).then_some(total)
}

#[cfg(test)]
mod tests {
    use super::parse_duration;

    #[test]
    fn durations() {
        assert_eq!(parse_duration("1y2w3d4h5m6s7ms"), Some(33_019_506_007));
        assert_eq!(parse_duration("90s"), Some(90_000));
        for malformed in [
            "",
            "5",
            "m",
            "-5m",
            "1m1m",
            "1s1h",
            "5 m",
            "1.5h",
            "300y",
            "9999999999999999999s",
        ] {
            assert_eq!(parse_duration(malformed), None, "{malformed}");
        }
    }
}
