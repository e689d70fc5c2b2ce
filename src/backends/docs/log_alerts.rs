//! The alerts on logs in a runbook.

use super::page::Page;
use super::{text, words};
use crate::camel_case;
use nth_model::{LogAlert, Service};

/// Adds the alerts on logs of a service, below a heading of their own.
pub fn section(page: &mut Page, service: &Service) {
    page.paragraph("Loki evaluates these alerts.");
    page.list(service.log_alerts.iter().map(item));
}

fn item(alert: &LogAlert) -> String {
    let summary = alert.summary.as_ref().map(text::alert_text);
    let summary = summary.map(|summary| format!(": {summary}"));
    let runbook = alert.runbook_url.as_ref();
    let runbook = runbook.map(|url| format!("; runbook of this alert: {}", text::address(url)));
    format!(
        "**{}** ({}){}; fires after {} of {}{}",
        text::inline(&camel_case(&alert.name)),
        alert.severity.name(),
        summary.unwrap_or_default(),
        words::duration(alert.hold()),
        text::code(&alert.when),
        runbook.unwrap_or_default(),
    )
}
