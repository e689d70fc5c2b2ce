//! Gates.

use std::collections::BTreeMap;

use nth_model::gate::{Comparison, Condition, Effect, Fact, Gate, Operand, Override, Rule};
use rust_decimal::Decimal;
use smol_str::SmolStr;

use super::changes::Changes;
use super::direction::{Direction, Limit, agreed};
use super::matching::{Match, pairs};
use super::texts;
use crate::change::{GateRule, Side, Subject};
use crate::id::ChangeId;

/// The new names of SLOs by their old ones, each with its service.
pub type Renamed = BTreeMap<[SmolStr; 2], [SmolStr; 2]>;

/// Compares the gates of a service. `renamed`: SLOs that have other names are the same SLOs.
pub fn compare(
    service: &str,
    base: &[Gate],
    head: &[Gate],
    renamed: &Renamed,
    changes: &mut Changes,
) {
    let base = &base
        .iter()
        .cloned()
        .map(|gate| with_new_names(gate, renamed))
        .collect::<Vec<_>>();
    let key = |_: Side, gate: &Gate| {
        let mut rules: Vec<String> = gate.rules.iter().map(rule_text).collect();
        rules.sort_unstable();
        Some((gate.dry_run, gate.holds_without_data, rules))
    };
    for found in pairs(base, head, |gate| gate.name.as_str(), key) {
        let subject = |gate: &Gate| Subject::part(service, "gate", &gate.name);
        match found {
            Match::Removed(gate) => changes.plain(
                ChangeId::GateRemoved,
                &subject(gate),
                Some(texts::gate(gate)),
                None,
            ),
            Match::Added(gate) => changes.plain(
                ChangeId::GateAdded,
                &subject(gate),
                None,
                Some(texts::gate(gate)),
            ),
            Match::Both(before, after) => both(&subject(after), before, after, changes),
        }
    }
}

/// A gate that reads SLOs by their new names.
fn with_new_names(mut gate: Gate, renamed: &Renamed) -> Gate {
    if !renamed.is_empty() {
        for rule in &mut gate.rules {
            rename(&mut rule.when, renamed);
        }
    }
    gate
}

fn rename(condition: &mut Condition, renamed: &Renamed) {
    match condition {
        Condition::Not(inner) => rename(inner, renamed),
        Condition::All(parts) | Condition::Any(parts) => {
            parts.iter_mut().for_each(|part| rename(part, renamed));
        }
        Condition::Compare(left, _, right) => {
            for operand in [left, right] {
                if let Operand::Fact(
                    Fact::Budget(objective)
                    | Fact::BudgetTime(objective)
                    | Fact::Burn(objective, _),
                ) = operand
                {
                    let old = [objective.service.clone(), objective.slo.clone()];
                    if let Some([service, slo]) = renamed.get(&old) {
                        objective.service.clone_from(service);
                        objective.slo.clone_from(slo);
                    }
                }
            }
        }
        Condition::Constant(_) | Condition::Dates { .. } | Condition::Week { .. } => {}
    }
}

/// Returns whether a gate can deny anything.
fn denies(gate: &Gate) -> bool {
    gate.rules
        .iter()
        .any(|rule| rule.effect == Effect::Deny && rule.when != Condition::Constant(false))
}

fn both(subject: &Subject, before: &Gate, after: &Gate, changes: &mut Changes) {
    let Gate {
        name,
        description,
        holds_without_data,
        dry_run,
        rules,
        overrides,
    } = after;
    if before.name != *name {
        let names = (before.name.to_string(), name.to_string());
        changes.plain(ChangeId::GateRenamed, subject, Some(names.0), Some(names.1));
    }
    changes.text(
        ChangeId::GateTextChanged,
        subject,
        before.description.as_ref(),
        description.as_ref(),
        String::clone,
    );
    if before.dry_run != *dry_run {
        let id = match dry_run {
            true => ChangeId::GateDryRunEnabled,
            false => ChangeId::GateDryRunDisabled,
        };
        let text =
            |dry_run: bool| Some(if dry_run { "only reports" } else { "decides" }.to_owned());
        changes.plain(id, subject, text(before.dry_run), text(*dry_run));
    }
    if before.holds_without_data != *holds_without_data {
        let id = match holds_without_data {
            true => ChangeId::GateClosesWithoutData,
            false => ChangeId::GateOpensWithoutData,
        };
        let text = |holds: bool| {
            Some(
                if holds {
                    "holds without data"
                } else {
                    "does not hold without data"
                }
                .to_owned(),
            )
        };
        changes.plain(
            id,
            subject,
            text(before.holds_without_data),
            text(*holds_without_data),
        );
    }
    let opens = denies(before) && !denies(after);
    if opens {
        changes.plain(
            ChangeId::GateAlwaysOpen,
            subject,
            Some(texts::gate(before)),
            Some(texts::gate(after)),
        );
    }
    compare_rules(subject, &before.rules, rules, opens, changes);
    compare_overrides(subject, &before.overrides, overrides, changes);
}

/// The kind of the block of a rule.
fn effect(rule: &Rule) -> &'static str {
    match rule.effect {
        Effect::Deny => "deny",
        Effect::Warn => "warn",
    }
}

/// A rule as `deny low-budget: budget(…) < 10%`.
fn rule_text(rule: &Rule) -> String {
    format!("{} {}: {}", effect(rule), rule.name, texts::rule(rule))
}

/// Adds a change of a rule, or of one that only one version has.
fn add_rule(
    id: ChangeId,
    subject: &Subject,
    before: Option<&Rule>,
    after: Option<&Rule>,
    changes: &mut Changes,
) {
    changes.plain(id, subject, before.map(rule_text), after.map(rule_text));
    if let (Some(change), Some(rule)) = (changes.found.last_mut(), after.or(before)) {
        change.rule = Some(GateRule {
            effect: effect(rule),
            name: rule.name.clone(),
        });
    }
}

/// Compares rules by name. `opens`: the loss of all denies is reported already.
fn compare_rules(
    subject: &Subject,
    base: &[Rule],
    head: &[Rule],
    opens: bool,
    changes: &mut Changes,
) {
    let mut rest: Vec<&Rule> = head.iter().collect();
    let mut lost: Vec<&Rule> = Vec::new();
    for rule in base {
        let place = rest
            .iter()
            .position(|other| other.name == rule.name && other.effect == rule.effect);
        match place {
            Some(place) => compare_rule(subject, rule, rest.remove(place), changes),
            None => lost.push(rule),
        }
    }
    for rule in lost {
        // The same rule with another effect or another name.
        let place = rest.iter().position(|other| {
            other.name == rule.name
                || (is_same(&other.when, &rule.when) && other.effect == rule.effect)
        });
        let Some(place) = place else {
            let id = match rule.effect {
                Effect::Deny if opens => continue,
                Effect::Deny => ChangeId::DenyRemoved,
                Effect::Warn => ChangeId::WarningRemoved,
            };
            add_rule(id, subject, Some(rule), None, changes);
            continue;
        };
        let other = rest.remove(place);
        let id = match (rule.effect, other.effect) {
            (Effect::Deny, Effect::Warn) => ChangeId::DenyWeakened,
            (Effect::Warn, Effect::Deny) => ChangeId::WarningStrengthened,
            _ => ChangeId::GateTextChanged,
        };
        add_rule(id, subject, Some(rule), Some(other), changes);
        if id == ChangeId::GateTextChanged {
            continue;
        }
        if !is_same(&rule.when, &other.when) {
            compare_conditions(subject, rule, other, changes);
        }
    }
    for rule in rest {
        let id = match rule.effect {
            Effect::Deny => ChangeId::DenyAdded,
            Effect::Warn => ChangeId::WarningAdded,
        };
        add_rule(id, subject, None, Some(rule), changes);
    }
}

fn compare_rule(subject: &Subject, before: &Rule, after: &Rule, changes: &mut Changes) {
    let Rule {
        name: _,
        effect: _,
        when,
        description,
    } = after;
    if !is_same(&before.when, when) {
        compare_conditions(subject, before, after, changes);
    }
    changes.text(
        ChangeId::GateTextChanged,
        subject,
        before.description.as_ref(),
        description.as_ref(),
        String::clone,
    );
}

fn compare_conditions(subject: &Subject, before: &Rule, after: &Rule, changes: &mut Changes) {
    let id = match direction(&before.when, &after.when) {
        Some(Direction::Rarer) => ChangeId::GateConditionLoosened,
        Some(Direction::Oftener) => ChangeId::GateConditionTightened,
        None => ChangeId::GateConditionChanged,
    };
    add_rule(id, subject, Some(before), Some(after), changes);
}

/// The direction in which a condition changes, if it is one in all its parts.
fn direction(before: &Condition, after: &Condition) -> Option<Direction> {
    let mut found = Vec::new();
    walk(before, after, false, &mut found)?;
    agreed(&found)
}

fn walk(
    before: &Condition,
    after: &Condition,
    inverted: bool,
    found: &mut Vec<Direction>,
) -> Option<()> {
    if is_same(before, after) {
        return Some(());
    }
    match (before, after) {
        (Condition::Not(old), Condition::Not(new)) => walk(old, new, !inverted, found),
        (Condition::All(old), Condition::All(new)) | (Condition::Any(old), Condition::Any(new)) => {
            parts(before, old, new, inverted, found)
        }
        (Condition::Compare(left, op, right), Condition::Compare(new_left, new_op, new_right)) => {
            let direction = compared((left, *op, right), (new_left, *new_op, new_right))?;
            found.push(match inverted {
                true => direction.opposite(),
                false => direction,
            });
            Some(())
        }
        // One condition alone is a combination of one part.
        (Condition::All(old), _) => {
            parts(before, old, std::slice::from_ref(after), inverted, found)
        }
        (_, Condition::All(new)) => {
            parts(after, std::slice::from_ref(before), new, inverted, found)
        }
        (Condition::Any(old), _) => {
            parts(before, old, std::slice::from_ref(after), inverted, found)
        }
        (_, Condition::Any(new)) => {
            parts(after, std::slice::from_ref(before), new, inverted, found)
        }
        _ => None,
    }
}

/// Compares the parts of a combination: in order if there are as many; otherwise parts may only be added or removed.
fn parts(
    whole: &Condition,
    old: &[Condition],
    new: &[Condition],
    inverted: bool,
    found: &mut Vec<Direction>,
) -> Option<()> {
    if old.len() == new.len() {
        for (old, new) in old.iter().zip(new) {
            walk(old, new, inverted, found)?;
        }
        return Some(());
    }
    let is_within = |some: &[Condition], all: &[Condition]| {
        some.iter()
            .all(|part| all.iter().any(|other| is_same(part, other)))
    };
    let is_all = matches!(whole, Condition::All(_));
    // One more part of `and` makes it rarer, one more of `or` oftener.
    let rarer = if is_within(old, new) {
        is_all
    } else if is_within(new, old) {
        !is_all
    } else {
        return None;
    };
    found.push(match rarer != inverted {
        true => Direction::Rarer,
        false => Direction::Oftener,
    });
    Some(())
}

type Compared<'c> = (&'c Operand, Comparison, &'c Operand);

/// Compares two comparisons of a measure with a limit; `None` if more than the limit differs.
fn compared(before: Compared<'_>, after: Compared<'_>) -> Option<Direction> {
    let side = |(left, op, right): Compared<'_>| -> Option<(Operand, Comparison, Decimal)> {
        match (left, right) {
            (Operand::Fact(_), Operand::Limit(limit)) => Some((left.clone(), op, *limit)),
            (Operand::Limit(limit), Operand::Fact(_)) => {
                Some((right.clone(), op.mirrored(), *limit))
            }
            _ => None,
        }
    };
    let (old_fact, old_op, old_limit) = side(before)?;
    let (new_fact, new_op, new_limit) = side(after)?;
    if operand(&old_fact) != operand(&new_fact) {
        return None;
    }
    let limit = |op, value| match op {
        Comparison::Greater => Some(Limit {
            is_above: true,
            is_strict: true,
            value,
        }),
        Comparison::GreaterOrEqual => Some(Limit {
            is_above: true,
            is_strict: false,
            value,
        }),
        Comparison::Less => Some(Limit {
            is_above: false,
            is_strict: true,
            value,
        }),
        Comparison::LessOrEqual => Some(Limit {
            is_above: false,
            is_strict: false,
            value,
        }),
        Comparison::Equal | Comparison::NotEqual => None,
    };
    limit(old_op, old_limit)?.direction(limit(new_op, new_limit)?)
}

/// A quantity as it is written.
fn operand(operand: &Operand) -> String {
    match operand {
        Operand::Fact(fact) => texts::fact(fact),
        Operand::Limit(limit) => limit.to_string(),
    }
}

/// Returns whether two conditions are written alike. The objectives of the SLOs that they measure are changes of the SLOs.
fn is_same(before: &Condition, after: &Condition) -> bool {
    before == after || texts::condition(before) == texts::condition(after)
}

fn compare_overrides(
    subject: &Subject,
    base: &[Override],
    head: &[Override],
    changes: &mut Changes,
) {
    let text = |one: &Override| {
        format!(
            "{} until {} ({}), by {}: {}",
            one.deny, one.until, one.zone, one.by, one.reason
        )
    };
    for old in base {
        let Some(new) = head.iter().find(|new| new.deny == old.deny) else {
            changes.plain(ChangeId::OverrideRemoved, subject, Some(text(old)), None);
            continue;
        };
        if old == new {
            continue;
        }
        let id = match new.until.cmp(&old.until) {
            std::cmp::Ordering::Greater => ChangeId::OverrideExtended,
            std::cmp::Ordering::Less => ChangeId::OverrideShortened,
            std::cmp::Ordering::Equal => ChangeId::GateTextChanged,
        };
        changes.plain(id, subject, Some(text(old)), Some(text(new)));
    }
    for new in head {
        if !base.iter().any(|old| old.deny == new.deny) {
            changes.plain(ChangeId::OverrideAdded, subject, None, Some(text(new)));
        }
    }
}
