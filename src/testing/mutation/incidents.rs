//! Incidents in which a mutant may behave differently.

use std::collections::BTreeSet;

use nth_model::gate::{Condition, Fact, Gate, Operand};
use nth_model::number::percent_text;
use nth_model::{Duration, Project, Service, Severity, Sli, Slo};
use rust_decimal::Decimal;
use rust_decimal::prelude::{FromPrimitive as _, ToPrimitive as _};
use smol_str::SmolStr;

use super::given::{FROM, Incident};
use super::mutant::{Mutant, MutationKind, Replacement, Target};
use super::route::teams_of;
use super::series_incidents::{self, Scope};
use crate::policy::time_of_week;

/// The largest number of incidents that are tried for one mutant: each one is simulated with and without it.
const MOST: usize = 12;

/// The incidents that are tried for a mutant.
#[derive(Debug)]
pub struct Chosen {
    /// Those that are tried, the most probable first.
    pub tried: Vec<Incident>,
    /// How many more are known.
    pub untried: usize,
}

/// Returns incidents in which a mutant may behave differently, the most probable first.
pub fn incidents(mutant: &Mutant, project: &Project<'_>, scope: &Scope) -> Chosen {
    let mut found = match (&mutant.replacement, project.service(&mutant.of)) {
        (Replacement::Service(mutated), Some(service)) => match &mutant.target {
            Target::Slo(name) => {
                let of =
                    |service: &Service| service.slos.iter().find(|slo| slo.name == *name).cloned();
                match (of(service), of(mutated)) {
                    (Some(slo), Some(mutated)) => of_slo(mutant.kind, service, &slo, &mutated),
                    _ => Vec::new(),
                }
            }
            Target::Alert(name) => {
                let of = |service: &Service| {
                    service
                        .alerts
                        .iter()
                        .find(|alert| alert.name == *name)
                        .cloned()
                };
                of(service).map_or_else(Vec::new, |alert| {
                    series_incidents::of_alert(service, &alert, of(mutated).as_ref(), scope)
                })
            }
            Target::Gate(name) => {
                let gates = [service, mutated]
                    .map(|service| service.gates.iter().find(|gate| gate.name == *name));
                of_gate(service, gates.into_iter().flatten())
            }
            Target::Service | Target::Team => of_service(service, scope),
        },
        (Replacement::Team(team), _) => project
            .services()
            .filter(|service| teams_of(service).any(|name| *name == team.name))
            .take(3)
            .flat_map(|service| of_service(service, scope))
            .collect(),
        _ => Vec::new(),
    };
    let mut seen = BTreeSet::new();
    found.retain(|incident| seen.insert(incident.clone()));
    let untried = found.len().saturating_sub(MOST);
    found.truncate(MOST);
    Chosen {
        tried: found,
        untried,
    }
}

fn errors(service: &SmolStr, slo: &str, share: Decimal, length: Duration) -> Incident {
    let given = format!(
        "errors {{ slo = {service}.{slo}  share = {}  from = {}  for = {} }}",
        percent_text(share),
        FROM.to_human(),
        length.to_human()
    );
    Incident::new(service, vec![given], Some(length))
}

fn traffic(service: &SmolStr, rate: &str) -> String {
    format!("traffic {{ service = {service}  rate = {rate} }}")
}

fn budget_left(service: &SmolStr, slo: &str, left: Decimal) -> String {
    let left = percent_text(left);
    format!("budget-left {{ slo = {service}.{slo}  is = {left} }}")
}

/// Nothing but events.
fn quiet(service: &SmolStr) -> Incident {
    Incident::new(service, vec![traffic(service, "200/s")], None).at_the_beginning()
}

/// The share and the time with which an alert of a pair certainly fires: fast, so that the test is short.
fn burning(service: &SmolStr, slo: &Slo, pair: &nth_model::burn_rate::Pair) -> Incident {
    let threshold = pair.threshold(slo.objective);
    let share = (threshold * Decimal::TEN).min(Decimal::ONE);
    let needed = Decimal::from(pair.long.0) * threshold / share;
    let least = Decimal::from(pair.short.0);
    let minutes = (needed.max(least) / Decimal::from(60_000)).ceil();
    let minutes: u64 = minutes.try_into().unwrap_or(60);
    let hold = match pair.severity {
        Severity::Page => 10,
        Severity::Ticket => 30,
    };
    errors(service, &slo.name, share, Duration::minutes(minutes + hold))
}

fn of_slo(kind: MutationKind, service: &Service, slo: &Slo, mutated: &Slo) -> Vec<Incident> {
    let name = &service.name;
    let lost_pairs = slo
        .burn_rate_pairs
        .iter()
        .filter(|pair| !mutated.burn_rate_pairs.contains(pair));
    let mut found: Vec<Incident> = Vec::new();
    // Between the thresholds of both.
    let between = slo.burn_rate_pairs.iter().filter_map(|pair| {
        let (one, other) = (
            pair.threshold(slo.objective),
            pair.threshold(mutated.objective),
        );
        let middle = Decimal::from_f64((one * other).to_f64()?.sqrt())?.round_sf(2)?;
        let factor = middle / one.min(other);
        // Long enough for the lower one.
        let needed = Decimal::from(pair.long.0) / factor / Decimal::from(60_000);
        let minutes: u64 = needed.ceil().try_into().ok()?;
        let length = Duration::minutes(minutes.saturating_add(30).min(24 * 60));
        (one != other && middle < Decimal::ONE).then(|| errors(name, &slo.name, middle, length))
    });
    found.extend(between);
    let short = Duration::minutes(20);
    match kind {
        MutationKind::BurnRate | MutationKind::Objective => {
            found.extend(lost_pairs.map(|pair| burning(name, slo, pair)));
        }
        MutationKind::Budget => {
            let lost = slo
                .budget_alerts
                .iter()
                .filter(|alert| !mutated.budget_alerts.contains(alert));
            found.extend(lost.map(|alert| {
                let left = Decimal::ONE - alert.consumed + Decimal::new(5, 3);
                let share = (slo.error_budget() * Decimal::new(9, 1)).normalize();
                let mut incident = errors(name, &slo.name, share, Duration::hours(8));
                incident.given.insert(0, budget_left(name, &slo.name, left));
                incident
            }));
            found.extend(slo.budget_alerts.iter().map(|alert| {
                let left = Decimal::ONE - alert.consumed - Decimal::new(5, 3);
                let past = budget_left(name, &slo.name, left);
                Incident::new(name, vec![past], None).at_the_beginning()
            }));
        }
        MutationKind::MissingData => {
            let holds = slo.missing_data_alerts.iter().map(|alert| alert.hold);
            for hold in holds {
                let length = Duration(hold.0.saturating_add(20 * 60_000));
                for event in ["no-data", "target-down"] {
                    let given = format!(
                        "{event} {{ service = {name}  from = {}  for = {} }}",
                        FROM.to_human(),
                        length.to_human()
                    );
                    found.push(Incident::new(name, vec![given], Some(length)));
                }
            }
        }
        MutationKind::Threshold => {
            for rate in ["0.01/s", "0.05/s", "0.1/s"] {
                let mut one = errors(name, &slo.name, Decimal::ONE, Duration::minutes(1));
                one.given.insert(0, traffic(name, rate));
                found.push(one);
            }
        }
        _ => {}
    }
    found.push(errors(name, &slo.name, Decimal::ONE, short));
    if !matches!(slo.sli, Sli::TimeSlices { .. }) {
        found.push(errors(name, &slo.name, Decimal::new(5, 1), short));
        found.push(errors(
            name,
            &slo.name,
            Decimal::new(5, 2),
            Duration::hours(1),
        ));
    }
    found.push(quiet(name));
    found
}

/// What pages and what opens a ticket, of any part of a service.
fn of_service(service: &Service, scope: &Scope) -> Vec<Incident> {
    let name = &service.name;
    let mut found: Vec<Incident> = Vec::new();
    let of_slos = service.slos.iter().take(2).flat_map(|slo| {
        let of = |severity| {
            let mut pairs = slo.burn_rate_pairs.iter();
            let pair = pairs.find(move |pair| pair.severity == severity);
            pair.map(|pair| burning(name, slo, pair))
        };
        [of(Severity::Page), of(Severity::Ticket)]
            .into_iter()
            .flatten()
    });
    found.extend(of_slos);
    for severity in [Severity::Page, Severity::Ticket] {
        let mut alerts = service.alerts.iter();
        if let Some(alert) = alerts.find(|alert| alert.severity == severity) {
            let of_alert = series_incidents::of_alert(service, alert, None, scope);
            found.extend(of_alert.into_iter().take(8));
        }
    }
    found
}

/// Error budgets, pages, deployments and times on both sides of the conditions of gates.
fn of_gate<'g>(service: &Service, gates: impl Iterator<Item = &'g Gate>) -> Vec<Incident> {
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
    let quiet_at = |fields: Vec<String>| {
        let mut incident = quiet(name);
        incident.fields = fields;
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
            Condition::Dates { from, zone, .. } => found.push(quiet_at(vec![
                format!("date = \"{from}\""),
                format!("zone = \"{zone}\""),
            ])),
            Condition::Week { spans, zone } => {
                for span in spans {
                    let at = span.from.saturating_add(30) % nth_model::gate::WEEK;
                    found.push(quiet_at(vec![
                        format!("at = {}", time_of_week(at)),
                        format!("zone = \"{zone}\""),
                    ]));
                }
            }
            _ => {}
        }
    }
    // Without data.
    let given = format!("no-data {{ service = {name}  from = {} }}", FROM.to_human());
    found.push(Incident::new(name, vec![given], None));
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
                let given = budget_left(&of.service, &of.slo, share.round_dp(6));
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
                incident.with_field(format!("length = {}", {
                    let length = Duration(FROM.0.saturating_add(window.0));
                    length.to_human()
                }))
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
                    incident.with_field(format!("length = {}", until.to_human()))
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
                let given = (0..count).map(|_| {
                    format!(
                        "deployment {{ service = {name}  at = {} }}",
                        FROM.to_human()
                    )
                });
                let mut incident = Incident::new(name, given.collect(), None);
                if let Some(ago) = ago {
                    let length = Duration(FROM.0.saturating_add(ago.0));
                    incident = incident.with_field(format!("length = {}", length.to_human()));
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
                            format!("deployment {{ service = {name}  at = {} }}", at.to_human())
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
