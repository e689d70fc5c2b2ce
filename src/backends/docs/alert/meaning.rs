//! What the alerts of a service mean, in words.

use rust_decimal::Decimal;

use super::super::page::Page;
use super::super::{text, words};
use nth_model::burn_rate::{Pair, budget_time};
use nth_model::number::{decimal_text, percent_text};
use nth_model::text::list;
use nth_model::{
    Alert, BudgetAlert, Contract, Duration, MissingDataAlert, MissingDataCause, Sli, Slo,
};

/// The paragraph of a meaning.
pub(super) fn meaning(words: &str) -> String {
    format!("**Meaning:** {words}")
}

/// The unit in which bad events are counted.
fn unit(slo: &Slo) -> (&'static str, &'static str) {
    match slo.sli {
        Sli::TimeSlices { .. } => ("time", "was"),
        _ => ("events", "were"),
    }
}

/// Who the alerts of an SLO with groups fire for, and the objectives of its groups.
fn groups(slo: &Slo) -> String {
    let Some(grouping) = &slo.grouping else {
        return String::new();
    };
    let labels: Vec<_> = grouping.by.iter().map(|label| text::code(label)).collect();
    let mut told = format!(
        " The alert fires for each group of {} by itself, and has its labels.",
        list(&labels, "and")
    );
    for own in &grouping.objectives {
        let labels: Vec<_> = own
            .labels
            .iter()
            .map(|(label, value)| text::code(&format!("{label}=\"{value}\"")))
            .collect();
        told.push_str(&format!(
            " The objective of {} is {}.",
            list(&labels, "and"),
            percent_text(own.objective)
        ));
    }
    told
}

/// What a burn-rate alert means.
pub(super) fn burn_meaning(slo: &Slo, pair: &Pair) -> String {
    let (of, were) = unit(slo);
    let mut told = format!(
        "More than {} of {of} {were} bad over both the last {} and the last {}: a burn rate above {}x \
        for the {} objective. At {}x, the whole {} error budget ({} of full downtime) is exhausted in \
        {}; at least {} of it was consumed in the last {}.",
        percent_text(pair.threshold(slo.objective)),
        words::duration(pair.long),
        words::duration(pair.short),
        decimal_text(pair.factor),
        percent_text(slo.objective),
        decimal_text(pair.factor),
        slo.window_text(),
        words::duration(budget_time(slo.objective, slo.window)),
        words::duration(pair.exhaustion()),
        percent_text(pair.rounded_budget()),
        words::duration(pair.long),
    );
    let counts = !matches!(slo.sli, Sli::ErrorRatio { total: None, .. });
    if let (Some(least), true, true) = (slo.min_bad_events, pair.declared.pages(), counts)
        && least > 1
    {
        told.push_str(&format!(
            " It does not fire on fewer than {least} bad events in {}.",
            words::duration(pair.long)
        ));
    }
    if let (Some(least), true) = (slo.min_events, counts) {
        told.push_str(&format!(
            " It does not fire on fewer than {least} events in {}.",
            words::duration(pair.long)
        ));
    }
    told.push_str(&groups(slo));
    told
}

/// What an alert on the error budget of a contract means.
pub(super) fn contract_meaning(slo: &Slo, contract: &Contract, alert: &BudgetAlert) -> String {
    let state = match alert.is_exhausted() {
        true => "broken",
        false => "at risk",
    };
    format!(
        "Contract {} with {} is {state}. Of its error budget, {}",
        text::inline(&contract.name),
        text::inline(&contract.with),
        budget_meaning(&contract.as_slo(slo), alert).replacen(
            " of the error budget is consumed",
            " is consumed",
            1
        ),
    )
}

/// What an alert on a consumed error budget means.
pub(super) fn budget_meaning(slo: &Slo, alert: &BudgetAlert) -> String {
    let budget = budget_time(slo.objective, slo.window);
    let promise = format!(
        "{} over {}",
        percent_text(slo.objective),
        words::slo_window(slo)
    );
    if alert.consumed >= Decimal::ONE {
        return format!(
            "{} of the error budget is consumed: all {} of full downtime that {promise} allows. The \
            objective is missed until {}.{}",
            percent_text(alert.consumed),
            words::duration(budget),
            match &slo.calendar {
                Some(calendar) => format!("the next {} begins", calendar.unit),
                None => format!("bad {} leave the SLO window", unit(slo).0),
            },
            groups(slo),
        );
    }
    format!(
        "{} of the error budget is consumed: {} of the {} of full downtime that {promise} allows. When \
        this fires, {} is left.{}",
        percent_text(alert.consumed),
        words::duration(share(budget, alert.consumed)),
        words::duration(budget),
        words::duration(share(budget, Decimal::ONE - alert.consumed)),
        groups(slo),
    )
}

/// A share of a duration, to the millisecond.
fn share(of: Duration, share: Decimal) -> Duration {
    use rust_decimal::prelude::ToPrimitive;
    let millis = (Decimal::from(of.0) * share).round().to_u64();
    Duration(millis.unwrap_or_default())
}

/// What a missing-data alert means.
pub(super) fn absence_meaning(slo: &Slo, alert: &MissingDataAlert) -> String {
    if let (MissingDataCause::Groups, Some(grouping)) = (alert.cause, &slo.grouping) {
        return format!(
            "{} has more groups than its limit of {}, so Prometheus fails its rules: nothing is recorded, \
            and no other alert for this SLO can fire.",
            text::code(&slo.name),
            grouping.limit
        );
    }
    format!(
        "The SLI series of {} have been missing for {}. No other alert for this SLO can fire until they \
        return. {}",
        text::code(&slo.name),
        words::duration(alert.hold),
        match alert.cause {
            MissingDataCause::Data | MissingDataCause::Groups =>
                "The service may be down or no longer scraped, or the metric was renamed.",
            MissingDataCause::Series =>
                "The service's targets are up: there were no events in that time, or the metric was \
                renamed.",
        }
    )
}

/// What an alert on an impossible error ratio means.
pub(super) fn inconsistent_meaning(slo: &Slo) -> String {
    format!(
        "The error ratio of {} is below 0% or above 100%, which is impossible: the good or bad events \
        are not a subset of all events. The recorded values are wrong until this is fixed.",
        text::code(&slo.name)
    )
}

/// Adds what a custom alert means.
pub(super) fn own_meaning(page: &mut Page, alert: &Alert) {
    let mut told = Vec::new();
    if let Some(summary) = &alert.summary {
        told.push(text::alert_text(summary));
    }
    if let Some(description) = &alert.description {
        told.push(text::alert_text(description));
    }
    let hold = words::duration(alert.hold());
    told.push(format!(
        "Fires after the condition has held for {hold}{}.",
        match &alert.dependency {
            Some(dependency) => format!(". Dependency: {}", text::code(dependency)),
            None => String::new(),
        }
    ));
    told.retain(|words| !words.is_empty());
    page.paragraph(meaning(&told.join(" ")));
}
