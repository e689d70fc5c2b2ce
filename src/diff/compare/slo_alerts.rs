//! The alerts of SLOs.

use nth_model::burn_rate::Pair;
use nth_model::number::{decimal_text, percent_text};
use nth_model::{Duration, MissingDataAlert, MissingDataCause, Slo};
use nth_promql::Expr;
use rust_decimal::Decimal;

use super::Sides;
use super::changes::Changes;
use super::query;
use super::texts::{self, is_same_severity};
use crate::change::Subject;
use crate::class::Class;
use crate::id::ChangeId;

/// A burn-rate alert: `page 1h/5m at 14.4x`, and how long it must hold if that is not the default of its severity.
pub fn pair_text(pair: &Pair) -> String {
    let hold = if pair.hold == pair.severity.default_hold() {
        String::new()
    } else {
        format!(" for {}", pair.hold)
    };
    format!(
        "{} {}/{} at {}x{hold}",
        pair.severity.name(),
        pair.long,
        pair.short,
        decimal_text(pair.factor)
    )
}

/// Returns whether the burn-rate alerts only follow another SLO window: as many, for the same shares of the budget and times.
pub fn is_rescaled(before: &Slo, after: &Slo) -> bool {
    let shares = |slo: &Slo| -> Vec<(String, Decimal, Duration)> {
        let pairs = slo.burn_rate_pairs.iter();
        pairs
            .map(|pair| (pair.severity.name().to_owned(), pair.budget, pair.hold))
            .collect()
    };
    before.window != after.window && shares(before) == shares(after)
}

/// Returns whether two burn-rate alerts have the same severity.
fn is_alike(one: &Pair, other: &Pair) -> bool {
    is_same_severity(&one.severity, &other.severity)
}

/// Compares burn-rate alerts.
pub fn compare_pairs(subject: &Subject, before: &Slo, after: &Slo, changes: &mut Changes) {
    if is_rescaled(before, after) {
        return;
    }
    let (old, new) = (&before.burn_rate_pairs, &after.burn_rate_pairs);
    let pages = |pairs: &[Pair]| pairs.iter().any(|pair| pair.severity.pages());
    let never = if new.is_empty() && !old.is_empty() {
        Some(ChangeId::SloNeverAlerts)
    } else if pages(old) && !pages(new) {
        Some(ChangeId::SloNeverPages)
    } else {
        None
    };
    if let Some(id) = never {
        let lost: Vec<String> = old
            .iter()
            .filter(|pair| id == ChangeId::SloNeverAlerts || pair.severity.pages())
            .map(pair_text)
            .collect();
        changes.add(
            id,
            subject,
            Some(lost.join(", ")),
            None,
            reason(before, after).unwrap_or_else(|| {
                "nothing reports at once that the error budget burns".to_owned()
            }),
        );
    }
    let mut rest: Vec<&Pair> = new.iter().collect();
    let mut lost: Vec<&Pair> = Vec::new();
    for pair in old {
        // The same share of the budget at the same severity is the same alert, whatever its windows are.
        let place = rest
            .iter()
            .position(|other| other.long == pair.long && is_alike(other, pair))
            .or_else(|| {
                rest.iter().position(|other| {
                    other.budget == pair.budget
                        && is_alike(other, pair)
                        && !old
                            .iter()
                            .any(|same| same.long == other.long && is_alike(same, other))
                })
            });
        match place {
            Some(place) => {
                let other = rest.remove(place);
                compare_pair(subject, (before, pair), (after, other), changes);
            }
            None => lost.push(pair),
        }
    }
    for pair in lost {
        let other = rest
            .iter()
            .position(|other| (other.long, other.short) == (pair.long, pair.short));
        if let Some(place) = other {
            let other = rest.remove(place);
            changes.add(
                ChangeId::BurnRateSeverityChanged,
                subject,
                Some(pair_text(pair)),
                Some(pair_text(other)),
                texts::other_severity(&pair.severity, &other.severity),
            );
            continue;
        }
        let is_told = match never {
            Some(ChangeId::SloNeverAlerts) => true,
            Some(_) => pair.severity.pages(),
            None => false,
        };
        if !is_told {
            changes.add(
                ChangeId::BurnRateAlertRemoved,
                subject,
                Some(pair_text(pair)),
                None,
                cannot_fire(pair, after).unwrap_or_else(|| {
                    "what only this alert notices is reported later or not at all".to_owned()
                }),
            );
        }
    }
    for pair in rest {
        changes.plain(
            ChangeId::BurnRateAlertAdded,
            subject,
            None,
            Some(pair_text(pair)),
        );
    }
}

/// Why a pair does not exist with an objective: it could not fire.
fn cannot_fire(pair: &Pair, after: &Slo) -> Option<String> {
    (!pair.can_fire(after.objective)).then(|| {
        format!(
            "at {} a burn rate of {}x would need more than 100% errors",
            percent_text(after.objective),
            decimal_text(pair.factor)
        )
    })
}

fn reason(before: &Slo, after: &Slo) -> Option<String> {
    let pages = before
        .burn_rate_pairs
        .iter()
        .filter(|pair| pair.severity.pages());
    pages
        .map(|pair| cannot_fire(pair, after))
        .next_back()
        .flatten()
}

fn compare_pair(
    subject: &Subject,
    (before, old): (&Slo, &Pair),
    (after, new): (&Slo, &Pair),
    changes: &mut Changes,
) {
    if (old.long, old.short) != (new.long, new.short) {
        changes.plain(
            ChangeId::BurnRateWindowsChanged,
            subject,
            Some(pair_text(old)),
            Some(pair_text(new)),
        );
    } else if old.factor != new.factor {
        let id = match new.factor > old.factor {
            true => ChangeId::BurnRateThresholdRaised,
            false => ChangeId::BurnRateThresholdLowered,
        };
        let ratio = |slo: &Slo, pair: &Pair| rounded(pair.threshold(slo.objective));
        changes.add(
            id,
            subject,
            Some(pair_text(old)),
            Some(pair_text(new)),
            format!(
                "it fires above {} errors instead of {}",
                ratio(after, new),
                ratio(before, old)
            ),
        );
    }
    if old.hold != new.hold {
        let id = match new.hold > old.hold {
            true => ChangeId::BurnRateAlertDelayed,
            false => ChangeId::BurnRateAlertHastened,
        };
        changes.plain(id, subject, Some(pair_text(old)), Some(pair_text(new)));
    }
}

/// A share as a percentage with at most four digits: 0.014398 is `1.44%`.
fn rounded(share: Decimal) -> String {
    let share = (share * Decimal::ONE_HUNDRED)
        .round_sf(4)
        .unwrap_or_default();
    format!("{}%", decimal_text(share))
}

/// Compares alerts on the consumed budget.
pub fn compare_budget_alerts(subject: &Subject, before: &Slo, after: &Slo, changes: &mut Changes) {
    let text = |alert: &nth_model::BudgetAlert| {
        format!(
            "{} at {} consumed",
            alert.severity.name(),
            percent_text(alert.consumed)
        )
    };
    let find = |slo: &'_ Slo, consumed: Decimal| {
        let mut alerts = slo.budget_alerts.iter();
        alerts.find(|alert| alert.consumed == consumed).cloned()
    };
    for alert in &before.budget_alerts {
        match find(after, alert.consumed) {
            None => {
                changes.plain(
                    ChangeId::BudgetAlertRemoved,
                    subject,
                    Some(text(alert)),
                    None,
                );
                let remaining = after.budget_alerts.iter().find(|other| {
                    is_same_severity(&other.severity, &alert.severity) || other.severity.pages()
                });
                if let (Some(other), Some(change)) = (remaining, changes.found.last_mut()) {
                    change.class = Class::Loosened;
                    change.because = format!("what is consumed is still reported: {}", text(other));
                }
            }
            Some(other) if !is_same_severity(&other.severity, &alert.severity) => changes.add(
                ChangeId::BudgetAlertSeverityChanged,
                subject,
                Some(text(alert)),
                Some(text(&other)),
                texts::other_severity(&alert.severity, &other.severity),
            ),
            Some(_) => {}
        }
    }
    for alert in &after.budget_alerts {
        if find(before, alert.consumed).is_none() {
            changes.plain(ChangeId::BudgetAlertAdded, subject, None, Some(text(alert)));
        }
    }
}

/// Compares missing-data alerts.
pub fn compare_missing_data(
    subject: &Subject,
    before: &Slo,
    after: &Slo,
    sides: &Sides,
    changes: &mut Changes,
) {
    let cause = |alert: &MissingDataAlert| match alert.cause {
        MissingDataCause::Data => "no data",
        MissingDataCause::Series => "no series while targets are up",
        MissingDataCause::Groups => "more groups than the limit",
    };
    let text = |alert: &MissingDataAlert| {
        format!(
            "{} if {} for {}",
            alert.severity.name(),
            cause(alert),
            alert.hold
        )
    };
    // The alert on the limit comes and goes with the groups.
    let is_regrouped = before.grouping.is_some() != after.grouping.is_some();
    let counts =
        |alert: &&MissingDataAlert| !(is_regrouped && alert.cause == MissingDataCause::Groups);
    let find = |slo: &Slo, cause: MissingDataCause| {
        let mut alerts = slo.missing_data_alerts.iter();
        alerts.find(|alert| alert.cause == cause).cloned()
    };
    for alert in before.missing_data_alerts.iter().filter(counts) {
        let Some(other) = find(after, alert.cause) else {
            changes.plain(
                ChangeId::MissingDataAlertRemoved,
                subject,
                Some(text(alert)),
                None,
            );
            continue;
        };
        let MissingDataAlert {
            cause: _,
            up,
            hold,
            severity,
            // Where the environment pages.
            declared: _,
        } = &other;
        let texts = || (Some(text(alert)), Some(text(&other)));
        if !is_same_severity(severity, &alert.severity) {
            let (old, new) = texts();
            changes.add(
                ChangeId::MissingDataSeverityChanged,
                subject,
                old,
                new,
                texts::other_severity(&alert.severity, severity),
            );
        }
        if *hold != alert.hold {
            let id = match *hold > alert.hold {
                true => ChangeId::MissingDataDelayed,
                false => ChangeId::MissingDataHastened,
            };
            changes.plain(
                id,
                subject,
                Some(alert.hold.to_string()),
                Some(hold.to_string()),
            );
        }
        let is_same = match (&alert.up, up) {
            (Some(one), Some(other)) => sides.is_same_query(one, other),
            (one, other) => one.is_none() && other.is_none(),
        };
        if !is_same {
            let up =
                |expr: &Option<Expr>, known| expr.as_ref().map(|expr| query::text(expr, known));
            changes.plain(
                ChangeId::MissingDataQueryChanged,
                subject,
                up(&alert.up, &sides.base),
                up(&other.up, &sides.head),
            );
        }
    }
    for alert in after.missing_data_alerts.iter().filter(counts) {
        if find(before, alert.cause).is_none() {
            changes.plain(
                ChangeId::MissingDataAlertAdded,
                subject,
                None,
                Some(text(alert)),
            );
        }
    }
}
