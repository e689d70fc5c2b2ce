//! The alerts of a service with the names that all targets use, and their headings in the runbook.

use std::collections::BTreeSet;

use super::anchors::slug;
use super::{alert_names, words};
use nth_model::burn_rate::Pair;
use nth_model::number::decimal_text;
use nth_model::{
    Alert, BudgetAlert, Contract, MissingDataAlert, MissingDataCause, Project, Service, Severity,
    Slo,
};

/// The name of the burn-rate alerts; `severity`, `long_window` and `short_window` distinguish them.
pub const BURN: &str = "SLOErrorBudgetBurn";
/// The name of the budget alerts; `budget_consumed` distinguishes them.
pub const CONSUMED: &str = "SLOErrorBudgetConsumed";
/// The name of the alerts on the error budget of a contract that is not exhausted; `contract` and `budget_consumed` distinguish them.
pub const AT_RISK: &str = "SLOContractAtRisk";
/// The name of the alerts on a contract whose error budget is exhausted; `contract` and `budget_consumed` distinguish them.
pub const BROKEN: &str = "SLOContractBroken";
/// The name of the missing-data alert.
pub const ABSENT: &str = "SLOMetricAbsent";

/// The name of the alert on more groups than the limit of an SLO.
pub const GROUP_LIMIT: &str = "SLOGroupLimitExceeded";

/// The name of the alert on an error ratio outside of 0 to 1.
pub const INCONSISTENT: &str = "SLIInconsistent";

/// The fixed headings of a runbook, besides those of alerts and of custom sections.
pub mod headings {
    /// The SLOs.
    pub const OBJECTIVES: &str = "Objectives";
    /// The dependencies in both directions.
    pub const DEPENDENCIES: &str = "Dependencies";
    /// The escalation.
    pub const ESCALATION: &str = "On-call and escalation";
    /// The alerts.
    pub const ALERTS: &str = "Alerts";
    /// The custom sections.
    pub const PROCEDURES: &str = "Procedures";
    /// The headings before those of alerts, in order.
    pub const BEFORE: [&str; 4] = [OBJECTIVES, DEPENDENCIES, ESCALATION, ALERTS];
}

/// The origin of an alert.
#[derive(Debug, Clone, Copy)]
pub enum Origin<'a> {
    /// A burn-rate alert of an SLO.
    Burn(&'a Slo, &'a Pair),
    /// A budget alert of an SLO.
    Budget(&'a Slo, &'a BudgetAlert),
    /// An alert on the error budget of a contract of an SLO.
    Contract(&'a Slo, &'a Contract, &'a BudgetAlert),
    /// A missing-data alert of an SLO.
    Absence(&'a Slo, &'a MissingDataAlert),
    /// The alert on an SLO whose good or bad events are not a subset of all its events.
    Inconsistent(&'a Slo),
    /// A custom alert, of a service or of a template.
    Own(&'a Alert),
}

/// An alert with its names.
#[derive(Debug, Clone)]
pub struct NamedAlert<'a> {
    /// The value of `alertname`.
    pub name: String,
    /// The heading in the runbook: letters, digits and single hyphens and spaces, so that every Markdown renderer gives
    /// it the same anchor.
    pub heading: String,
    /// The anchor of the heading, unique among the headings before it.
    pub anchor: String,
    /// The origin of the alert.
    pub origin: Origin<'a>,
}

impl<'a> Origin<'a> {
    /// The severity of the alert.
    pub fn severity(&self) -> &'a Severity {
        match self {
            Self::Burn(_, pair) => &pair.severity,
            Self::Budget(_, alert) | Self::Contract(_, _, alert) => &alert.severity,
            Self::Absence(_, alert) => &alert.severity,
            Self::Inconsistent(slo) => &slo.ticket_severity,
            Self::Own(alert) => &alert.severity,
        }
    }

    /// The SLO of the alert; `None` for custom alerts.
    pub fn slo(&self) -> Option<&'a Slo> {
        match self {
            Self::Burn(slo, _)
            | Self::Budget(slo, _)
            | Self::Contract(slo, ..)
            | Self::Absence(slo, _)
            | Self::Inconsistent(slo) => Some(slo),
            Self::Own(_) => None,
        }
    }
}

/// The alerts of a service, in the order of its rules: those of each SLO, then custom ones and its dependencies'.
pub fn service_alerts(service: &Service) -> Vec<NamedAlert<'_>> {
    let fixed = headings::BEFORE.iter().chain([&headings::PROCEDURES]);
    let mut anchors: BTreeSet<String> = fixed.map(|fixed| slug(fixed)).collect();
    // Renderers differ in the anchor of a title that contains more than words.
    anchors.insert(slug(&service.name));
    anchors.insert(slug(&hyphenate(&service.name)));
    let mut named = Vec::new();
    let mut add = |name: String, of: String, origin| {
        let whole = format!("{name}{of}");
        let mut heading = whole.clone();
        let mut number = 2;
        while !anchors.insert(slug(&heading)) {
            heading = format!("{whole} {number}");
            number += 1;
        }
        named.push(NamedAlert {
            name,
            anchor: slug(&heading),
            heading,
            origin,
        });
    };
    for slo in &service.slos {
        let of = hyphenate(&slo.name);
        for pair in &slo.burn_rate_pairs {
            add(
                BURN.to_owned(),
                format!(" {of} {}", pair.long),
                Origin::Burn(slo, pair),
            );
        }
        for alert in &slo.budget_alerts {
            add(
                CONSUMED.to_owned(),
                format!(" {of} {} percent", percent_words(alert)),
                Origin::Budget(slo, alert),
            );
        }
        for contract in &slo.contracts {
            let of = format!("{of} {}", hyphenate(&contract.name));
            for alert in &contract.alerts {
                add(
                    contract_alert(alert).to_owned(),
                    format!(" {of} {} percent", percent_words(alert)),
                    Origin::Contract(slo, contract, alert),
                );
            }
        }
        for alert in &slo.missing_data_alerts {
            let (name, heading) = match alert.cause {
                MissingDataCause::Data => (ABSENT, format!(" {of}")),
                MissingDataCause::Series => (ABSENT, format!(" {of} while up")),
                MissingDataCause::Groups => (GROUP_LIMIT, format!(" {of}")),
            };
            add(name.to_owned(), heading, Origin::Absence(slo, alert));
        }
        if !slo.is_consistent {
            add(
                INCONSISTENT.to_owned(),
                format!(" {of}"),
                Origin::Inconsistent(slo),
            );
        }
    }
    let given: Vec<&str> = service
        .alerts
        .iter()
        .map(|alert| alert.name.as_str())
        .collect();
    for (alert, names) in service.alerts.iter().zip(alert_names(&given)) {
        add(names.unique, String::new(), Origin::Own(alert));
    }
    named
}

/// The names of the alerts on consumed error budgets that a project can have.
pub fn consumed_alerts(project: &Project<'_>) -> Vec<&'static str> {
    let mut slos = project.services().flat_map(|service| &service.slos);
    match slos.any(|slo| !slo.contracts.is_empty()) {
        true => vec![AT_RISK, BROKEN, CONSUMED],
        false => vec![CONSUMED],
    }
}

/// The name of an alert on the error budget of a contract.
pub fn contract_alert(alert: &BudgetAlert) -> &'static str {
    match alert.is_exhausted() {
        true => BROKEN,
        false => AT_RISK,
    }
}

/// The consumed share of a budget alert in a heading, without a sign: `80`, `99-5`.
fn percent_words(alert: &BudgetAlert) -> String {
    decimal_text(alert.consumed * rust_decimal::Decimal::ONE_HUNDRED).replace('.', "-")
}

/// Joins the words of a name with hyphens.
fn hyphenate(name: &str) -> String {
    words(name).collect::<Vec<_>>().join("-")
}
