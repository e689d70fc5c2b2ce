//! Durations of scripts and test files: `0`, `5m`, `1h30m`.

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
    nth_promql::milliseconds(text)
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
