//! Words for what happens in tests.

use nth_model::test::Subject;
use nth_model::{Duration, Severity};
use nth_simulate::AlertTimeline;

/// Formats a share as a percentage.
pub fn share(value: f64) -> String {
    let text = format!("{:.4}", value * 100.0);
    format!("{}%", text.trim_end_matches('0').trim_end_matches('.'))
}

/// Formats a time since the beginning of the test.
pub fn time(millis: i64) -> String {
    let text = Duration(millis.unsigned_abs()).to_string();
    if millis < 0 { format!("-{text}") } else { text }
}

/// The word for a severity.
pub fn word(severity: Option<Severity>) -> &'static str {
    match severity {
        Some(Severity::Page) => "page",
        Some(Severity::Ticket) => "ticket",
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

/// The name of the alerts of an expectation.
pub fn shown(subject: &Subject) -> String {
    match subject {
        Subject::Slo(slo) => format!("`{}.{}`", slo.service, slo.slo),
        Subject::Alert { service, alert } => format!("`{service}.{alert}`"),
        Subject::Service(service) => format!("service `{service}`"),
    }
}
