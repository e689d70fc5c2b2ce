//! Mutants of gates.

use nth_model::gate::{Comparison, Condition, Effect, Gate, Operand};
use nth_model::number::decimal_text;
use rust_decimal::Decimal;

use super::mutant::{MutationKind, Target};
use super::mutator::{Mutator, becomes, remove};
use crate::db::Span;
use crate::eval::Instance;
use crate::schema::names::{field, kind};

/// Adds the mutants of the gates that a service declares.
pub fn mutants(mutator: &mut Mutator<'_>) {
    let places = mutator.places;
    for (index, gate) in mutator.service.gates.iter().enumerate() {
        // The gate that follows from a tier has no block.
        let Some(block) = places.child(kind::GATE, &gate.name) else {
            continue;
        };
        let mut of_gate = OfGate {
            mutator,
            index,
            gate,
            block,
        };
        of_gate.settings();
        for rule in 0..gate.rules.len() {
            of_gate.rule(rule);
        }
        of_gate.overrides();
    }
}

struct OfGate<'s, 'm> {
    mutator: &'s mut Mutator<'m>,
    index: usize,
    gate: &'m Gate,
    block: &'m Instance,
}

impl OfGate<'_, '_> {
    fn add(
        &mut self,
        place: Span,
        change: impl Into<String>,
        mutate: impl FnOnce(&mut Gate) -> Option<()>,
    ) {
        let index = self.index;
        let target = Target::Gate(self.gate.name.clone());
        let kind = MutationKind::Gate;
        self.mutator.add(kind, (target, place), change, |service| {
            mutate(service.gates.get_mut(index)?)
        });
    }

    fn settings(&mut self) {
        let places = self.mutator.places;
        let place = places.field(self.block, field::ON_NO_DATA);
        let word = |holds: bool| match holds {
            true => "on_no_data = deny",
            false => "on_no_data = allow",
        };
        let holds = self.gate.holds_without_data;
        self.add(place, becomes(word(holds), word(!holds)), |gate| {
            gate.holds_without_data = !holds;
            Some(())
        });
        let place = places.field(self.block, field::DRY_RUN);
        let dry_run = self.gate.dry_run;
        let change = becomes(
            format_args!("dry_run = {dry_run}"),
            format_args!("dry_run = {}", !dry_run),
        );
        self.add(place, change, |gate| {
            gate.dry_run = !dry_run;
            Some(())
        });
    }

    fn rule(&mut self, index: usize) {
        let Some(rule) = self.gate.rules.get(index) else {
            return;
        };
        let (kind, other_kind, other) = match rule.effect {
            Effect::Deny => (kind::DENY, kind::WARN, Effect::Warn),
            Effect::Warn => (kind::WARN, kind::DENY, Effect::Deny),
        };
        let mut blocks = self.block.children_of(kind);
        let Some(block) = blocks.find(|block| block.name == rule.name) else {
            return;
        };
        let places = self.mutator.places;
        let head = places.nearest(block, block.head);
        let name = format!("{kind} {}", rule.name);
        self.add(head, format!("`{name}` is removed"), |gate| {
            remove(&mut gate.rules, index)
        });
        let opposite = format!("{other_kind} {}", rule.name);
        self.add(head, becomes(&name, opposite), |gate| {
            gate.rules.get_mut(index)?.effect = other;
            Some(())
        });
        let place = places.field(block, field::WHEN);
        for (change, when) in conditions(&rule.when) {
            self.add(place, format!("in `{name}`, {change}"), |gate| {
                gate.rules.get_mut(index)?.when = when;
                Some(())
            });
        }
    }

    fn overrides(&mut self) {
        for (index, excepted) in self.gate.overrides.iter().enumerate() {
            let mut blocks = self.block.children_of(kind::OVERRIDE);
            let Some(block) = blocks.find(|block| block.name == excepted.deny) else {
                continue;
            };
            let place = self.mutator.places.nearest(block, block.head);
            let change = format!("`override {}` is removed", excepted.deny);
            self.add(place, change, |gate| remove(&mut gate.overrides, index));
        }
    }
}

/// Returns the conditions that differ from one by one change.
fn conditions(when: &Condition) -> Vec<(String, Condition)> {
    let wrapped = |parts: &[Condition], make: &dyn Fn(Vec<Condition>) -> Condition| {
        let mut found = Vec::new();
        for (index, part) in parts.iter().enumerate() {
            for (change, changed) in conditions(part) {
                let mut all = parts.to_vec();
                if let Some(part) = all.get_mut(index) {
                    *part = changed;
                }
                found.push((change, make(all)));
            }
        }
        found
    };
    match when {
        Condition::Constant(_) => Vec::new(),
        Condition::Not(inner) => conditions(inner)
            .into_iter()
            .map(|(change, changed)| (change, Condition::Not(Box::new(changed))))
            .collect(),
        Condition::All(parts) => {
            let mut found = vec![(becomes("and", "or"), Condition::Any(parts.clone()))];
            found.extend(wrapped(parts, &Condition::All));
            found
        }
        Condition::Any(parts) => {
            let mut found = vec![(becomes("or", "and"), Condition::All(parts.clone()))];
            found.extend(wrapped(parts, &Condition::Any));
            found
        }
        Condition::Compare(left, comparison, right) => compare(left, *comparison, right),
        Condition::Dates { .. } => vec![(
            "the dates never apply".to_owned(),
            Condition::Constant(false),
        )],
        Condition::Week { .. } => vec![(
            "the hours of the week never apply".to_owned(),
            Condition::Constant(false),
        )],
    }
}

fn compare(left: &Operand, comparison: Comparison, right: &Operand) -> Vec<(String, Condition)> {
    let other = match comparison {
        Comparison::Less => Comparison::Greater,
        Comparison::LessOrEqual => Comparison::GreaterOrEqual,
        Comparison::Greater => Comparison::Less,
        Comparison::GreaterOrEqual => Comparison::LessOrEqual,
        Comparison::Equal => Comparison::NotEqual,
        Comparison::NotEqual => Comparison::Equal,
    };
    let limit = |operand: &Operand| match operand {
        Operand::Limit(limit) => Some(*limit),
        Operand::Fact(_) => None,
    };
    let shown = |sign: Comparison, number: Option<Decimal>| match number {
        Some(number) => format!("{} {}", sign.sign(), decimal_text(number)),
        None => sign.sign().to_owned(),
    };
    let number = limit(right).or(limit(left));
    let mut found = vec![(
        becomes(shown(comparison, number), shown(other, number)),
        Condition::Compare(left.clone(), other, right.clone()),
    )];
    let others = |limit: Decimal| match limit.is_zero() {
        true => vec![Some(Decimal::ONE)],
        false => vec![
            limit.checked_mul(Decimal::TEN),
            limit.checked_div(Decimal::TEN),
        ],
    };
    for (operand, is_right) in [(left, false), (right, true)] {
        let Some(before) = limit(operand) else {
            continue;
        };
        for after in others(before).into_iter().flatten() {
            let changed = Operand::Limit(after.normalize());
            let (left, right) = match is_right {
                true => (left.clone(), changed),
                false => (changed, right.clone()),
            };
            found.push((
                becomes(
                    shown(comparison, Some(before)),
                    shown(comparison, Some(after)),
                ),
                Condition::Compare(left, comparison, right),
            ));
        }
    }
    found
}
