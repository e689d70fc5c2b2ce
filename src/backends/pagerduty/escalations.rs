//! Escalation policies.

use super::address::{address, insert};
use super::document::{Document, EscalationPolicy, EscalationRule, Reference, Target};
use super::error::Error;
use super::naming::Naming;
use super::people::{team, user};
use super::plan::{Plan, Policy, PolicyKey};
use super::schedules::schedule;
use super::text::description;
use nth_model as ir;

/// The resource type of an escalation policy.
pub const POLICY: &str = "pagerduty_escalation_policy";

const MINUTE: u64 = 60_000;

/// A reference to the escalation policy of a service.
pub fn policy(policy: &Policy<'_>) -> Reference {
    match policy {
        Policy::Own(key) => Reference::id(POLICY, place(key)),
        Policy::Managed(id) => Reference::managed(id),
        Policy::Existing(name) => {
            Reference::id("data.pagerduty_escalation_policy", address(&[name]))
        }
    }
}

/// The address of a policy.
pub fn place(key: &PolicyKey<'_>) -> String {
    let names = [Some(key.team), Some(key.escalation), key.tier];
    address(&names.into_iter().flatten().collect::<Vec<_>>())
}

/// A policy for each pair of escalation and tier of the services.
///
/// # Errors
///
/// If an address is taken.
pub fn policies(plan: &Plan<'_>, naming: Naming<'_>, project: &str) -> Result<Document, Error> {
    let mut document = Document::default();
    for (key, (escalation, pace)) in &plan.policies {
        let waits = escalation.waits(pace);
        let rules = escalation.steps.iter().zip(waits);
        let resource = EscalationPolicy {
            name: match key.tier {
                Some(tier) => naming.escalation(key.team, key.escalation, tier),
                None => naming.in_team(key.team, key.escalation),
            },
            description: description(escalation.description.as_deref(), || match key.tier {
                Some(tier) => format!(
                    "Who in {} is notified for {project}'s services of tier {tier}.",
                    key.team
                ),
                None => format!(
                    "Who in {} is notified for alerts without a service.",
                    key.team
                ),
            }),
            num_loops: escalation.loops(pace),
            teams: vec![team(plan, key.team)],
            rule: rules
                .filter(|(step, _)| !step.notify.is_empty())
                .map(|(step, wait)| EscalationRule {
                    escalation_delay_in_minutes: wait.0.div_ceil(MINUTE).max(1),
                    target: step.notify.iter().map(|one| target(plan, one)).collect(),
                })
                .collect(),
        };
        insert(
            &mut document.resource.pagerduty_escalation_policy,
            place(key),
            resource,
        )?;
    }
    Ok(document)
}

fn target(plan: &Plan<'_>, target: &ir::Target) -> Target {
    match target {
        ir::Target::Schedule { team, name } => Target {
            kind: "schedule_reference",
            id: schedule(plan, team, name),
        },
        ir::Target::Person(email) => Target {
            kind: "user_reference",
            id: user(email),
        },
    }
}
