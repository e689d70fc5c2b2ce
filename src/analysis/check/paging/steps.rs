//! Checks of escalation steps: their number, targets and times.

use super::place;
use crate::codes;
use crate::db::Diag;
use crate::eval::{Instance, Value, show_duration};
use crate::schema::names::{field, kind};
use nth_model as ir;

/// The maximum number of steps of an escalation policy, from PagerDuty's documentation.
const MOST_STEPS: usize = 20;

/// The maximum number of targets of a step, from PagerDuty's REST schema (`EscalationRule.targets`).
const MOST_TARGETS: usize = 10;

const MINUTE: u64 = 60_000;

/// The minimum time before the next step, for a step with one target and with several, from PagerDuty's documentation.
const LEAST_WAIT: u64 = MINUTE;
const LEAST_WAIT_OF_SEVERAL: u64 = 5 * MINUTE;

/// Checks an escalation by itself.
pub fn check(team: &Instance, escalation: &Instance, found: &mut Vec<Diag>) {
    let steps: Vec<&Instance> = escalation.children_of(kind::STEP).collect();
    if let Some(first) = steps.get(MOST_STEPS) {
        found.push(
            Diag::new(
                &codes::TOO_MANY_STEPS,
                format!(
                    "escalation `{}` has {} steps; PagerDuty allows at most {MOST_STEPS}",
                    escalation.name,
                    steps.len()
                ),
                place(team, first, first.head),
            )
            .label("first step beyond the limit")
            .help("notify several people in one step, or repeat the steps with `loops`"),
        );
    }
    for step in &steps {
        targets(team, step, found);
    }
    times(team, &steps, found);
}

fn targets(team: &Instance, step: &Instance, found: &mut Vec<Diag>) {
    let Value::List(targets) = step.get(field::NOTIFY) else {
        return;
    };
    let mut problem = |message: String, label: &str, help: &str| {
        found.push(
            Diag::new(
                &codes::BAD_STEP_TARGETS,
                message,
                place(team, step, step.span_of(field::NOTIFY)),
            )
            .label(label)
            .help(help),
        );
    };
    if targets.is_empty() && !step.incomplete {
        problem(
            format!("escalation step `{}` notifies no one", step.name),
            "empty list",
            "name a schedule or an email address",
        );
    }
    if targets.len() > MOST_TARGETS {
        problem(
            format!(
                "escalation step `{}` notifies {}; PagerDuty allows at most {MOST_TARGETS} per step",
                step.name,
                targets.len()
            ),
            "too many targets",
            "group some of them in a schedule, or add a step",
        );
    }
    let twice = targets.iter().enumerate().find_map(|(number, target)| {
        let before = targets.iter().take(number).any(|other| other == target);
        target_name(target).filter(|_| before)
    });
    if let Some(name) = twice {
        problem(
            format!("escalation step `{}` notifies {name} twice", step.name),
            "already listed",
            "remove one",
        );
    }
}

/// Formats a target as in the source.
fn target_name(target: &Value) -> Option<String> {
    match target {
        Value::String(email) => Some(format!("`{}`", email.trim())),
        Value::Block(schedule) => Some(format!("`{}`", schedule.name)),
        _ => None,
    }
}

/// Checks the times of steps. `after` counts from the start, so it must increase from step to step.
fn times(team: &Instance, steps: &[&Instance], found: &mut Vec<Diag>) {
    if let Some(first) = steps.first()
        && let Value::Duration(after) = first.get(field::AFTER)
        && *after > 0
    {
        found.push(
            Diag::new(
                &codes::STEP_TIMES,
                format!(
                    "the first escalation step `{}` is notified {} late",
                    first.name,
                    show_duration(*after)
                ),
                place(team, first, first.span_of(field::AFTER)),
            )
            .label("the first step is notified immediately")
            .help("remove `after`; use `for` on an alert to delay it"),
        );
    }
    let start = |number: usize| match steps.get(number).map(|step| step.get(field::AFTER)) {
        _ if number == 0 => Some(0),
        Some(Value::Duration(after)) => Some(*after),
        _ => None,
    };
    for (number, step) in steps.iter().enumerate().skip(1) {
        let (Some(before), Some(after)) = (start(number - 1), start(number)) else {
            continue;
        };
        let Some(previous) = steps.get(number - 1) else {
            continue;
        };
        let span = place(team, step, step.span_of(field::AFTER));
        if after <= before {
            found.push(
                Diag::new(
                    &codes::STEP_TIMES,
                    format!("escalation step `{}` does not come after `{}`", step.name, previous.name),
                    span,
                )
                .label(format!("`{}` is notified after {}", previous.name, show_duration(before)))
                .help("increase `after` from step to step: it counts from the start of the escalation"),
            );
        } else if let Some(why) = too_short(after - before, count(previous)) {
            found.push(
                Diag::new(
                    &codes::STEP_TIMES,
                    format!(
                        "escalation step `{}` has {} before `{}` is notified",
                        previous.name,
                        show_duration(after - before),
                        step.name
                    ),
                    span,
                )
                .label(why)
                .help(
                    "wait whole minutes: at least 1m, and at least 5m if the step notifies several \
                    targets",
                ),
            );
        }
    }
}

/// Checks an escalation of a service with the times of the service's tier.
pub fn at_pace(
    team: &Instance,
    escalation: &Instance,
    lowered: &ir::Escalation,
    service: &ir::Service,
    found: &mut Vec<Diag>,
) {
    let waits = lowered.waits(&service.pace);
    let steps: Vec<&Instance> = escalation.children_of(kind::STEP).collect();
    for (number, (step, wait)) in steps.iter().zip(waits).enumerate() {
        let says = |number: usize| {
            number == 0
                || steps
                    .get(number)
                    .is_some_and(|step| *step.get(field::AFTER) != Value::None)
        };
        // Times that steps set are checked in the team.
        if number + 1 < steps.len() && says(number) && says(number + 1) {
            continue;
        }
        let Some(why) = too_short(wait.0, count(step)) else {
            continue;
        };
        found.push(
            Diag::new(
                &codes::STEP_TIMES,
                format!(
                    "escalation step `{}` has {} for a service of tier `{}`",
                    step.name,
                    show_duration(wait.0),
                    service.tier
                ),
                place(team, step, step.head),
            )
            .label(why)
            .help("set `after` on the steps, or longer `escalation_waits` on the tier: PagerDuty waits \
                whole minutes, at least 1m, and at least 5m if a step notifies several targets"),
        );
    }
}

/// Counts the targets of a step.
fn count(step: &Instance) -> usize {
    match step.get(field::NOTIFY) {
        Value::List(targets) => targets.len(),
        _ => 1,
    }
}

fn too_short(wait: u64, targets: usize) -> Option<&'static str> {
    if targets > 1 && wait < LEAST_WAIT_OF_SEVERAL {
        Some("less than 5m, but it notifies several targets")
    } else if wait < LEAST_WAIT {
        Some("less than 1m")
    } else if !wait.is_multiple_of(MINUTE) {
        Some("not a whole number of minutes")
    } else {
        None
    }
}
