//! What the format has no field for, kept in annotations that `nthc import openslo` reads back, and what is kept nowhere.

use std::collections::BTreeMap;

use nth_model::number::percent_text;
use nth_model::text::count;
use nth_model::{Service, Settings, Severity, Slo};

use super::targets::word;

/// The annotation that names what an import cannot bring back.
pub const LOST: &str = "nthc.not-kept";

/// The annotation that says which variant an indicator is, where that does not show.
pub const SLI: &str = "nthc.sli";

/// The annotations of a service.
pub fn of_service(service: &Service, settings: &Settings) -> BTreeMap<String, String> {
    let mut kept = BTreeMap::new();
    // The labels of one kind of text each: a JSON object, in which anything can stand.
    let selector = serde_json::to_string(&service.selector).unwrap_or_default();
    kept.insert("nthc.selector".to_owned(), selector);
    if let Some(environment) = &settings.environment {
        kept.insert("nthc.environment".to_owned(), environment.to_string());
    }
    let urls = [
        ("nthc.runbook-url", &service.runbook_url),
        ("nthc.dashboard-url", &service.dashboard_url),
    ];
    for (annotation, url) in urls {
        if let Some(url) = url {
            kept.insert(annotation.to_owned(), url.clone());
        }
    }
    let lost = lost(service);
    if !lost.is_empty() {
        kept.insert(LOST.to_owned(), lost.join("; "));
    }
    kept
}

/// What a service has that no document says, each with its number.
fn lost(service: &Service) -> Vec<String> {
    let counts = [
        (service.alerts.len(), "custom alert"),
        (service.recordings.len(), "custom recording rule"),
        (service.dependencies.len(), "dependency"),
        (service.runbook.len(), "runbook section"),
        (
            service.slos.iter().map(|slo| slo.gate_windows.len()).sum(),
            "gate window",
        ),
    ];
    let lost = counts.into_iter().filter(|(number, _)| *number > 0);
    lost.map(|(number, what)| count(number, what)).collect()
}

/// The annotations of an objective.
pub fn of_slo(slo: &Slo) -> BTreeMap<String, String> {
    let mut kept = BTreeMap::new();
    let mut keep = |annotation: &str, text: String| kept.insert(format!("nthc.{annotation}"), text);
    keep(
        "burn-rate-alerts",
        (!slo.burn_rate_pairs.is_empty()).to_string(),
    );
    for severity in [Severity::Page, Severity::Ticket] {
        let shares: Vec<String> = slo
            .budget_alerts
            .iter()
            .filter(|alert| alert.severity == severity)
            .map(|alert| percent_text(alert.consumed))
            .collect();
        let shares = if shares.is_empty() {
            NONE.to_owned()
        } else {
            shares.join(", ")
        };
        keep(&format!("budget-{}s", word(severity)), shares);
    }
    if let Some(absence) = slo.absences.first() {
        keep("absence", word(absence.severity).to_owned());
        keep("absent-after", absence.hold.to_string());
    }
    if let Some(least) = slo.min_events {
        keep("min-events", least.to_string());
    }
    if let Some(least) = slo.min_bad_events {
        keep("min-bad-events", least.to_string());
    }
    if !slo.breakdown.is_empty() {
        keep("breakdown", slo.breakdown.join(", "));
    }
    if let Some(url) = &slo.runbook_url {
        keep("runbook-url", url.clone());
    }
    kept
}

/// What stands for an empty list: an annotation of nothing looks like a slip.
const NONE: &str = "none";
