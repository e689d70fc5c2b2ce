//! The alerts of a service with the names that all targets use, and their headings in the runbook.

use std::collections::BTreeSet;

use super::anchors::slug;
use super::{alert_names, words};
use nth_model::burn_rate::Pair;
use nth_model::{
    Alert, AlertOptions, BudgetAlert, Contract, MissingDataAlert, MissingDataCause, Service,
    Severity, Slo, SloAlertKind, SloAlertRef,
};

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
    /// What to do for the alerts of all SLOs.
    pub const MITIGATION: &str = "Mitigation of SLO alerts";
    /// The alerts on logs.
    pub const LOG_ALERTS: &str = "Alerts on logs";
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
    /// The heading in the runbook, which the alerts of an SLO with one name share: letters, digits and single hyphens and
    /// spaces, so that every Markdown renderer gives it the same anchor.
    pub heading: String,
    /// The anchor of the heading, unique among the headings.
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

    /// Which alert of its SLO it is; `None` for custom alerts.
    pub fn of_slo(&self) -> Option<(&'a Slo, SloAlertRef<'a>)> {
        let alert = |kind, severity, long| SloAlertRef {
            kind,
            severity,
            long,
        };
        match *self {
            Self::Burn(slo, pair) => {
                let kind = SloAlertKind::BurnRate;
                Some((slo, alert(kind, &pair.declared, Some(pair.long))))
            }
            Self::Budget(slo, budget) => {
                Some((slo, alert(SloAlertKind::Budget, &budget.declared, None)))
            }
            Self::Contract(slo, _, budget) => {
                let kind = SloAlertKind::of_contract(budget);
                Some((slo, alert(kind, &budget.declared, None)))
            }
            Self::Absence(slo, absence) => {
                let kind = absence.cause.alert_kind();
                Some((slo, alert(kind, &absence.declared, None)))
            }
            Self::Inconsistent(slo) => {
                let kind = SloAlertKind::Inconsistent;
                Some((slo, alert(kind, &slo.ticket_severity, None)))
            }
            Self::Own(_) => None,
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

impl NamedAlert<'_> {
    /// What the SLO sets for the alert besides what is generated; nothing for custom alerts.
    pub fn options(&self) -> AlertOptions {
        let of_slo = self.origin.of_slo();
        of_slo
            .map(|(slo, alert)| slo.alert_options(alert))
            .unwrap_or_default()
    }
}

/// The alerts of a service, in the order of its rules: those of each SLO, then custom ones and its dependencies'.
pub fn service_alerts<'a>(service: &'a Service) -> Vec<NamedAlert<'a>> {
    let fixed = headings::BEFORE
        .iter()
        .chain([&headings::MITIGATION, &headings::PROCEDURES]);
    let mut anchors: BTreeSet<String> = fixed.map(|fixed| slug(fixed)).collect();
    // Renderers differ in the anchor of a title that contains more than words.
    anchors.insert(slug(&service.name));
    anchors.insert(slug(&hyphenate(&service.name)));
    let mut named = Vec::new();
    let mut whole_before = String::new();
    let mut add = |given: Option<String>, of: String, origin: Origin<'a>| {
        let (name, title) = match (given, origin.of_slo()) {
            (Some(name), _) => (name.clone(), name),
            (None, Some((slo, alert))) => {
                let name = slo.alert_name(alert).to_string();
                let title = match hyphenate(&name) {
                    title if title.is_empty() => alert.kind.usual_alert().to_owned(),
                    title => title,
                };
                (name, title)
            }
            (None, None) => return,
        };
        let whole = format!("{title}{of}");
        // Those of an SLO with one name share a section.
        let before: Option<&NamedAlert<'a>> = named.last();
        if let Some(before) = before
            && whole == whole_before
            && shares_section(&before.origin, &origin)
        {
            let (heading, anchor) = (before.heading.clone(), before.anchor.clone());
            named.push(NamedAlert {
                name,
                heading,
                anchor,
                origin,
            });
            return;
        }
        whole_before.clone_from(&whole);
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
            add(None, format!(" {of}"), Origin::Burn(slo, pair));
        }
        for alert in &slo.budget_alerts {
            add(None, format!(" {of}"), Origin::Budget(slo, alert));
        }
        for contract in &slo.contracts {
            let of = format!("{of} {}", hyphenate(&contract.name));
            for alert in &contract.alerts {
                add(
                    None,
                    format!(" {of}"),
                    Origin::Contract(slo, contract, alert),
                );
            }
        }
        for alert in &slo.missing_data_alerts {
            add(None, format!(" {of}"), Origin::Absence(slo, alert));
        }
        if !slo.is_consistent {
            add(None, format!(" {of}"), Origin::Inconsistent(slo));
        }
    }
    let given: Vec<&str> = service
        .alerts
        .iter()
        .map(|alert| alert.name.as_str())
        .collect();
    for (alert, names) in service.alerts.iter().zip(alert_names(&given)) {
        add(Some(names.unique), String::new(), Origin::Own(alert));
    }
    named
}

/// Whether two alerts are of one SLO and of one sort, so that a table can list both.
fn shares_section(one: &Origin<'_>, other: &Origin<'_>) -> bool {
    let is_same_slo = match (one.slo(), other.slo()) {
        (Some(one), Some(other)) => std::ptr::eq(one, other),
        _ => false,
    };
    let is_same_sort = match (one, other) {
        (Origin::Absence(_, one), Origin::Absence(_, other)) => {
            (one.cause == MissingDataCause::Groups) == (other.cause == MissingDataCause::Groups)
        }
        (Origin::Contract(_, one, _), Origin::Contract(_, other, _)) => std::ptr::eq(*one, *other),
        _ => std::mem::discriminant(one) == std::mem::discriminant(other),
    };
    is_same_slo && is_same_sort
}

/// Joins the words of a name with hyphens.
fn hyphenate(name: &str) -> String {
    words(name).collect::<Vec<_>>().join("-")
}
