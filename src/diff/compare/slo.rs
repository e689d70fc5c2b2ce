//! SLOs.

use nth_model::burn_rate::{Pair, budget_time};
use nth_model::number::{decimal_text, percent_text};
use nth_model::{MissingDataAlert, MissingDataCause, Numerator, Severity, Sli, Slo};
use nth_promql::Expr;
use rust_decimal::Decimal;

use super::Sides;
use super::changes::Changes;
use super::matching::{Match, pairs};
use super::query;
use super::texts;
use crate::change::{Side, Subject};
use crate::class::Class;
use crate::id::ChangeId;

/// Compares the SLOs of a service.
pub fn compare(service: &str, base: &[Slo], head: &[Slo], sides: &Sides, changes: &mut Changes) {
    let key = |side: Side, slo: &Slo| {
        let queries: Vec<String> = sli_parts(&slo.sli)
            .iter()
            .map(|(role, expr)| format!("{role}: {}", query::text(expr, sides.known(side))))
            .collect();
        Some((slo.objective, slo.window, queries))
    };
    for found in pairs(base, head, |slo| slo.name.as_str(), key) {
        let subject = |slo: &Slo| Subject::part(service, "slo", &slo.name);
        let text = |slo: &Slo| Some(texts::objective(slo.objective, slo.window));
        match found {
            Match::Removed(slo) => {
                changes.plain(ChangeId::SloRemoved, &subject(slo), text(slo), None);
            }
            Match::Added(slo) => changes.plain(ChangeId::SloAdded, &subject(slo), None, text(slo)),
            Match::Both(before, after) => both(&subject(after), before, after, sides, changes),
        }
    }
}

fn both(subject: &Subject, before: &Slo, after: &Slo, sides: &Sides, changes: &mut Changes) {
    // Every field is named, so that a new one is not forgotten.
    let Slo {
        name,
        description,
        objective,
        window,
        // With all its queries.
        sli: _,
        // What panels show: the SLI says the same.
        histogram,
        labels,
        burn_rate_pairs,
        min_events,
        min_bad_events,
        budget_alerts: _,
        missing_data_alerts: _,
        is_consistent,
        breakdown,
        runbook_url,
        // The windows that gates read: their conditions are compared.
        gate_windows: _,
    } = after;
    if before.name != *name {
        changes.plain(
            ChangeId::SloRenamed,
            subject,
            Some(before.name.to_string()),
            Some(name.to_string()),
        );
    }
    changes.text(
        ChangeId::SloDescriptionChanged,
        subject,
        before.description.as_ref(),
        description.as_ref(),
        String::clone,
    );
    if before.objective != *objective {
        let id = match *objective < before.objective {
            true => ChangeId::ObjectiveLowered,
            false => ChangeId::ObjectiveRaised,
        };
        changes.add(
            id,
            subject,
            Some(percent_text(before.objective)),
            Some(percent_text(*objective)),
            budgets(before, after),
        );
    }
    if before.window != *window {
        let id = match *window > before.window {
            true => ChangeId::WindowLengthened,
            false => ChangeId::WindowShortened,
        };
        let because = match is_rescaled(before, after) {
            true => format!(
                "{}; burn-rate alerts look at other windows: {}",
                budgets(before, after),
                {
                    let windows = burn_rate_pairs.iter().map(pair_text);
                    windows.collect::<Vec<_>>().join(", ")
                }
            ),
            false => budgets(before, after),
        };
        changes.add(
            id,
            subject,
            Some(before.window.to_string()),
            Some(window.to_string()),
            because,
        );
    }
    let same_sli = compare_sli(subject, before, after, sides, changes);
    // With another unit or another series, what panels show changes too.
    if same_sli
        && before.histogram.as_ref().map(|old| (old.unit, old.native))
            != histogram.as_ref().map(|new| (new.unit, new.native))
    {
        changes.plain(ChangeId::PanelChanged, subject, None, None);
    }
    changes.text(
        ChangeId::SloLabelsChanged,
        subject,
        Some(&before.labels),
        Some(labels),
        texts::labels,
    );
    compare_pairs(subject, before, after, changes);
    least(
        subject,
        (before.min_events, *min_events),
        (ChangeId::MinEventsRaised, ChangeId::MinEventsLowered),
        changes,
    );
    least(
        subject,
        (before.min_bad_events, *min_bad_events),
        (ChangeId::MinBadEventsRaised, ChangeId::MinBadEventsLowered),
        changes,
    );
    compare_budget_alerts(subject, before, after, changes);
    compare_missing_data(subject, before, after, sides, changes);
    if same_sli && before.is_consistent != *is_consistent {
        let id = match is_consistent {
            true => ChangeId::ConsistencyCheckRemoved,
            false => ChangeId::ConsistencyCheckAdded,
        };
        changes.plain(id, subject, None, None);
    }
    let list = |labels: &Vec<String>| labels.join(", ");
    changes.text(
        ChangeId::BreakdownChanged,
        subject,
        Some(&before.breakdown),
        Some(breakdown),
        list,
    );
    changes.text(
        ChangeId::SloRunbookUrlChanged,
        subject,
        before.runbook_url.as_ref(),
        runbook_url.as_ref(),
        String::clone,
    );
}

/// The error budgets of both, as a clause.
fn budgets(before: &Slo, after: &Slo) -> String {
    let time = |slo: &Slo| budget_time(slo.objective, slo.window).to_human();
    let (old, new) = (time(before), time(after));
    match before.window == after.window {
        true => format!(
            "the error budget is {new} of full downtime in {} instead of {old}",
            after.window
        ),
        false => format!(
            "the error budget is {new} of full downtime in {} instead of {old} in {}",
            after.window, before.window
        ),
    }
}

/// The queries of an SLI, each with its role.
fn sli_parts(sli: &Sli) -> Vec<(&'static str, &Expr)> {
    match sli {
        Sli::Events {
            numerator,
            total,
            // Both follow from the others.
            total_series: _,
            bucket: _,
            breakdown_series: _,
        } => {
            let counted = match numerator {
                Numerator::Bad(bad) => ("bad", bad),
                Numerator::Good(good) => ("good", good),
            };
            vec![counted, ("total", total)]
        }
        Sli::TimeSlices { good } => vec![("good", good)],
        Sli::ErrorRatio { ratio, total } => {
            let total = total.iter().map(|total| ("total", total));
            std::iter::once(("ratio", ratio)).chain(total).collect()
        }
    }
}

/// Compares SLIs; returns whether they are the same.
fn compare_sli(
    subject: &Subject,
    before: &Slo,
    after: &Slo,
    sides: &Sides,
    changes: &mut Changes,
) -> bool {
    let kind = |sli: &Sli| match sli {
        Sli::Events {
            numerator: Numerator::Bad(_),
            ..
        } => "bad events",
        Sli::Events {
            numerator: Numerator::Good(_),
            ..
        } => "good events",
        Sli::TimeSlices { .. } => "time slices",
        Sli::ErrorRatio { .. } => "error ratio",
    };
    let (old, new) = (sli_parts(&before.sli), sli_parts(&after.sli));
    let describe = |parts: &[(&str, &Expr)], known: &query::Known| {
        let parts: Vec<String> = parts
            .iter()
            .map(|(role, expr)| format!("{role}: {}", query::text(expr, known)))
            .collect();
        parts.join("; ")
    };
    if kind(&before.sli) != kind(&after.sli) || old.len() != new.len() {
        let full = |slo: &Slo, parts: &[(&str, &Expr)], known| {
            format!("{}; {}", kind(&slo.sli), describe(parts, known))
        };
        changes.plain(
            ChangeId::SliKindChanged,
            subject,
            Some(full(before, &old, &sides.base)),
            Some(full(after, &new, &sides.head)),
        );
        return false;
    }
    let differing: Vec<usize> = (0..old.len())
        .filter(|index| match (old.get(*index), new.get(*index)) {
            (Some((_, old)), Some((_, new))) => !sides.is_same_query(old, new),
            _ => false,
        })
        .collect();
    if differing.is_empty() {
        return true;
    }
    let only = |parts: &[(&'static str, &Expr)], known: &query::Known| {
        let chosen: Vec<(&str, &Expr)> = differing
            .iter()
            .filter_map(|index| parts.get(*index).copied())
            .collect();
        describe(&chosen, known)
    };
    let (old_text, new_text) = (only(&old, &sides.base), only(&new, &sides.head));
    if let (Some(one), Some(other)) = (&before.histogram, &after.histogram)
        && one.under != other.under
        && differs_only_in_threshold(before, after, sides)
    {
        let id = match other.under > one.under {
            true => ChangeId::LatencyThresholdRaised,
            false => ChangeId::LatencyThresholdLowered,
        };
        changes.plain(
            id,
            subject,
            Some(one.under.to_human()),
            Some(other.under.to_human()),
        );
    } else {
        changes.plain(
            ChangeId::SliChanged,
            subject,
            Some(old_text),
            Some(new_text),
        );
    }
    false
}

/// Returns whether two latency SLIs read the same histogram and count the same events.
fn differs_only_in_threshold(before: &Slo, after: &Slo, sides: &Sides) -> bool {
    let (Some(one), Some(other)) = (&before.histogram, &after.histogram) else {
        return false;
    };
    let total = |slo: &Slo| match &slo.sli {
        Sli::Events { total, .. } => Some(total.clone()),
        _ => None,
    };
    let same_total = match (total(before), total(after)) {
        (Some(one), Some(other)) => sides.is_same_query(&one, &other),
        _ => false,
    };
    one.unit == other.unit
        && one.native == other.native
        && same_total
        && sides.is_same_query(&one.series, &other.series)
}

fn least(
    subject: &Subject,
    (before, after): (Option<u64>, Option<u64>),
    (raised, lowered): (ChangeId, ChangeId),
    changes: &mut Changes,
) {
    let (old, new) = (before.unwrap_or(0), after.unwrap_or(0));
    if old != new {
        let id = if new > old { raised } else { lowered };
        changes.plain(id, subject, Some(old.to_string()), Some(new.to_string()));
    }
}

/// A burn-rate alert: `page 1h/5m at 14.4x`.
fn pair_text(pair: &Pair) -> String {
    format!(
        "{} {}/{} at {}x",
        texts::severity(pair.severity),
        pair.long,
        pair.short,
        decimal_text(pair.factor)
    )
}

/// Returns whether the burn-rate alerts only follow another SLO window: as many, for the same shares of the budget.
fn is_rescaled(before: &Slo, after: &Slo) -> bool {
    let shares = |slo: &Slo| -> Vec<(Severity, Decimal)> {
        let pairs = slo.burn_rate_pairs.iter();
        pairs.map(|pair| (pair.severity, pair.budget)).collect()
    };
    before.window != after.window && shares(before) == shares(after)
}

fn compare_pairs(subject: &Subject, before: &Slo, after: &Slo, changes: &mut Changes) {
    if is_rescaled(before, after) {
        return;
    }
    let (old, new) = (&before.burn_rate_pairs, &after.burn_rate_pairs);
    let pages = |pairs: &[Pair]| pairs.iter().any(|pair| pair.severity == Severity::Page);
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
            .filter(|pair| id == ChangeId::SloNeverAlerts || pair.severity == Severity::Page)
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
            .position(|other| (other.long, other.severity) == (pair.long, pair.severity))
            .or_else(|| {
                rest.iter().position(|other| {
                    (other.budget, other.severity) == (pair.budget, pair.severity)
                        && !old
                            .iter()
                            .any(|same| (same.long, same.severity) == (other.long, other.severity))
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
            changes.plain(
                ChangeId::BurnRateSeverityChanged,
                subject,
                Some(pair_text(pair)),
                Some(pair_text(other)),
            );
            continue;
        }
        let is_told = match never {
            Some(ChangeId::SloNeverAlerts) => true,
            Some(_) => pair.severity == Severity::Page,
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
        .filter(|pair| pair.severity == Severity::Page);
    pages.map(|pair| cannot_fire(pair, after)).last().flatten()
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
}

/// A share as a percentage with at most four digits: 0.014398 is `1.44%`.
fn rounded(share: Decimal) -> String {
    let share = (share * Decimal::ONE_HUNDRED)
        .round_sf(4)
        .unwrap_or_default();
    format!("{}%", decimal_text(share))
}

fn compare_budget_alerts(subject: &Subject, before: &Slo, after: &Slo, changes: &mut Changes) {
    let text = |alert: &nth_model::BudgetAlert| {
        format!(
            "{} at {} consumed",
            texts::severity(alert.severity),
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
                let remaining = after
                    .budget_alerts
                    .iter()
                    .find(|other| [alert.severity, Severity::Page].contains(&other.severity));
                if let (Some(other), Some(change)) = (remaining, changes.found.last_mut()) {
                    change.class = Class::Loosened;
                    change.because = format!("what is consumed is still reported: {}", text(other));
                }
            }
            Some(other) if other.severity != alert.severity => changes.plain(
                ChangeId::BudgetAlertSeverityChanged,
                subject,
                Some(text(alert)),
                Some(text(&other)),
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

fn compare_missing_data(
    subject: &Subject,
    before: &Slo,
    after: &Slo,
    sides: &Sides,
    changes: &mut Changes,
) {
    let cause = |alert: &MissingDataAlert| match alert.cause {
        MissingDataCause::Data => "no data",
        MissingDataCause::Series => "no series while targets are up",
    };
    let text = |alert: &MissingDataAlert| {
        format!(
            "{} if {} for {}",
            texts::severity(alert.severity),
            cause(alert),
            alert.hold
        )
    };
    let find = |slo: &Slo, cause: MissingDataCause| {
        let mut alerts = slo.missing_data_alerts.iter();
        alerts.find(|alert| alert.cause == cause).cloned()
    };
    for alert in &before.missing_data_alerts {
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
        } = &other;
        let texts = || (Some(text(alert)), Some(text(&other)));
        if *severity != alert.severity {
            let (old, new) = texts();
            changes.plain(ChangeId::MissingDataSeverityChanged, subject, old, new);
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
    for alert in &after.missing_data_alerts {
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
