//! Incidents of gates.

use nth_model::gate::{Condition, Fact, Gate, Operand};
use nth_model::test::Event;
use nth_model::{Duration, Service};
use rust_decimal::Decimal;
use smol_str::SmolStr;

use super::given::{Beginning, FROM, Happening, Incident, When};
use super::slo::{budget_left, burning, errors, quiet};

/// Error budgets, pages, deployments and times on both sides of the conditions of gates.
pub fn of_gate<'g>(service: &Service, gates: impl Iterator<Item = &'g Gate>) -> Vec<Incident> {
    let name = &service.name;
    let mut leaves: Vec<Condition> = Vec::new();
    for gate in gates {
        for rule in &gate.rules {
            rule.when.each_leaf(&mut |leaf| {
                if !leaves.contains(leaf) {
                    leaves.push(leaf.clone());
                }
            });
        }
    }
    let quiet_at = |when: When| {
        let mut incident = quiet(name);
        incident.when = when;
        incident
    };
    let mut found = vec![quiet(name)];
    for leaf in &leaves {
        match leaf {
            Condition::Compare(left, _, right) => {
                for (fact, limit) in [(left, right), (right, left)] {
                    if let (Operand::Fact(fact), Operand::Limit(limit)) = (fact, limit) {
                        found.extend(of_fact(service, fact, *limit));
                    }
                }
            }
            Condition::Dates { from, zone, .. } => found.push(quiet_at(When {
                date: Some(*from),
                zone: Some(zone.clone()),
                ..When::default()
            })),
            Condition::Week { spans, zone } => {
                for span in spans {
                    let at = span.from.saturating_add(30) % nth_model::gate::WEEK;
                    found.push(quiet_at(When {
                        at: Some(Beginning::Week(at)),
                        zone: Some(zone.clone()),
                        ..When::default()
                    }));
                }
            }
            _ => {}
        }
    }
    // Without data.
    let event = Event::NoData {
        service: name.clone(),
    };
    found.push(Incident::new(name, vec![Happening::new(event, None)], None));
    found
}

fn of_fact(service: &Service, fact: &Fact, limit: Decimal) -> Vec<Incident> {
    let name = &service.name;
    match fact {
        Fact::Budget(of) | Fact::BudgetTime(of) => {
            let whole = match fact {
                Fact::Budget(_) => Decimal::ONE,
                _ => {
                    let budget = nth_model::burn_rate::budget_time(of.objective, of.window);
                    Decimal::from(budget.0) / Decimal::ONE_THOUSAND
                }
            };
            let share = limit / whole.max(Decimal::new(1, 9));
            let near = [
                share / Decimal::TWO,
                share * Decimal::TWO,
                share * Decimal::new(4, 0),
                share / Decimal::from(5),
            ];
            let near = near.into_iter().filter(|share| *share < Decimal::ONE);
            near.map(|share| {
                let left = of.left_of_slo(share).round_dp(6);
                let given = budget_left(&of.service, &of.slo, left);
                let mut incident = Incident::new(name, vec![given], None).at_the_beginning();
                incident.services.insert(of.service.clone());
                incident
            })
            .collect()
        }
        Fact::Burn(of, window) => {
            let budget = Decimal::ONE - of.objective;
            let near = [
                Decimal::TWO,
                Decimal::new(5, 1),
                Decimal::new(5, 0),
                Decimal::new(2, 1),
            ];
            let near = near
                .into_iter()
                .map(|factor| (limit * budget * factor).min(Decimal::ONE));
            near.map(|share| {
                let mut incident = errors(&of.service, &of.slo, share.round_dp(6), *window);
                incident.services.insert(name.clone());
                incident.lasting(Duration(FROM.0.saturating_add(window.0)))
            })
            .collect()
        }
        Fact::Firing(severity) => {
            let pairs = service.slos.iter().flat_map(|slo| {
                let pair = slo
                    .burn_rate_pairs
                    .iter()
                    .find(|pair| pair.severity == *severity);
                pair.map(|pair| burning(name, slo, pair))
            });
            pairs
                .take(2)
                .map(|incident| {
                    let until = incident.until.unwrap_or(FROM);
                    incident.lasting(until)
                })
                .collect()
        }
        Fact::DeployAge | Fact::Deploys(_) => {
            let ages = [limit / Decimal::TWO, limit * Decimal::TWO];
            let ages = ages.into_iter().filter_map(|age| {
                let seconds: u64 = age.ceil().try_into().ok()?;
                Some(Duration(seconds.saturating_mul(1000)).max(Duration::minutes(1)))
            });
            let deployed = |ago: Option<Duration>, count: usize| {
                let given = (0..count).map(|_| Happening::new(deployment(name), None));
                let mut incident = Incident::new(name, given.collect(), None);
                if let Some(ago) = ago {
                    incident = incident.lasting(Duration(FROM.0.saturating_add(ago.0)));
                }
                incident
            };
            match fact {
                Fact::DeployAge => ages.map(|age| deployed(Some(age), 1)).collect(),
                _ => {
                    let many: usize = limit.try_into().unwrap_or(1);
                    let spread = |count: usize| {
                        let given = (0..count.min(24)).map(|number| {
                            let at = Duration::minutes(5 * (number as u64 + 1));
                            Happening {
                                from: at,
                                ..Happening::new(deployment(name), None)
                            }
                        });
                        Incident::new(name, given.collect(), None)
                    };
                    vec![spread(many + 1), spread(many.div_ceil(2))]
                }
            }
        }
        Fact::Incidents(_) | Fact::Dependents => Vec::new(),
    }
}

fn deployment(service: &SmolStr) -> Event {
    Event::Deployment {
        service: service.clone(),
    }
}
