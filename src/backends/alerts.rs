//! The alerts of a service as every target calls them, and the headings of its runbook that they link to.

use std::collections::BTreeSet;

use super::anchors::slug;
use super::{alert_names, words};
use nth_model::burn_rate::Pair;
use nth_model::number::decimal_text;
use nth_model::{AbsenceAlert, Absent, Alert, BudgetAlert, Service, Severity, Slo};

/// The name of the burn-rate alerts; `severity`, `long_window` and `short_window` tell them apart.
pub const BURN: &str = "SLOErrorBudgetBurn";
/// The name of the budget alerts; `budget_consumed` tells them apart.
pub const CONSUMED: &str = "SLOErrorBudgetConsumed";
/// The name of the absence alert.
pub const ABSENT: &str = "SLOMetricAbsent";

/// The name of the alert on an error ratio that cannot be.
pub const INCONSISTENT: &str = "SLIInconsistent";

/// The headings that a runbook has besides those of its alerts and those that people write.
pub mod headings {
    /// The objectives.
    pub const PROMISES: &str = "Objectives";
    /// The dependencies, both ways.
    pub const NEEDS: &str = "Dependencies";
    /// The escalation.
    pub const CALL: &str = "On-call and escalation";
    /// The alerts.
    pub const ALERTS: &str = "Alerts";
    /// What people wrote.
    pub const PROCEDURES: &str = "Procedures";
    /// Those that stand before the alerts, in order.
    pub const BEFORE: [&str; 4] = [PROMISES, NEEDS, CALL, ALERTS];
}

/// What an alert follows from.
#[derive(Debug, Clone, Copy)]
pub enum Origin<'a> {
    /// A pair of windows of an SLO.
    Burn(&'a Slo, &'a Pair),
    /// A share of an SLO's budget.
    Budget(&'a Slo, &'a BudgetAlert),
    /// An SLO without data.
    Absence(&'a Slo, &'a AbsenceAlert),
    /// An SLO whose good or bad events are not among all of its events.
    Inconsistent(&'a Slo),
    /// A person or a template wrote it.
    Own(&'a Alert),
}

/// An alert under its names.
#[derive(Debug, Clone)]
pub struct Named<'a> {
    /// Its `alertname`.
    pub name: String,
    /// Its heading in the runbook: letters, digits and single hyphens and spaces, so that its anchor is the same wherever the
    /// runbook is read.
    pub heading: String,
    /// That heading's anchor, which no other heading before it has.
    pub anchor: String,
    /// What it follows from.
    pub origin: Origin<'a>,
}

impl<'a> Origin<'a> {
    /// What the alert asks for.
    pub fn severity(&self) -> Severity {
        match self {
            Self::Burn(_, pair) => pair.severity,
            Self::Budget(_, alert) => alert.severity,
            Self::Absence(_, alert) => alert.severity,
            Self::Inconsistent(_) => Severity::Ticket,
            Self::Own(alert) => alert.severity,
        }
    }

    /// The SLO that it is of.
    pub fn slo(&self) -> Option<&'a Slo> {
        match self {
            Self::Burn(slo, _)
            | Self::Budget(slo, _)
            | Self::Absence(slo, _)
            | Self::Inconsistent(slo) => Some(slo),
            Self::Own(_) => None,
        }
    }
}

/// The alerts of a service, in the order of its rules: those of each SLO, then its own and its dependencies'.
pub fn named(service: &Service) -> Vec<Named<'_>> {
    let fixed = headings::BEFORE.iter().chain([&headings::PROCEDURES]);
    let mut anchors: BTreeSet<String> = fixed.map(|fixed| slug(fixed)).collect();
    // Readers differ in what they make of a title that has more than words.
    anchors.insert(slug(&service.name));
    anchors.insert(slug(&hyphenated(&service.name)));
    let mut named = Vec::new();
    let mut add = |name: String, of: String, origin| {
        let whole = format!("{name}{of}");
        let mut heading = whole.clone();
        let mut number = 2;
        while !anchors.insert(slug(&heading)) {
            heading = format!("{whole} {number}");
            number += 1;
        }
        named.push(Named {
            name,
            anchor: slug(&heading),
            heading,
            origin,
        });
    };
    for slo in &service.slos {
        let of = hyphenated(&slo.name);
        for pair in &slo.burn_rate_pairs {
            add(
                BURN.to_owned(),
                format!(" {of} {}", pair.long),
                Origin::Burn(slo, pair),
            );
        }
        for alert in &slo.budget_alerts {
            let percent = decimal_text(alert.consumed * rust_decimal::Decimal::ONE_HUNDRED);
            add(
                CONSUMED.to_owned(),
                format!(" {of} {} percent", percent.replace('.', "-")),
                Origin::Budget(slo, alert),
            );
        }
        for alert in &slo.absences {
            let heading = match alert.of {
                Absent::Data => format!(" {of}"),
                Absent::Series => format!(" {of} while up"),
            };
            add(ABSENT.to_owned(), heading, Origin::Absence(slo, alert));
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

/// A name's words with hyphens between them.
fn hyphenated(name: &str) -> String {
    words(name).collect::<Vec<_>>().join("-")
}
