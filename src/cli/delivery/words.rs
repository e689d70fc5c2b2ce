//! Plans for people.

use nth_delivery::{Action, DestinationPlan, Operation};

use super::Surveyed;
use super::difference::difference;
use crate::console::Console;
use crate::report::count;
use nthc::diagnostics::render::one_line;

/// The limit of rules in a group, which the mark counts into.
const RULES_PER_GROUP: &str = "ruler_max_rules_per_rule_group";

/// Shows what would change. Returns whether the plan could be applied.
pub fn show(surveyed: &[Surveyed], console: &mut Console) -> bool {
    let mut is_applicable = true;
    for one in surveyed {
        let plan = &one.survey.plan;
        console.out.line(format_args!(
            "destination {}: {}",
            one.target.name, plan.target
        ));
        for operation in &plan.operations {
            console.out.line(format_args!(
                "  {} {} {}{}",
                sign(operation.action),
                operation.action.name(),
                operation.key,
                of_services(operation)
            ));
            if operation.action == Action::Change || operation.action == Action::Adopt {
                for line in difference(one, operation) {
                    console.out.line(format_args!("      {line}"));
                }
            }
        }
        for what in &one.silenced {
            console.out.line(format_args!("  silenced: {what}"));
        }
        for drift in &plan.drift {
            let who = drift.changed_by.as_ref();
            let by = who.and_then(|who| who.who.as_deref().or(who.with.as_deref()));
            let by = by.map_or_else(String::new, |by| format!(" by {}", one_line(by)));
            let what = match drift.live {
                Some(_) => "was changed",
                None => "was deleted",
            };
            console.out.line(format_args!(
                "  drift: {} {what}{by} since it was applied",
                drift.key
            ));
        }
        for foreign in &plan.foreign {
            is_applicable = false;
            let line = match &foreign.owner {
                Some(owner) => format!("{} belongs to {owner}", foreign.key),
                None => format!(
                    "{} exists and is not managed by nthc: take it over with `--adopt {}`",
                    foreign.key,
                    quoted(&foreign.key.to_string())
                ),
            };
            console.out.line(format_args!("  refused: {line}"));
        }
        for excess in &plan.excesses {
            is_applicable = false;
            let what = excess
                .key
                .as_ref()
                .map_or_else(|| "all of it".to_owned(), ToString::to_string);
            console.out.line(format_args!(
                "  refused: {what} needs {} for `{}`, and the server allows {}",
                excess.needed, excess.limit, excess.allowed
            ));
            if excess.limit == RULES_PER_GROUP {
                console.out.line(format_args!(
                    "    set `rules_per_group = {}` in `[prometheus]`: each group has a rule with its mark besides",
                    excess.allowed.saturating_sub(1)
                ));
            }
        }
        for key in &plan.kept {
            console.out.line(format_args!(
                "  kept: {key}, as nothing is built for this destination; `--allow-empty` deletes it"
            ));
        }
        if plan.operations.is_empty() && plan.foreign.is_empty() && plan.kept.is_empty() {
            console.out.line(format_args!(
                "  {} in sync",
                count(plan.unchanged, "object")
            ));
        }
    }
    is_applicable
}

/// The numbers of a plan in a sentence.
pub fn summary(plans: &[&DestinationPlan]) -> String {
    let number = |action: Action| {
        let all = plans.iter().flat_map(|plan| &plan.operations);
        all.filter(|one| one.action == action).count()
    };
    let parts: Vec<String> = [
        Action::Create,
        Action::Change,
        Action::Adopt,
        Action::Delete,
    ]
    .into_iter()
    .map(|action| (action, number(action)))
    .filter(|(_, number)| *number > 0)
    .map(|(action, number)| format!("{number} to {}", action.name()))
    .collect();
    match parts.as_slice() {
        [] => "nothing to change".to_owned(),
        parts => parts.join(", "),
    }
}

fn sign(action: Action) -> char {
    match action {
        Action::Create => '+',
        Action::Change => '~',
        Action::Adopt => '>',
        Action::Delete => '-',
    }
}

fn of_services(operation: &Operation) -> String {
    match operation.services.as_slice() {
        [] => String::new(),
        services => format!(" ({})", one_line(&services.join(", "))),
    }
}

/// In single quotes for a shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_quoted_for_a_shell() {
        assert_eq!(quoted("it's"), r"'it'\''s'");
    }
}
