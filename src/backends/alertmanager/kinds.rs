//! Matchers of the kinds of alerts of SLOs: by their names, or by their labels if an SLO sets other names.

use nth_model::{Project, RuleLabel, SloAlertKind};

use super::matcher::Matcher;

/// Returns whether the name tells which alerts of the project are of a kind.
fn has_usual_names(project: &Project<'_>, kind: SloAlertKind) -> bool {
    let mut slos = project.services().flat_map(|service| &service.slos);
    slos.all(|slo| slo.has_usual_names(kind))
}

/// Matches the burn-rate alerts of a project.
pub fn burning(project: &Project<'_>) -> Matcher {
    let kind = SloAlertKind::BurnRate;
    match has_usual_names(project, kind) {
        true => Matcher::equal("alertname", kind.usual_alert()),
        false => Matcher::present(RuleLabel::LongWindow.name()),
    }
}

/// Matches the alerts of a project on a consumed error budget.
pub fn consumed(project: &Project<'_>) -> Matcher {
    let kind = SloAlertKind::Budget;
    match has_usual_names(project, kind) {
        true => Matcher::equal("alertname", kind.usual_alert()),
        false => Matcher::present(RuleLabel::BudgetConsumed.name()),
    }
}

/// Matches all alerts but those of a project on a consumed error budget.
pub fn not_consumed(project: &Project<'_>) -> Matcher {
    let kind = SloAlertKind::Budget;
    match has_usual_names(project, kind) {
        true => Matcher::not_equal("alertname", kind.usual_alert()),
        false => Matcher::missing(RuleLabel::BudgetConsumed.name()),
    }
}
