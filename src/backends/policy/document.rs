//! Converts the model to the document from which all output formats are generated.

use std::collections::{BTreeMap, BTreeSet};

use super::query::Queries;
use nth_model::gate::{self, Fact, Objective};
use nth_model::{Service, Settings};
use nth_policy::{
    Bound, Compare, Condition, Coverage, Effect, FactQuery, Gate, OnNoData, Operand, Override,
    Policy, Rule, Span, VERSION, condition_text,
};

/// The number of services that name each service in a dependency.
pub struct Dependents<'a>(BTreeMap<&'a str, usize>);

impl<'a> Dependents<'a> {
    /// The numbers for all services of a project.
    pub fn new(services: &[&'a Service]) -> Self {
        let mut counts = BTreeMap::new();
        for service in services {
            let named = service.dependencies.iter();
            let needed: BTreeSet<&str> = named
                .filter_map(|dependency| dependency.service.as_deref())
                .collect();
            for name in needed {
                *counts.entry(name).or_default() += 1;
            }
        }
        Self(counts)
    }

    fn count(&self, service: &Service) -> usize {
        self.0
            .get(service.name.as_str())
            .copied()
            .unwrap_or_default()
    }
}

/// The gates of a service.
pub fn policy(service: &Service, dependents: &Dependents<'_>, settings: &Settings) -> Policy {
    let dependents = dependents.count(service);
    let queries = Queries { service, settings };
    let mut facts = BTreeMap::new();
    let gates = service
        .gates
        .iter()
        .map(|gate| self::gate(gate, dependents, queries, &mut facts))
        .collect();
    Policy {
        version: VERSION,
        project: settings.project.clone(),
        service: service.name.to_string(),
        environment: settings.environment.as_ref().map(ToString::to_string),
        team: service.team.as_ref().map(ToString::to_string),
        tier: service.tier.to_string(),
        facts,
        gates,
    }
}

fn gate(
    gate: &gate::Gate,
    dependents: usize,
    queries: Queries<'_>,
    facts: &mut BTreeMap<String, FactQuery>,
) -> Gate {
    let mut rules = Vec::new();
    for rule in &gate.rules {
        let when = rule.when.with_dependents(dependents);
        for fact in when.facts() {
            if let Some(query) = queries.query(fact) {
                let coverage = queries.coverage(fact).map(|(window, query)| Coverage {
                    window,
                    query: query.to_string(),
                    bound: match fact {
                        Fact::Burn(..) => Bound::Least,
                        _ => Bound::Most,
                    },
                });
                let asked = FactQuery {
                    unit: fact.unit(),
                    query: query.to_string(),
                    coverage,
                };
                facts.insert(fact_name(fact, queries.service), asked);
            }
        }
        let when = condition(&when, queries.service);
        rules.push(Rule {
            name: rule.name.to_string(),
            effect: match rule.effect {
                gate::Effect::Deny => Effect::Deny,
                gate::Effect::Warn => Effect::Warn,
            },
            description: rule.description.clone(),
            text: condition_text(&when, facts),
            when,
        });
    }
    Gate {
        name: gate.name.to_string(),
        description: gate.description.clone(),
        on_no_data: if gate.holds_without_data {
            OnNoData::Deny
        } else {
            OnNoData::Allow
        },
        dry_run: gate.dry_run,
        rules,
        overrides: gate.overrides.iter().map(override_entry).collect(),
    }
}

fn override_entry(overriding: &gate::Override) -> Override {
    Override {
        deny: overriding.deny.to_string(),
        by: overriding.by.clone(),
        until: overriding.until,
        zone: overriding.zone.clone(),
        reason: overriding.reason.clone(),
    }
}

fn condition(condition: &gate::Condition, service: &Service) -> Condition {
    let all = |parts: &[gate::Condition]| {
        parts
            .iter()
            .map(|part| self::condition(part, service))
            .collect()
    };
    match condition {
        gate::Condition::Constant(known) => Condition::Constant(*known),
        gate::Condition::Not(inner) => Condition::Not(Box::new(self::condition(inner, service))),
        gate::Condition::All(parts) => Condition::All(all(parts)),
        gate::Condition::Any(parts) => Condition::Any(all(parts)),
        gate::Condition::Compare(left, op, right) => {
            let operand = |operand: &gate::Operand| match operand {
                gate::Operand::Fact(fact) => Operand::Fact(fact_name(fact, service)),
                gate::Operand::Limit(limit) => Operand::Limit(*limit),
            };
            Condition::Compare(Compare {
                left: operand(left),
                op: *op,
                right: operand(right),
            })
        }
        gate::Condition::Dates { from, to, zone } => Condition::Dates {
            from: *from,
            to: *to,
            zone: zone.clone(),
        },
        gate::Condition::Week { spans, zone } => Condition::Week {
            spans: spans
                .iter()
                .map(|span| Span {
                    from: span.from,
                    to: span.to,
                })
                .collect(),
            zone: zone.clone(),
        },
    }
}

/// The name of a fact: its text in a gate of this service.
pub fn fact_name(fact: &Fact, service: &Service) -> String {
    let of = |objective: &Objective| {
        let slo = match &objective.contract {
            Some(contract) => format!("{}.{}", name(&objective.slo), name(&contract.name)),
            None => name(&objective.slo),
        };
        if objective.service == service.name {
            slo
        } else {
            format!("{}.{slo}", name(&objective.service))
        }
    };
    match fact {
        Fact::Budget(objective) => format!("budget({})", of(objective)),
        Fact::BudgetTime(objective) => format!("budget_time({})", of(objective)),
        Fact::Burn(objective, over) => format!("burn({}, over: {over})", of(objective)),
        Fact::Firing(severity) => format!("firing({})", severity.name()),
        Fact::Incidents(over) => format!("incidents(over: {over})"),
        Fact::DeployAge => "deploy_age()".to_owned(),
        Fact::Deploys(over) => format!("deploys(over: {over})"),
        Fact::Dependents => "dependents()".to_owned(),
    }
}

/// A name, in quotes if the syntax requires them.
fn name(name: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if !name.is_empty() && name.chars().all(plain) {
        name.to_owned()
    } else {
        format!("{name:?}")
    }
}
