//! The contracts of SLOs.

use nth_model::burn_rate::budget_time;
use nth_model::number::percent_text;
use nth_model::{Contract, Slo};

use super::changes::Changes;
use super::matching::{Match, never_renamed, pairs};
use super::slo_alerts::compare_budget_alerts;
use super::texts;
use crate::change::Subject;
use crate::id::ChangeId;

/// Compares the contracts of two versions of an SLO, by their names.
pub fn compare(service: &str, before: &Slo, after: &Slo, changes: &mut Changes) {
    let subject = |contract: &Contract| {
        Subject::part(
            service,
            "contract",
            &format!("{}.{}", after.name, contract.name),
        )
    };
    let (old, new) = (&before.contracts, &after.contracts);
    for found in pairs(old, new, |contract| contract.name.as_str(), never_renamed) {
        match found {
            Match::Removed(old) => changes.plain(
                ChangeId::ContractRemoved,
                &subject(old),
                Some(text(old)),
                None,
            ),
            Match::Added(new) => changes.plain(
                ChangeId::ContractAdded,
                &subject(new),
                None,
                Some(text(new)),
            ),
            Match::Both(old, new) => both(&subject(old), (before, old), (after, new), changes),
        }
    }
}

/// `99.9% over 30d with customers`
fn text(contract: &Contract) -> String {
    let promise = texts::objective(contract.objective, &window_text(contract));
    format!("{promise} with {}", contract.with)
}

/// The window: `30d`, `month in Europe/Berlin`.
fn window_text(contract: &Contract) -> String {
    match &contract.calendar {
        Some(calendar) => calendar.to_string(),
        None => contract.window.to_string(),
    }
}

fn both(
    subject: &Subject,
    (old_slo, before): (&Slo, &Contract),
    (new_slo, after): (&Slo, &Contract),
    changes: &mut Changes,
) {
    // Every field is named, so that a new one is not forgotten.
    let Contract {
        name: _,
        with,
        description,
        objective,
        window,
        calendar,
        alerts: _,
        remedy,
    } = after;
    let time = |contract: &Contract| budget_time(contract.objective, contract.window).to_human();
    let budgets = || {
        format!(
            "the error budget of the contract is {} of full downtime instead of {}",
            time(after),
            time(before)
        )
    };
    if before.objective != *objective {
        let id = match *objective < before.objective {
            true => ChangeId::ContractObjectiveLowered,
            false => ChangeId::ContractObjectiveRaised,
        };
        changes.add(
            id,
            subject,
            Some(percent_text(before.objective)),
            Some(percent_text(*objective)),
            budgets(),
        );
    }
    if (before.window, &before.calendar) != (*window, calendar) {
        changes.add(
            ChangeId::ContractWindowChanged,
            subject,
            Some(window_text(before)),
            Some(window_text(after)),
            budgets(),
        );
    }
    compare_budget_alerts(
        subject,
        &before.as_slo(old_slo),
        &after.as_slo(new_slo),
        changes,
    );
    let terms = |contract: &Contract| {
        let parts = [
            Some(contract.with.clone()),
            contract.description.clone(),
            contract.remedy.clone(),
        ];
        parts.into_iter().flatten().collect::<Vec<_>>().join("; ")
    };
    if (&before.with, &before.description, &before.remedy) != (with, description, remedy) {
        changes.plain(
            ChangeId::ContractTextChanged,
            subject,
            Some(terms(before)),
            Some(terms(after)),
        );
    }
}
