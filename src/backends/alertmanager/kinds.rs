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

/// The names of the alerts of a project on consumed error budgets, of SLOs and of contracts if there are any; `None` if SLOs set other
/// names.
fn names_of_consumed(project: &Project<'_>) -> Option<Vec<&'static str>> {
    let kinds = SloAlertKind::ALL.into_iter();
    let kinds: Vec<SloAlertKind> = kinds.filter(|kind| kind.is_on_consumed_budget()).collect();
    if !kinds.iter().all(|kind| has_usual_names(project, *kind)) {
        return None;
    }
    let mut slos = project.services().flat_map(|service| &service.slos);
    let has_contracts = slos.any(|slo| !slo.contracts.is_empty());
    let existing = kinds
        .iter()
        .filter(|kind| has_contracts || **kind == SloAlertKind::Budget);
    let mut names: Vec<&str> = existing.map(|kind| kind.usual_alert()).collect();
    names.sort_unstable();
    Some(names)
}

/// Matches the alerts of a project on a consumed error budget.
pub fn consumed(project: &Project<'_>) -> Matcher {
    match names_of_consumed(project).as_deref() {
        Some([only]) => Matcher::equal("alertname", only),
        Some(several) => Matcher::one_of("alertname", several.iter().copied()),
        None => Matcher::present(RuleLabel::BudgetConsumed.name()),
    }
}

/// Matches all alerts but those of a project on a consumed error budget.
pub fn not_consumed(project: &Project<'_>) -> Matcher {
    match names_of_consumed(project).as_deref() {
        Some([only]) => Matcher::not_equal("alertname", only),
        Some(several) => Matcher::other_than("alertname", several.iter().copied()),
        None => Matcher::missing(RuleLabel::BudgetConsumed.name()),
    }
}
