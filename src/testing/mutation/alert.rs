//! Mutants of custom alerts.

use nth_model::{Duration, Response, Severities};

use super::mutant::{MutationKind, Target};
use super::mutator::{Mutator, becomes, remove};
use super::query;
use crate::eval::Value;
use crate::schema::names::field;
use crate::testing::wording::word;

/// Adds the mutants of all custom alerts. What a template of a package or of the standard library says is not changed: it has
/// tests of its own.
pub fn mutants(mutator: &mut Mutator<'_>) {
    let places = mutator.places;
    let owner = mutator.project.owner(mutator.service);
    let severities = owner.map_or_else(Severities::default, |team| team.severities.clone());
    for (index, alert) in mutator.service.alerts.iter().enumerate() {
        let Some(block) = places.alert(alert) else {
            continue;
        };
        let target = |place| (Target::Alert(alert.name.clone()), place);
        if places.is_own(block.head) {
            let change = "the alert is removed";
            mutator.add(MutationKind::Alert, target(block.head), change, |service| {
                remove(&mut service.alerts, index)
            });
        }
        if let Value::Query(written) = block.get(field::WHEN)
            && places.is_own(written.span)
        {
            let place = places.field(block, field::WHEN);
            for variant in query::variants(&alert.when, &mutator.service.selector) {
                mutator.add(variant.kind, target(place), variant.change, |service| {
                    service.alerts.get_mut(index)?.when = variant.expr;
                    Some(())
                });
            }
        }
        let hold = alert.hold();
        // A default duration depends on the severity, which the block says.
        let written = places.own_field(block, field::FOR);
        let is_own = places.is_own(block.head);
        if let Some(place) = written
            .or(is_own.then_some(block.head))
            .filter(|_| hold.0 > 0)
        {
            let change = format!("`for = {}` vanishes", hold.to_human());
            mutator.add(MutationKind::For, target(place), change, |service| {
                service.alerts.get_mut(index)?.hold = Some(Duration(0));
                Some(())
            });
            let longer = Duration(hold.0.saturating_mul(10));
            let change = becomes(
                format_args!("for = {}", hold.to_human()),
                format_args!("for = {}", longer.to_human()),
            );
            mutator.add(MutationKind::For, target(place), change, |service| {
                service.alerts.get_mut(index)?.hold = Some(longer);
                Some(())
            });
        }
        if let (Some(keeps), Some(place)) = (
            alert.keep_firing,
            places.own_field(block, field::KEEP_FIRING_FOR),
        ) {
            let change = format!("`keep_firing_for = {}` vanishes", keeps.to_human());
            mutator.add(MutationKind::For, target(place), change, |service| {
                service.alerts.get_mut(index)?.keep_firing = None;
                Some(())
            });
        }
        let written = places.own_field(block, field::SEVERITY);
        if let Some(place) = written.or(is_own.then_some(block.head)) {
            let other = match alert.severity.response() {
                Response::Page => severities.ticket(),
                Response::Ticket => severities.page(),
            };
            let change = becomes(
                format_args!("severity = {}", word(Some(&alert.severity))),
                format_args!("severity = {}", word(Some(&other))),
            );
            mutator.add(MutationKind::Severity, target(place), change, |service| {
                let mutated = service.alerts.get_mut(index)?;
                mutated.severity = other.clone();
                mutated.hold = Some(hold);
                Some(())
            });
        }
    }
}
