//! The incidents that are tried for a change, the most probable first.

use std::collections::HashSet;

use nth_diff::{Change, ChangeId};
use nth_model::test::Event;
use nth_model::{Alert, Duration, Service};

use super::objectives::{self, Kind};
use super::outcome::Direction;
use super::part::{Owners, Part};
use super::{gates, words};
use crate::testing::incidents::{
    Beginning, Happening, Incident, Scope, limits, of_alert, of_service, rounded,
};

/// How long is watched after the last event.
const AFTERMATH: Duration = Duration::hours(1);

/// The most series of an alert with a limit.
const MOST_SERIES: u32 = 60;

/// Returns incidents in which the change of a part may show in a direction.
pub fn incidents(
    change: &Change,
    part: &Part<'_>,
    direction: Direction,
    (scope, most): (&Scope, usize),
) -> Vec<Incident> {
    // The version that notices more, and the other one.
    let (more, less) = match direction {
        Direction::Loosened => (0, 1),
        Direction::Tightened => (1, 0),
    };
    let mut found = match part {
        Part::Slo(owners, both) => match (pick(owners, more), pick(both, more)) {
            (Some(service), Some(slo)) => {
                let kind = kind(change.id);
                objectives::incidents(kind, (service, slo), pick(both, less), scope)
            }
            _ => Vec::new(),
        },
        Part::Alert(owners, both) => match (pick(owners, more), pick(both, more)) {
            (Some(service), Some(alert)) => of_alerts(service, alert, pick(both, less), scope),
            _ => Vec::new(),
        },
        Part::Gate(owners, both) => match pick(owners, more).or_else(|| pick(owners, less)) {
            Some(service) => gates::incidents(service, *both),
            None => Vec::new(),
        },
        Part::Service(owners) => of_owners(owners, more, scope),
        Part::Team(all) | Part::Project(all) => { all.iter() }
            .flat_map(|owners| of_owners(owners, more, scope).into_iter().take(most / 2))
            .collect(),
    };
    for incident in &mut found {
        complete(incident);
    }
    found.retain(has_different_series);
    let mut seen = HashSet::new();
    found.retain(|incident| seen.insert(incident.clone()));
    found.truncate(most);
    found
}

fn pick<'a, T>(both: &[Option<&'a T>; 2], index: usize) -> Option<&'a T> {
    both.get(index).copied().flatten()
}

fn kind(id: ChangeId) -> Kind {
    use ChangeId as Id;
    match id {
        Id::LatencyThresholdRaised | Id::LatencyThresholdLowered => Kind::Latency,
        Id::MinEventsRaised
        | Id::MinEventsLowered
        | Id::MinBadEventsRaised
        | Id::MinBadEventsLowered => Kind::Traffic,
        Id::BudgetAlertRemoved | Id::BudgetAlertAdded => Kind::Budget,
        Id::MissingDataAlertRemoved
        | Id::MissingDataAlertAdded
        | Id::MissingDataDelayed
        | Id::MissingDataHastened
        | Id::MissingDataQueryChanged => Kind::Missing,
        Id::ConsistencyCheckAdded | Id::ConsistencyCheckRemoved => Kind::Contradiction,
        _ => Kind::Burn,
    }
}

fn of_owners(owners: &Owners<'_>, more: usize, scope: &Scope) -> Vec<Incident> {
    let service = pick(owners, more).or_else(|| owners.iter().flatten().next().copied());
    service.map_or_else(Vec::new, |service| of_service(service, scope))
}

/// Incidents of a custom alert in both versions: `alert` notices more.
fn of_alerts(
    service: &Service,
    alert: &Alert,
    other: Option<&Alert>,
    scope: &Scope,
) -> Vec<Incident> {
    let mut found = Vec::new();
    let of = |one: &Alert, other| -> Vec<Incident> {
        let limits = limits(&one.when);
        let all = of_alert(service, one, other, scope).into_iter();
        all.map(|incident| plausible(incident, &limits)).collect()
    };
    let one = of(alert, other);
    let Some(other) = other else {
        return one;
    };
    if let Some(limit) = other.limit
        && alert.limit.is_none_or(|own| own > limit)
        && limit < MOST_SERIES
    {
        found.extend(several(service, &one, limit + 1));
    }
    let reversed = of(other, Some(alert));
    let (first, second) = match alert.hold() < other.hold() {
        true => (reversed, one),
        false => (one, reversed),
    };
    let (mut first, mut second) = (first.into_iter(), second.into_iter());
    loop {
        match (first.next(), second.next()) {
            (None, None) => return found,
            (one, other) => found.extend(one.into_iter().chain(other)),
        }
    }
}

/// Replaces values that are far beyond a limit by closer ones: half as much again, and never more than 1 beyond a share.
fn plausible(mut incident: Incident, limits: &[f64]) -> Incident {
    for happening in &mut incident.given {
        let Event::Series { values, .. } = &mut happening.event else {
            continue;
        };
        let Some((value, count)) = values.split_once('x') else {
            continue;
        };
        let Ok(value) = value.parse::<f64>() else {
            continue;
        };
        let is_far = |limit: &&f64| **limit > 0.0 && (value - (**limit * 2.0 + 1.0)).abs() < 0.01;
        let closer = limits.iter().find(is_far).map(|limit| match *limit {
            0.0..1.0 => f64::midpoint(*limit, 1.0),
            10.0.. => limit * 1.5,
            _ => value,
        });
        if let Some(closer) = closer {
            *values = format!("{}x{count}", rounded(closer));
        }
    }
    incident
}

/// The first incidents of an alert with so many series.
fn several(service: &Service, incidents: &[Incident], count: u32) -> Vec<Incident> {
    let of_one = incidents
        .iter()
        .filter(|incident| incident.given.len() == 1);
    of_one
        .take(4)
        .filter_map(|incident| {
            let happening = incident.given.first()?;
            let Event::Series { series, values } = &happening.event else {
                return None;
            };
            let given = (1..=count).map(|number| {
                let label = format!("instance=\"{number}\"");
                let series = match series.strip_suffix('}') {
                    Some(start) => format!("{start}, {label}}}"),
                    None => format!("{series}{{{label}}}"),
                };
                Happening {
                    event: Event::Series {
                        series,
                        values: values.clone(),
                    },
                    ..happening.clone()
                }
            });
            let length = incident.until?.0.saturating_sub(incident.from.0);
            Some(Incident::new(
                &service.name,
                given.collect(),
                Some(Duration(length)),
            ))
        })
        .collect()
}

/// True if no series has values of two events.
fn has_different_series(incident: &Incident) -> bool {
    let mut seen = HashSet::new();
    incident
        .given
        .iter()
        .all(|happening| match &happening.event {
            Event::Series { series, .. } => seen.insert(series),
            _ => true,
        })
}

/// Sets when an incident is, and how long it is watched, unless it says so.
fn complete(incident: &mut Incident) {
    if incident.when.length.is_none() {
        let ends = incident.given.iter().map(|happening| {
            let length = happening.length.unwrap_or(Duration(0));
            Duration(happening.from.0.saturating_add(length.0))
        });
        let last = ends.chain(incident.until).max().unwrap_or(Duration(0));
        incident.when.length = Some(Duration(last.0.saturating_add(AFTERMATH.0)));
    }
    let when = &mut incident.when;
    if when.at.is_none() {
        when.at = Some(match when.date {
            Some(_) => Beginning::Day(12 * 60),
            None => words::NIGHT,
        });
    }
}
