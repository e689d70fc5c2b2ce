//! SLOs.

use nth_model::burn_rate::budget_time;
use nth_model::number::percent_text;
use nth_model::{Numerator, Sli, Slo};
use nth_promql::Expr;

use super::Sides;
use super::changes::Changes;
use super::contracts;
use super::groups;
use super::matching::{Match, pairs};
use super::query;
use super::slo_alerts::{
    compare_budget_alerts, compare_missing_data, compare_pairs, is_rescaled, pair_text,
};
use super::slo_options::{compare_alert_options, compare_evaluation, compare_recordings};
use super::texts::{self, is_same_severity, other_severity};
use crate::change::{Side, Subject};
use crate::id::ChangeId;

/// Compares the SLOs of a service.
pub fn compare(service: &str, base: &[Slo], head: &[Slo], sides: &Sides, changes: &mut Changes) {
    let key = |side: Side, slo: &Slo| {
        let queries: Vec<String> = sli_parts(&slo.sli)
            .iter()
            .map(|(role, expr)| format!("{role}: {}", query::text(expr, sides.known(side))))
            .collect();
        Some((slo.objective, slo.window_text(), queries))
    };
    for found in pairs(base, head, |slo| slo.name.as_str(), key) {
        let subject = |slo: &Slo| Subject::part(service, "slo", &slo.name);
        let text = |slo: &Slo| Some(texts::objective(slo.objective, &window_text(slo)));
        match found {
            Match::Removed(slo) => {
                changes.plain(ChangeId::SloRemoved, &subject(slo), text(slo), None);
            }
            Match::Added(slo) => changes.plain(ChangeId::SloAdded, &subject(slo), None, text(slo)),
            Match::Both(before, after) => {
                both(&subject(after), before, after, sides, changes);
                compare_recordings(service, before, after, changes);
                contracts::compare(service, before, after, changes);
            }
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
        calendar,
        // With all its queries.
        sli: _,
        // The queries of the SLI say what they are.
        parts: _,
        // What panels show: the SLI says the same.
        histogram,
        labels,
        burn_rate_pairs,
        min_events,
        min_bad_events,
        budget_alerts: _,
        missing_data_alerts: _,
        ticket_severity,
        is_consistent,
        breakdown,
        grouping: _,
        runbook_url,
        // The windows that gates read: their conditions are compared.
        gate_windows: _,
        // An exclusion can cover many SLOs: it is compared once.
        exclusions: _,
        interval: _,
        query_offset: _,
        alert_blocks: _,
        recordings: _,
        // Each is compared by itself.
        contracts: _,
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
    if before.calendar != *calendar {
        changes.add(
            ChangeId::WindowRealigned,
            subject,
            Some(window_text(before)),
            Some(window_text(after)),
            budgets(before, after),
        );
    } else if before.window != *window {
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
    groups::compare(subject, before, after, changes);
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
    compare_alert_options(subject, before, after, changes);
    compare_evaluation(subject, before, after, changes);
    if before.is_consistent != *is_consistent {
        let id = match is_consistent {
            true => ChangeId::ConsistencyCheckRemoved,
            false => ChangeId::ConsistencyCheckAdded,
        };
        changes.plain(id, subject, None, None);
    } else if !is_consistent && !is_same_severity(&before.ticket_severity, ticket_severity) {
        let text = |slo: &Slo| format!("{} if the SLI is inconsistent", slo.ticket_severity.name());
        changes.add(
            ChangeId::AlertSeverityChanged,
            subject,
            Some(text(before)),
            Some(text(after)),
            other_severity(&before.ticket_severity, ticket_severity),
        );
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
    match before.window_text() == after.window_text() {
        true => format!(
            "the error budget is {new} of full downtime in {} instead of {old}",
            after.window_text()
        ),
        false => format!(
            "the error budget is {new} of full downtime in {} instead of {old} in {}",
            after.window_text(),
            before.window_text()
        ),
    }
}

/// The SLO window: `30d`, `month in Europe/Berlin`.
fn window_text(slo: &Slo) -> String {
    match &slo.calendar {
        Some(calendar) => calendar.to_string(),
        None => slo.window.to_string(),
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
            breakdown: _,
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
    // The labels of groups are compared by themselves.
    let is_regrouped = before.by() != after.by();
    let sli = |slo: &Slo| match is_regrouped {
        true => slo.ungrouped_sli(),
        false => slo.sli.clone(),
    };
    let (old_sli, new_sli) = (sli(before), sli(after));
    let (old, new) = (sli_parts(&old_sli), sli_parts(&new_sli));
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
