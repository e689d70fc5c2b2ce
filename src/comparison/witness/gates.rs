//! Incidents in which two versions of a gate decide differently.

use jiff::ToSpan as _;
use jiff::civil::Date;
use nth_model::gate::{Condition, DAY, Fact, Gate, Operand, Rule, Span, WEEK};
use nth_model::test::Event;
use nth_model::{Duration, Service};
use rust_decimal::Decimal;

use crate::testing::incidents::{
    Beginning, FROM, Happening, Incident, When, budget_left, errors, of_gate, quiet,
};

/// How long before a decision an incident on a certain day begins.
const BEFORE: u16 = 60;

/// Returns incidents in which the gate with the first version may decide differently, the most probable first.
pub fn incidents(service: &Service, gates: [Option<&Gate>; 2]) -> Vec<Incident> {
    let mut found = Vec::new();
    let [one, other] = gates;
    let differing: Vec<&Rule> = differing(one, other);
    let holds = |gate: Option<&Gate>| gate.is_some_and(|gate| gate.holds_without_data);
    if one.is_some() && other.is_some() && holds(one) != holds(other) {
        found.push(without_data(service, gates));
    }
    // Numbers between the limits of both.
    for (fact, low, high) in limits(one, other) {
        let middle = (low + high) / Decimal::TWO;
        found.extend(of_value(service, fact, middle));
    }
    let mut of_rules: Vec<Incident> = Vec::new();
    for rule in &differing {
        of_rules.extend(of_condition(service, &rule.when));
    }
    let overridden = overrides(one, other);
    let days: Vec<(Date, &str)> = overridden
        .iter()
        .map(|(day, zone, _)| (*day, *zone))
        .collect();
    for (_, _, deny) in &overridden {
        let rules = gates.iter().flatten().flat_map(|gate| &gate.rules);
        for rule in rules.filter(|rule| rule.name == *deny) {
            for incident in of_condition(service, &rule.when) {
                for (day, zone) in &days {
                    found.push(on_day(incident.clone(), *day, zone));
                }
            }
        }
    }
    found.extend(of_rules);
    let reads_calendar = |gate: &&Gate| {
        let mut is_read = false;
        for rule in &gate.rules {
            rule.when.each_leaf(&mut |leaf| {
                is_read |= matches!(leaf, Condition::Dates { .. } | Condition::Week { .. });
            });
        }
        is_read
    };
    let each = || gates.into_iter().flatten();
    for gate in each() {
        for rule in &gate.rules {
            // A few of each, so that all conditions are tried.
            found.extend(of_condition(service, &rule.when).into_iter().take(3));
        }
    }
    if each().any(|gate| !reads_calendar(&gate)) {
        let all = each().filter(|gate| !reads_calendar(gate));
        found.extend(of_gate(service, all));
    }
    found.push(without_data(service, gates));
    if let Some(when) = open_time(gates) {
        for incident in &mut found {
            if incident.when.at.is_none() && incident.when.date.is_none() {
                incident.when.at = when.at;
                incident.when.zone.clone_from(&when.zone);
            }
        }
    }
    found
}

/// A time of the week in which no rule of the gates holds because of the time alone; `None` if no rule is about the week, or there
/// is no such time.
fn open_time(gates: [Option<&Gate>; 2]) -> Option<When> {
    let mut weeks: Vec<(&[Span], &str)> = Vec::new();
    for rule in gates.into_iter().flatten().flat_map(|gate| &gate.rules) {
        rule.when.each_leaf(&mut |leaf| {
            if let Condition::Week { spans, zone } = leaf {
                weeks.push((spans, zone));
            }
        });
    }
    let (_, zone) = weeks.first()?;
    // Noon of each day, from the middle of the week, with time for an incident before and after.
    let noons = [2, 1, 3, 0, 4, 5, 6].map(|day| day * DAY + 12 * 60);
    let is_open = |at: &u16| {
        let is_clear = |span: &Span| span.to + 2 * 60 <= *at || *at + 8 * 60 <= span.from;
        weeks.iter().all(|(spans, _)| spans.iter().all(is_clear))
    };
    Some(When {
        at: Some(Beginning::Week(noons.into_iter().find(is_open)?)),
        zone: Some((*zone).to_owned()),
        ..When::default()
    })
}

/// The rules that one version has and the other one does not.
fn differing<'g>(one: Option<&'g Gate>, other: Option<&'g Gate>) -> Vec<&'g Rule> {
    let rules = |gate: Option<&'g Gate>| -> &'g [Rule] { gate.map_or(&[], |gate| &gate.rules) };
    let same = |rule: &Rule, known: &Rule| {
        rule.name == known.name && rule.effect == known.effect && rule.when == known.when
    };
    let missing = |of: &'g [Rule], known: &'g [Rule]| {
        of.iter()
            .filter(move |rule| !known.iter().any(|known| same(rule, known)))
    };
    let (one, other) = (rules(one), rules(other));
    missing(one, other).chain(missing(other, one)).collect()
}

/// The facts that both versions compare with other limits.
fn limits<'g>(one: Option<&'g Gate>, other: Option<&'g Gate>) -> Vec<(&'g Fact, Decimal, Decimal)> {
    let mut found = Vec::new();
    let (Some(one), Some(other)) = (one, other) else {
        return found;
    };
    for rule in &one.rules {
        let Some(known) = other.rules.iter().find(|known| known.name == rule.name) else {
            continue;
        };
        for (fact, limit) in comparisons(&rule.when) {
            for (other, number) in comparisons(&known.when) {
                if fact == other && limit != number {
                    found.push((fact, limit, number));
                }
            }
        }
    }
    found
}

fn comparisons(condition: &Condition) -> Vec<(&Fact, Decimal)> {
    let mut found = Vec::new();
    condition.each_leaf(&mut |leaf| {
        if let Condition::Compare(left, _, right) = leaf {
            for pair in [(left, right), (right, left)] {
                if let (Operand::Fact(fact), Operand::Limit(limit)) = pair {
                    found.push((fact, *limit));
                }
            }
        }
    });
    found
}

/// The overrides of only one version: a day on which only this one applies.
fn overrides<'g>(one: Option<&'g Gate>, other: Option<&'g Gate>) -> Vec<(Date, &'g str, &'g str)> {
    let all = |gate: Option<&'g Gate>| gate.into_iter().flat_map(|gate| &gate.overrides);
    let mut found = Vec::new();
    for (mine, theirs) in [(one, other), (other, one)] {
        for known in all(mine) {
            let is_same = |one: &nth_model::gate::Override| {
                one.deny == known.deny && one.until == known.until && one.zone == known.zone
            };
            if !all(theirs).any(is_same) {
                found.push((known.until, known.zone.as_str(), known.deny.as_str()));
            }
        }
    }
    found
}

/// The incidents of a condition's parts, and of pairs of them if both must hold.
fn of_condition(service: &Service, condition: &Condition) -> Vec<Incident> {
    match condition {
        Condition::All(parts) => {
            let all: Vec<Vec<Incident>> = { parts.iter() }
                .map(|part| of_condition(service, part))
                .collect();
            let mut found = Vec::new();
            if let [first, rest @ ..] = all.as_slice() {
                let mut joint: Vec<Incident> = first.iter().take(4).cloned().collect();
                for part in rest {
                    joint = { joint.iter() }
                        .flat_map(|one| part.iter().take(4).map(|other| both(one, other)))
                        .collect();
                    joint.truncate(16);
                }
                found.extend(joint);
            }
            found.extend(all.into_iter().flatten());
            found
        }
        Condition::Any(parts) => { parts.iter() }
            .flat_map(|part| of_condition(service, part))
            .collect(),
        Condition::Not(inner) => of_condition(service, inner),
        Condition::Dates { from, to, zone } => {
            let before = from.checked_sub(1.day()).ok();
            let after = to.checked_add(1.day()).ok();
            [Some(*from), Some(*to), before, after]
                .into_iter()
                .flatten()
                .map(|day| on_day(quiet(&service.name), day, zone))
                .collect()
        }
        Condition::Week { spans, zone } => { spans.iter() }
            .flat_map(|span| {
                let length = (span.to + WEEK - span.from) % WEEK;
                [
                    span.from + length / 2,
                    span.from + 15,
                    span.from + length.saturating_sub(15),
                    span.from + WEEK - 15,
                    span.from + length + 15,
                ]
            })
            .map(|minute| {
                let mut incident = quiet(&service.name);
                incident.when = When {
                    at: Some(Beginning::Week((minute % WEEK + WEEK - BEFORE) % WEEK)),
                    zone: Some(zone.clone()),
                    date: None,
                    length: Some(Duration::minutes(u64::from(BEFORE))),
                };
                incident
            })
            .collect(),
        leaf @ Condition::Compare(..) => {
            let mut found = Vec::new();
            for (fact, limit) in comparisons(leaf) {
                let rule = rule_of(leaf.clone());
                found.extend(of_gate(service, std::iter::once(&rule)));
                if let Fact::Incidents(_) = fact {
                    // Each page is an incident: a long one is enough.
                    found.extend(of_value(service, fact, limit));
                }
            }
            // What the whole gate has, besides the condition.
            found.retain(|incident| !is_without_data(incident));
            found.sort_by_key(|incident| *incident == quiet(&service.name));
            found
        }
        Condition::Constant(_) => vec![quiet(&service.name)],
    }
}

/// A gate with one condition.
fn rule_of(when: Condition) -> Gate {
    Gate {
        name: "condition".into(),
        description: None,
        holds_without_data: true,
        dry_run: false,
        rules: vec![Rule {
            name: "condition".into(),
            effect: nth_model::gate::Effect::Deny,
            when,
            description: None,
        }],
        overrides: Vec::new(),
    }
}

fn is_without_data(incident: &Incident) -> bool {
    let mut all = incident.given.iter();
    all.any(|happening| matches!(happening.event, Event::NoData { .. }))
}

/// No data until also the longest burn rate is unknown that a gate reads.
fn without_data(service: &Service, gates: [Option<&Gate>; 2]) -> Incident {
    let event = Event::NoData {
        service: service.name.clone(),
    };
    let rules = gates.into_iter().flatten().flat_map(|gate| &gate.rules);
    let facts = rules.flat_map(|rule| rule.when.facts());
    let windows = facts.filter_map(|fact| match fact {
        Fact::Burn(_, window) => Some(*window),
        _ => None,
    });
    let longest = windows.max().unwrap_or(Duration::minutes(30));
    let length = Duration(longest.0.saturating_add(30 * 60_000));
    let given = vec![Happening::new(event, None)];
    let incident = Incident::new(&service.name, given, None);
    incident.lasting(Duration(FROM.0.saturating_add(length.0)))
}

/// Lets a decision be on a day.
fn on_day(mut incident: Incident, day: Date, zone: &str) -> Incident {
    incident.when.date = Some(day);
    incident.when.at = Some(Beginning::Day(DAY / 2 - BEFORE));
    incident.when.zone = Some(zone.to_owned());
    if incident.when.length.is_none() {
        incident.when.length = Some(Duration::minutes(u64::from(BEFORE)));
    }
    incident
}

/// Two incidents at once.
fn both(one: &Incident, other: &Incident) -> Incident {
    let mut joint = one.clone();
    for happening in &other.given {
        let is_rate = |one: &Happening| matches!(one.event, Event::Traffic { .. });
        let is_known = joint.given.contains(happening)
            || (is_rate(happening) && joint.given.iter().any(is_rate));
        if !is_known {
            joint.given.push(happening.clone());
        }
    }
    joint.services.extend(other.services.iter().cloned());
    joint.when.at = joint.when.at.or(other.when.at);
    joint.when.date = joint.when.date.or(other.when.date);
    joint.when.zone = joint.when.zone.or_else(|| other.when.zone.clone());
    joint.when.length = joint.when.length.max(other.when.length);
    joint.until = joint.until.max(other.until);
    joint.from = joint.from.max(other.from);
    joint
}

/// Incidents in which a fact has about this value at the end.
fn of_value(service: &Service, fact: &Fact, value: Decimal) -> Vec<Incident> {
    let name = &service.name;
    let mut found = Vec::new();
    match fact {
        Fact::Budget(of) | Fact::BudgetTime(of) => {
            let share = match fact {
                Fact::Budget(_) => value,
                _ => {
                    let whole = nth_model::burn_rate::budget_time(of.objective, of.window);
                    let seconds = Decimal::from(whole.0.max(1)) / Decimal::ONE_THOUSAND;
                    value / seconds
                }
            };
            if share < Decimal::ONE {
                let left = of.left_of_slo(share).round_dp(6);
                let given = budget_left(&of.service, &of.slo, left);
                found.push(Incident::new(name, vec![given], None).at_the_beginning());
            }
        }
        Fact::Burn(of, window) => {
            let share = (value * (Decimal::ONE - of.objective)).min(Decimal::ONE);
            let length = Duration(window.0.saturating_add(FROM.0));
            let incident = errors(&of.service, &of.slo, share.round_dp(6), *window);
            found.push(incident.lasting(length));
        }
        Fact::DeployAge => {
            let seconds: Option<u64> = value.ceil().try_into().ok();
            if let Some(seconds) = seconds {
                let event = Event::Deployment {
                    service: name.clone(),
                };
                let length = Duration(FROM.0.saturating_add(seconds.saturating_mul(1000)));
                let given = vec![Happening::new(event, None)];
                found.push(Incident::new(name, given, None).lasting(length));
            }
        }
        Fact::Incidents(_) => {
            let outage = service
                .slos
                .first()
                .map(|slo| errors(name, &slo.name, Decimal::ONE, Duration::minutes(30)));
            found.extend(outage);
        }
        Fact::Firing(_) | Fact::Deploys(_) | Fact::Dependents => {}
    }
    for incident in &mut found {
        incident.services.insert(name.clone());
    }
    found
}
