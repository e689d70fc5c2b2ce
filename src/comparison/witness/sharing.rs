//! The same change at many services: what is searched for one shows it for all that are equal apart from their names.

use std::fmt::Write as _;

use nth_model::gate::Gate;
use nth_model::test::{Event, SloRef};
use nth_model::{Alert, Service, Sli, Slo};
use smol_str::SmolStr;

use super::part::Part;
use crate::testing::incidents::Incident;

/// The part in both versions as a text in which the names of its service are hidden; `None` if it is not of one service.
pub fn signature(part: &Part<'_>) -> Option<String> {
    let (owners, texts) = match part {
        Part::Slo(owners, both) => (owners, both.map(|slo| slo.map(of_slo))),
        Part::Alert(owners, both) => (owners, both.map(|alert| alert.map(of_alert))),
        Part::Gate(..) | Part::Service(_) | Part::Team(_) | Part::Project(_) => return None,
    };
    let mut text = String::new();
    for (service, part) in owners.iter().zip(texts) {
        let part = part.unwrap_or_default();
        let hidden = service.map_or(part.clone(), |service| hide(service, &part));
        let _ = writeln!(text, "{hidden}");
    }
    Some(text)
}

fn of_slo(slo: &Slo) -> String {
    let queries = match &slo.sli {
        Sli::Events {
            numerator, total, ..
        } => {
            let (nth_model::Numerator::Bad(part) | nth_model::Numerator::Good(part)) = numerator;
            let is_bad = matches!(numerator, nth_model::Numerator::Bad(_));
            format!("events {is_bad} {part} {total}")
        }
        Sli::TimeSlices { good } => format!("slices {good}"),
        Sli::ErrorRatio { ratio, total } => match total {
            Some(total) => format!("ratio {ratio} {total}"),
            None => format!("ratio {ratio}"),
        },
    };
    let missing: Vec<String> = { slo.missing_data_alerts.iter() }
        .map(|alert| {
            let up = alert.up.as_ref().map(ToString::to_string);
            let (cause, hold, severity) = (alert.cause, alert.hold, &alert.severity);
            // Not as a value of Rust, which would escape the names that are hidden.
            format!("{cause:?} {} {hold} {severity:?}", up.unwrap_or_default())
        })
        .collect();
    let missing = missing.join(", ");
    let under = slo.histogram.as_ref().map(|histogram| histogram.under);
    format!(
        "{} {} {} {queries} {:?} {:?} {:?} {:?} {missing} {under:?} {} {:?} {:?}",
        slo.name,
        slo.objective.normalize(),
        slo.window,
        slo.burn_rate_pairs,
        slo.min_events,
        slo.min_bad_events,
        slo.budget_alerts,
        slo.is_consistent,
        slo.grouping,
        slo.contracts,
    )
}

fn of_alert(alert: &Alert) -> String {
    format!(
        "{} {} {} {:?} {:?} {:?}",
        alert.name,
        alert.when,
        alert.hold(),
        alert.keep_firing,
        alert.limit,
        alert.severity
    )
}

/// Hides the values of a service's selector, and its name.
fn hide(service: &Service, text: &str) -> String {
    let matchers: Vec<_> = service.selector.matchers().collect();
    let mut values: Vec<&str> = matchers
        .iter()
        .filter_map(|matcher| matcher.value.text())
        .collect();
    values.push(&service.name);
    values.sort_unstable_by_key(|value| std::cmp::Reverse(value.len()));
    values.into_iter().fold(text.to_owned(), |text, value| {
        text.replace(&format!("\"{value}\""), "\"*\"")
    })
}

/// The incident of another service, whose series are not written by hand; `None` if it has such series.
pub fn renamed(incident: &Incident, from: &SmolStr, to: &SmolStr) -> Option<Incident> {
    let service = |name: &SmolStr| {
        if name == from {
            to.clone()
        } else {
            name.clone()
        }
    };
    let of_slo = |slo: &SloRef| SloRef {
        service: service(&slo.service),
        slo: slo.slo.clone(),
        group: slo.group.clone(),
    };
    let mut renamed = incident.clone();
    for happening in &mut renamed.given {
        match &mut happening.event {
            Event::Traffic { service: of, .. }
            | Event::NoData { service: of }
            | Event::TargetDown { service: of }
            | Event::CounterReset { service: of }
            | Event::Deployment { service: of }
            | Event::DependencyDown { service: of, .. } => *of = service(of),
            Event::Errors { slo, .. }
            | Event::Latency { slo, .. }
            | Event::BudgetLeft { slo, .. } => *slo = of_slo(slo),
            Event::Series { .. } => return None,
        }
    }
    renamed.services = incident.services.iter().map(service).collect();
    Some(renamed)
}

/// The names of the gates' services: those whose budgets and alerts they read, and those that their service depends on.
pub fn read_by(service: &Service, gates: [Option<&Gate>; 2]) -> Vec<SmolStr> {
    use nth_model::gate::Fact;
    let mut names: Vec<SmolStr> = Vec::new();
    for gate in gates.into_iter().flatten() {
        for rule in &gate.rules {
            for fact in rule.when.facts() {
                if let Fact::Budget(of) | Fact::BudgetTime(of) | Fact::Burn(of, _) = fact {
                    names.push(of.service.clone());
                }
            }
        }
    }
    let needed = service.dependencies.iter();
    names.extend(needed.filter_map(|dependency| dependency.service.clone()));
    names
}
