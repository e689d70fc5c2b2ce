//! Lowers the alerts on consumed error budgets, of SLOs and of contracts.

use rust_decimal::Decimal;

use super::read::{Surroundings, contrary, report};
use crate::db::Diag;
use crate::eval::{Instance, Value};
use crate::schema::names::field;
use nth_model as ir;

/// Returns the severities of the alerts of an SLO or a contract that page, and of the others. One that does not fit is reported.
pub(super) fn slo_severities(
    slo: &Instance,
    surroundings: &Surroundings<'_>,
    diagnostics: &mut Vec<Diag>,
) -> [ir::Severity; 2] {
    let all = surroundings.severities();
    let usual = [
        (field::PAGE_SEVERITY, ir::Response::Page, all.page()),
        (field::TICKET_SEVERITY, ir::Response::Ticket, all.ticket()),
    ];
    usual.map(|(name, response, usual)| {
        let Some(severity) = surroundings.severity(slo.get(name)) else {
            return usual;
        };
        if severity.response() == response {
            return severity;
        }
        report(slo, diagnostics, contrary(slo, name, &severity));
        usual
    })
}

/// The alerts of an SLO or a contract on the consumed share of its error budget, in rising order.
pub(super) fn budget_alerts(
    block: &Instance,
    [page, ticket]: &[ir::Severity; 2],
) -> Vec<ir::BudgetAlert> {
    let mut alerts = alerts_at(block.get(field::BUDGET_TICKETS), ticket);
    alerts.extend(alerts_at(block.get(field::BUDGET_PAGES), page));
    alerts.sort_by(|one, other| {
        (one.consumed, &one.severity).cmp(&(other.consumed, &other.severity))
    });
    alerts.dedup_by_key(|alert| alert.consumed);
    alerts
}

fn alerts_at(value: &Value, severity: &ir::Severity) -> Vec<ir::BudgetAlert> {
    let Value::List(items) = value else {
        return Vec::new();
    };
    items
        .iter()
        .filter_map(|item| match item {
            Value::Percent(percent) => Some(ir::BudgetAlert {
                consumed: percent.checked_div(Decimal::ONE_HUNDRED)?.normalize(),
                severity: severity.clone(),
                declared: severity.clone(),
            }),
            _ => None,
        })
        .collect()
}
