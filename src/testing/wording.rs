//! Words for what happens in tests.

use nth_model::test::{SloRef, Subject};
use nth_model::{Duration, Severity};
use nth_simulate::AlertTimeline;

/// Formats a share as a percentage.
pub fn share(value: f64) -> String {
    let text = format!("{:.4}", value * 100.0);
    format!("{}%", text.trim_end_matches('0').trim_end_matches('.'))
}

/// Formats a share as a percentage of three digits, for drawings.
pub fn rough_share(value: f64) -> String {
    let percent = value * 100.0;
    let decimals = match percent.abs() {
        100.0.. => 0,
        10.0.. => 1,
        1.0.. => 2,
        0.1.. => 3,
        _ => 4,
    };
    let text = format!("{percent:.decimals$}");
    match text.contains('.') {
        true => format!("{}%", text.trim_end_matches('0').trim_end_matches('.')),
        false => format!("{text}%"),
    }
}

/// Formats a time since the beginning of the test.
pub fn time(millis: i64) -> String {
    let text = Duration(millis.unsigned_abs()).to_string();
    if millis < 0 { format!("-{text}") } else { text }
}

/// Converts a duration to milliseconds as times of tests have them.
pub fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.0).unwrap_or(i64::MAX)
}

/// The word for a severity.
pub fn word(severity: Option<&Severity>) -> &str {
    match severity {
        Some(severity) => severity.name(),
        None => "alert",
    }
}

/// The name of an alert with its subject.
pub fn name(alert: &AlertTimeline) -> String {
    match &alert.slo {
        Some(slo) => format!("{} of {}.{slo}", alert.name, alert.service),
        None => format!("{} of {}", alert.name, alert.service),
    }
}

/// The name of an SLO, or of a group of it: `checkout.availability{route="/cart"}`.
pub fn slo_name(slo: &SloRef) -> String {
    let group: Vec<String> = slo
        .group
        .iter()
        .map(|(label, value)| format!("{label}={value:?}"))
        .collect();
    let group = match group.is_empty() {
        true => String::new(),
        false => format!("{{{}}}", group.join(", ")),
    };
    format!("{}.{}{group}", slo.service, slo.slo)
}

/// The name of the alerts of an expectation.
pub fn shown(subject: &Subject) -> String {
    match subject {
        Subject::Slo(slo) => format!("`{}`", slo_name(slo)),
        Subject::Alert { service, alert } => format!("`{service}.{alert}`"),
        Subject::Service(service) => format!("service `{service}`"),
    }
}

#[cfg(test)]
mod tests {
    use super::rough_share;

    #[test]
    fn shares_have_three_digits() {
        for (share, text) in [
            (0.0, "0%"),
            (1.0, "100%"),
            (10.0, "1000%"),
            (0.2, "20%"),
            (0.210_526, "21.1%"),
            (0.999_96, "100%"),
            (0.012_345, "1.23%"),
            (-0.5, "-50%"),
            (0.000_012, "0.0012%"),
        ] {
            assert_eq!(rough_share(share), text, "{share}");
        }
    }
}
