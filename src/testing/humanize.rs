//! Prometheus's functions that format numbers in templates.

/// Applies a function of a template to a number; `None` for an unknown function.
pub fn apply(function: &str, value: f64) -> Option<String> {
    Some(match function {
        "humanize" => decimal(value),
        "humanize1024" => binary(value),
        "humanizeDuration" => duration(value),
        "humanizePercentage" => format!("{}%", general(value * 100.0)),
        "printf \"%.0f\"" => rounded(value),
        _ => return None,
    })
}

/// Formats a number as Go's `%.0f`.
fn rounded(value: f64) -> String {
    if value.is_finite() {
        format!("{value:.0}")
    } else {
        general(value)
    }
}

/// Formats a number as Go's `%.4g`.
fn general(value: f64) -> String {
    const DIGITS: i32 = 4;
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    if value == 0.0 {
        return if value.is_sign_negative() { "-0" } else { "0" }.to_owned();
    }
    let scientific = format!("{value:.3e}");
    let Some((mantissa, exponent)) = scientific.split_once('e') else {
        return scientific;
    };
    let Ok(exponent) = exponent.parse::<i32>() else {
        return scientific;
    };
    if !(-4..DIGITS).contains(&exponent) {
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{}e{sign}{:02}", trimmed(mantissa), exponent.abs());
    }
    let decimals = usize::try_from(DIGITS - 1 - exponent).unwrap_or_default();
    trimmed(&format!("{value:.decimals$}")).to_owned()
}

/// Removes zeros at the end of decimals.
fn trimmed(number: &str) -> &str {
    if number.contains('.') {
        number.trim_end_matches('0').trim_end_matches('.')
    } else {
        number
    }
}

/// Scales a number up to at least 1, with the prefix of its unit.
fn small(mut value: f64) -> String {
    let mut prefix = "";
    for next in ["m", "u", "n", "p", "f", "a", "z", "y"] {
        if value.abs() >= 1.0 {
            break;
        }
        prefix = next;
        value *= 1000.0;
    }
    format!("{}{prefix}", general(value))
}

/// Scales a number down below a base, with the prefix of its unit.
fn large(mut value: f64, base: f64, prefixes: [&str; 8]) -> String {
    let mut prefix = "";
    for next in prefixes {
        if value.abs() < base {
            break;
        }
        prefix = next;
        value /= base;
    }
    format!("{}{prefix}", general(value))
}

fn decimal(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        general(value)
    } else if value.abs() >= 1.0 {
        large(value, 1000.0, ["k", "M", "G", "T", "P", "E", "Z", "Y"])
    } else {
        small(value)
    }
}

fn binary(value: f64) -> String {
    if value.abs() <= 1.0 || !value.is_finite() {
        return general(value);
    }
    large(
        value,
        1024.0,
        ["ki", "Mi", "Gi", "Ti", "Pi", "Ei", "Zi", "Yi"],
    )
}

#[allow(clippy::cast_possible_truncation)]
fn duration(value: f64) -> String {
    if !value.is_finite() {
        return general(value);
    }
    if value == 0.0 {
        return "0s".to_owned();
    }
    if value.abs() < 1.0 {
        return format!("{}s", small(value));
    }
    let sign = if value < 0.0 { "-" } else { "" };
    let value = value.abs();
    let whole = value as i64;
    let (days, hours) = (whole / 86_400, whole / 3600 % 24);
    let (minutes, seconds) = (whole / 60 % 60, whole % 60);
    if days != 0 {
        format!("{sign}{days}d {hours}h {minutes}m {seconds}s")
    } else if hours != 0 {
        format!("{sign}{hours}h {minutes}m {seconds}s")
    } else if minutes != 0 {
        format!("{sign}{minutes}m {seconds}s")
    } else {
        format!("{sign}{}s", general(value))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::apply;

    #[test]
    fn numbers_are_formatted_as_by_prometheus() {
        // From Prometheus's template_test.go, and what it prints for others.
        for (function, value, text) in [
            ("humanize", 0.0, "0"),
            ("humanize", 1.0, "1"),
            ("humanize", -1.0, "-1"),
            ("humanize", 1_234_567.0, "1.235M"),
            ("humanize", 0.12, "120m"),
            ("humanize", 1e-24, "1y"),
            ("humanize", f64::NAN, "NaN"),
            ("humanize", f64::INFINITY, "+Inf"),
            ("humanize1024", 1_048_576.0, "1Mi"),
            ("humanize1024", 0.12, "0.12"),
            ("humanizePercentage", -0.222, "-22.2%"),
            ("humanizePercentage", 0.012_345_6, "1.235%"),
            ("humanizePercentage", 0.000_000_123, "1.23e-05%"),
            ("humanizeDuration", 0.0, "0s"),
            ("humanizeDuration", 60.0, "1m 0s"),
            ("humanizeDuration", 86_400.0, "1d 0h 0m 0s"),
            ("humanizeDuration", -90_000.0, "-1d 1h 0m 0s"),
            ("humanizeDuration", 0.1, "100ms"),
            ("humanizeDuration", 20.1, "20.1s"),
            ("printf \"%.0f\"", 2.6, "3"),
        ] {
            assert_eq!(apply(function, value).unwrap(), text, "{function} {value}");
        }
        assert_eq!(apply("title", 1.0), None);
    }
}
