//! Mutants of SLOs: of the objective, of the alerts that follow from it, and of the SLI.

use nth_model::number::percent_text;
use nth_model::{MissingDataCause, Numerator, Response, Service, Sli, Slo};
use nth_promql::Expr;
use rust_decimal::Decimal;

use super::mutant::{MutationKind, Target};
use super::mutator::{Mutator, becomes, remove};
use super::query;
use crate::db::Span;
use crate::eval::{Instance, Value};
use crate::schema::names::{field, kind};
use crate::testing::wording::word;

/// Adds the mutants of all SLOs.
pub fn mutants(mutator: &mut Mutator<'_>) {
    let places = mutator.places;
    for (index, slo) in mutator.service.slos.iter().enumerate() {
        let Some(block) = places.child(kind::SLO, &slo.name) else {
            continue;
        };
        let mut of_slo = OfSlo {
            mutator,
            index,
            slo,
            block,
        };
        of_slo.objective();
        of_slo.groups();
        of_slo.burn_rates();
        of_slo.least_events();
        of_slo.budgets();
        of_slo.contracts();
        of_slo.missing_data();
        of_slo.indicator();
    }
}

/// The objectives with ten times an error budget, or half of all events if that is less, and with a tenth of it.
fn other_objectives(budget: Decimal) -> [Decimal; 2] {
    let half = (Decimal::ONE + budget) / Decimal::TWO;
    let budgets = [(budget * Decimal::TEN).min(half), budget / Decimal::TEN];
    budgets.map(|budget| (Decimal::ONE - budget).normalize())
}

struct OfSlo<'s, 'm> {
    mutator: &'s mut Mutator<'m>,
    index: usize,
    slo: &'m Slo,
    block: &'m Instance,
}

impl OfSlo<'_, '_> {
    fn add(
        &mut self,
        kind: MutationKind,
        place: Span,
        change: impl Into<String>,
        mutate: impl FnOnce(&mut Slo) -> Option<()>,
    ) {
        let index = self.index;
        let target = Target::Slo(self.slo.name.clone());
        self.mutator
            .add(kind, (target, place), change, |service: &mut Service| {
                mutate(service.slos.get_mut(index)?)
            });
    }

    fn place(&self, field: &str) -> Span {
        self.mutator.places.field(self.block, field)
    }

    /// A tenth of the error budget, and ten times as much, or half of all events if that is more.
    fn objective(&mut self) {
        let place = self.place(field::OBJECTIVE);
        for objective in other_objectives(self.slo.error_budget()) {
            let change = becomes(percent_text(self.slo.objective), percent_text(objective));
            self.add(MutationKind::Objective, place, change, |slo| {
                slo.objective = objective;
                slo.burn_rate_pairs.retain(|pair| pair.can_fire(objective));
                Some(())
            });
        }
    }

    /// The objectives of groups, as [`Self::objective`], and the groups without one of their own.
    fn groups(&mut self) {
        for (index, own) in self.slo.own_objectives().iter().enumerate() {
            let block = self.block.children_of(kind::GROUP);
            let Some(block) = block.into_iter().find(|block| block.name == own.name) else {
                continue;
            };
            let place = self.mutator.places.field(block, field::OBJECTIVE);
            let budget = Decimal::ONE - own.objective;
            for objective in other_objectives(budget) {
                let change = becomes(percent_text(own.objective), percent_text(objective));
                let change = format!("{change} for group `{}`", own.name);
                self.add(MutationKind::Objective, place, change, |slo| {
                    let grouping = slo.grouping.as_mut()?;
                    grouping.objectives.get_mut(index)?.objective = objective;
                    Some(())
                });
            }
            let change = format!("group `{}` is removed", own.name);
            self.add(MutationKind::Objective, place, change, |slo| {
                remove(&mut slo.grouping.as_mut()?.objectives, index)
            });
        }
    }

    fn burn_rates(&mut self) {
        for (index, pair) in self.slo.burn_rate_pairs.iter().enumerate() {
            let field = match pair.severity.response() {
                Response::Page => field::BURN_RATE_PAGES,
                Response::Ticket => field::BURN_RATE_TICKETS,
            };
            let change = format!(
                "the {} of {}/{} is removed",
                word(Some(&pair.severity)),
                pair.long.to_human(),
                pair.short.to_human()
            );
            let place = self.place(field);
            self.add(MutationKind::BurnRate, place, change, |slo| {
                remove(&mut slo.burn_rate_pairs, index)
            });
        }
    }

    fn least_events(&mut self) {
        if let Some(least) = self.slo.min_bad_events {
            let place = self.place(field::MIN_BAD_EVENTS);
            let change = format!("`min_bad_events = {least}` vanishes");
            self.add(MutationKind::Threshold, place, change, |slo| {
                slo.min_bad_events.take().map(|_| ())
            });
        }
        if let Some(least) = self.slo.min_events {
            let place = self.place(field::MIN_EVENTS);
            let change = format!("`min_events = {least}` vanishes");
            self.add(MutationKind::Threshold, place, change, |slo| {
                slo.min_events.take().map(|_| ())
            });
        }
    }

    fn budgets(&mut self) {
        for (index, alert) in self.slo.budget_alerts.iter().enumerate() {
            let field = match alert.severity.response() {
                Response::Page => field::BUDGET_PAGES,
                Response::Ticket => field::BUDGET_TICKETS,
            };
            let change = format!(
                "the {} at {} of the budget is removed",
                word(Some(&alert.severity)),
                percent_text(alert.consumed)
            );
            let place = self.place(field);
            self.add(MutationKind::Budget, place, change, |slo| {
                remove(&mut slo.budget_alerts, index)
            });
        }
    }

    fn contracts(&mut self) {
        for (number, contract) in self.slo.contracts.iter().enumerate() {
            let mut blocks = self.block.children_of(kind::CONTRACT);
            let Some(block) = blocks.find(|block| block.name == contract.name) else {
                continue;
            };
            for (index, alert) in contract.alerts.iter().enumerate() {
                let field = match alert.severity.response() {
                    Response::Page => field::BUDGET_PAGES,
                    Response::Ticket => field::BUDGET_TICKETS,
                };
                let change = format!(
                    "the {} at {} of the budget of contract `{}` is removed",
                    word(Some(&alert.severity)),
                    percent_text(alert.consumed),
                    contract.name
                );
                let place = self.mutator.places.field(block, field);
                self.add(MutationKind::Budget, place, change, |slo| {
                    remove(&mut slo.contracts.get_mut(number)?.alerts, index)
                });
            }
        }
    }

    fn missing_data(&mut self) {
        for (index, alert) in self.slo.missing_data_alerts.iter().enumerate() {
            let change = match alert.cause {
                MissingDataCause::Data => "the missing-data alert is removed",
                MissingDataCause::Series => {
                    "the alert on series that are missing while the targets are up is removed"
                }
                // It would need as many groups as the limit to test it.
                MissingDataCause::Groups => continue,
            };
            let place = self.place(field::ABSENCE);
            self.add(MutationKind::MissingData, place, change, |slo| {
                remove(&mut slo.missing_data_alerts, index)
            });
        }
    }

    /// The queries that the project's own files contain. Those of packages and of the standard library have tests of their own.
    fn indicator(&mut self) {
        type Part = fn(&mut Sli) -> Option<&mut Expr>;
        let parts: [(&[&str], Part); 4] = [
            (&[field::BAD, field::GOOD], |sli| match sli {
                Sli::Events { numerator, .. } => Some(match numerator {
                    Numerator::Bad(part) | Numerator::Good(part) => part,
                }),
                _ => None,
            }),
            (&[field::TOTAL], |sli| match sli {
                Sli::Events { total, .. } => Some(total),
                Sli::ErrorRatio { total, .. } => total.as_mut(),
                Sli::TimeSlices { .. } => None,
            }),
            (&[field::GOOD], |sli| match sli {
                Sli::TimeSlices { good } => Some(good),
                _ => None,
            }),
            (&[field::RATIO], |sli| match sli {
                Sli::ErrorRatio { ratio, .. } => Some(ratio),
                _ => None,
            }),
        ];
        let Some(sli) = self.block.children_of(kind::SLI).next() else {
            return;
        };
        for (fields, part) in parts {
            let places = self.mutator.places;
            let written = fields.iter().find_map(|field| match sli.get(field) {
                Value::Query(query) if places.is_own(query.span) => Some(places.field(sli, field)),
                _ => None,
            });
            let mut original = self.slo.sli.clone();
            let (Some(place), Some(expr)) = (written, part(&mut original)) else {
                continue;
            };
            for variant in query::variants(expr, &self.mutator.service.selector) {
                self.add(variant.kind, place, variant.change, |slo| {
                    *part(&mut slo.sli)? = variant.expr;
                    Some(())
                });
            }
        }
    }
}
