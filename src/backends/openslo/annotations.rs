//! Data without a field in the format: some are kept in annotations, which `nthc import openslo` reads, and the rest is
//! lost.

use std::collections::BTreeMap;

use nth_model::number::{decimal_text, percent_text};
use nth_model::text::count;
use nth_model::{
    Contract, Duration, MissingDataCause, Response, Service, Settings, Severity, Slo, Urgency,
    burn_rate,
};
use nth_promql::{Condition, LabelMatchers, MatchOp};
use serde_json::Value;

/// The annotation that lists what an import cannot restore.
pub const LOST: &str = "nthc.not-kept";

/// The annotation with the variant of an SLI, if the document does not show it.
pub const SLI: &str = "nthc.sli";

/// The annotations of a service.
pub fn service_annotations(service: &Service, settings: &Settings) -> BTreeMap<String, String> {
    let mut kept = BTreeMap::new();
    kept.insert("nthc.selector".to_owned(), selector(&service.selector));
    if let Some(environment) = &settings.environment {
        kept.insert("nthc.environment".to_owned(), environment.to_string());
    }
    let urls = [
        ("nthc.runbook-url", &service.runbook_url),
        ("nthc.dashboard-url", &service.dashboard_url),
        ("nthc.logs-url", &service.logs_url),
    ];
    for (annotation, url) in urls {
        if let Some(url) = url {
            kept.insert(annotation.to_owned(), url.clone());
        }
    }
    let lost = list_lost(service);
    if !lost.is_empty() {
        kept.insert(LOST.to_owned(), lost.join("; "));
    }
    kept
}

/// Returns matchers as a JSON object, which can contain any value: for each label its value, or, if it has other matchers than one
/// `=`, the list of them: `{"job":["=~web-.*","!=web-canary"]}`.
fn selector(matchers: &LabelMatchers) -> String {
    let kept = |conditions: &[Condition]| match conditions {
        [only] if only.op == MatchOp::Equal => Value::from(only.value.as_str()),
        all => all
            .iter()
            .map(|one| format!("{}{}", one.op.as_str(), one.value))
            .collect(),
    };
    let labels: serde_json::Map<String, Value> = matchers
        .labels()
        .map(|label| (label.to_string(), kept(matchers.conditions(label))))
        .collect();
    Value::Object(labels).to_string()
}

/// The parts of a service that no document contains, with their numbers.
fn list_lost(service: &Service) -> Vec<String> {
    let counts = [
        (service.alerts.len(), "custom alert"),
        (service.recordings.len(), "custom recording rule"),
        (service.dependencies.len(), "dependency"),
        (service.runbook.len(), "runbook section"),
        (
            service.slos.iter().map(|slo| slo.gate_windows.len()).sum(),
            "gate window",
        ),
        (
            service.slos.iter().map(|slo| slo.exclusions.len()).sum(),
            "exclusion",
        ),
        (
            service.slos.iter().map(|slo| slo.alert_blocks.len()).sum(),
            "`slo-alert` block",
        ),
        (
            service.slos.iter().map(|slo| slo.recordings.len()).sum(),
            "SLO recording",
        ),
    ];
    let lost = counts.into_iter().filter(|(number, _)| *number > 0);
    lost.map(|(number, what)| count(number, what)).collect()
}

/// The annotations of an SLO.
pub fn slo_annotations(slo: &Slo, settings: &Settings) -> BTreeMap<String, String> {
    let mut kept = BTreeMap::new();
    let mut keep = |annotation: &str, text: String| kept.insert(format!("nthc.{annotation}"), text);
    keep(
        "burn-rate-alerts",
        (!slo.burn_rate_pairs.is_empty()).to_string(),
    );
    keep_severities(slo, settings, &mut keep);
    if let Some(pairs) = declared_pairs(slo) {
        keep("burn-rates", pairs);
    }
    for response in Response::ALL {
        let shares: Vec<String> = slo
            .budget_alerts
            .iter()
            .filter(|alert| alert.severity.response() == response)
            .map(|alert| percent_text(alert.consumed))
            .collect();
        let shares = if shares.is_empty() {
            NONE.to_owned()
        } else {
            shares.join(", ")
        };
        keep(&format!("budget-{}s", response.word()), shares);
    }
    let mut absences = slo.missing_data_alerts.iter();
    if let Some(absence) = absences.find(|alert| alert.cause != MissingDataCause::Groups) {
        keep("absence", absence.severity.name().to_owned());
        keep("absent-after", absence.hold.to_string());
    } else {
        keep("absence-alerts", false.to_string());
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
    if let Some(grouping) = &slo.grouping {
        keep("by", grouping.by.join(", "));
        keep("group-limit", grouping.limit.to_string());
    }
    if let Some(interval) = slo.interval {
        keep("interval", interval.to_string());
    }
    if let Some(offset) = slo.query_offset {
        keep("query-offset", offset.to_string());
    }
    if let Some(url) = &slo.runbook_url {
        keep("runbook-url", url.clone());
    }
    if !slo.contracts.is_empty() {
        keep("contracts", contracts(slo));
    }
    kept
}

/// The contracts of an SLO as JSON, which can contain any text.
fn contracts(slo: &Slo) -> String {
    let shares = |contract: &Contract, response: Response| -> Vec<String> {
        let alerts = contract.alerts.iter();
        alerts
            .filter(|alert| alert.declared.response() == response)
            .map(|alert| percent_text(alert.consumed))
            .collect()
    };
    let all = slo.contracts.iter().map(|contract| {
        let mut kept = serde_json::json!({
            "name": contract.name.as_str(),
            "with": contract.with,
            "objective": percent_text(contract.objective),
            "budget_pages": shares(contract, Response::Page),
            "budget_tickets": shares(contract, Response::Ticket),
        });
        let window = match &contract.calendar {
            Some(calendar) => vec![
                ("calendar", calendar.unit.to_string()),
                ("zone", calendar.zone.clone()),
            ],
            None => vec![("window", contract.window.to_string())],
        };
        let texts = [
            ("remedy", &contract.remedy),
            ("description", &contract.description),
        ];
        let texts = texts
            .into_iter()
            .filter_map(|(name, text)| Some((name, text.clone()?)));
        let severities = Response::ALL.into_iter().filter_map(|response| {
            let mut alerts = contract.alerts.iter().map(|alert| &alert.declared);
            let severity = alerts.find(|severity| severity.response() == response)?;
            let name = match response {
                Response::Page => "page_severity",
                Response::Ticket => "ticket_severity",
            };
            let is_usual = [Severity::PAGE, Severity::TICKET].contains(&severity.name());
            (!is_usual).then(|| (name, severity.name().to_owned()))
        });
        for (name, value) in window.into_iter().chain(severities).chain(texts) {
            kept[name] = Value::from(value);
        }
        kept
    });
    Value::Array(all.collect()).to_string()
}

/// Keeps the severities that the project declares, and those of the SLO's alerts that are not `page` and `ticket`.
fn keep_severities(
    slo: &Slo,
    settings: &Settings,
    keep: &mut impl FnMut(&str, String) -> Option<String>,
) {
    let usual = [Severity::PAGE, Severity::TICKET];
    let declared = settings.severities.all().iter();
    let declared: Vec<Value> = declared
        .filter(|severity| !usual.contains(&severity.name()))
        .map(|severity| {
            serde_json::json!({
                "name": severity.name(),
                "pages": severity.pages(),
                "urgency": match severity.urgency() {
                    Urgency::High => "high",
                    Urgency::Low => "low",
                },
                "for": severity.default_hold().to_string(),
                "label": severity.label(),
            })
        })
        .collect();
    if !declared.is_empty() {
        keep("severities", Value::Array(declared).to_string());
    }
    let budgets = slo.budget_alerts.iter().map(|alert| &alert.severity);
    let of_pairs = slo.burn_rate_pairs.iter().map(|pair| &pair.severity);
    let page = { budgets.chain(of_pairs) }.find(|severity| severity.pages());
    let own = [
        ("page-severity", page),
        ("ticket-severity", Some(&slo.ticket_severity)),
    ];
    for (annotation, severity) in own {
        if let Some(severity) = severity.filter(|severity| !usual.contains(&severity.name())) {
            keep(annotation, severity.name().to_owned());
        }
    }
}

/// The burn-rate alerts of an SLO, if they are not those that an SLO has by default: `page 1h/5m at 14.4x for 2m, …`.
fn declared_pairs(slo: &Slo) -> Option<String> {
    let mut usual = burn_rate::pairs(slo.window, Duration::MINUTE);
    usual.retain(|pair| pair.can_fire(slo.objective));
    if slo.burn_rate_pairs.is_empty() || slo.burn_rate_pairs == usual {
        return None;
    }
    let pairs = slo.burn_rate_pairs.iter().map(|pair| {
        format!(
            "{} {}/{} at {}x for {}",
            pair.severity.name(),
            pair.long,
            pair.short,
            decimal_text(pair.factor),
            pair.hold
        )
    });
    Some(pairs.collect::<Vec<_>>().join(", "))
}

/// The value for an empty list: an empty annotation looks like an error.
const NONE: &str = "none";
