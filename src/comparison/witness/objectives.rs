//! Incidents that one version of an SLO notices, and the other one later or not at all.

use nth_model::burn_rate::Pair;
use nth_model::test::{Event, SloRef};
use nth_model::{Duration, MissingDataAlert, Numerator, Response, Service, Sli, Slo};
use nth_promql::Expr;
use rust_decimal::Decimal;
use rust_decimal::prelude::{FromPrimitive as _, ToPrimitive as _};

use crate::testing::incidents::{
    Aspects, Happening, Incident, Scope, budget_left, errors, of_groups, of_slo, rounded, traffic,
};

/// The longest incident that is tried.
const LONGEST: f64 = 4.0 * 24.0 * 60.0;

/// How long an incident usually lasts.
const TYPICAL: Duration = Duration::minutes(40);

/// The kinds of incidents of an SLO, in an order that a change chooses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Errors that burn the budget.
    Burn,
    /// Events that take long.
    Latency,
    /// Few events.
    Traffic,
    /// A budget that is nearly consumed.
    Budget,
    /// No data.
    Missing,
    /// More good or bad events than there are.
    Contradiction,
}

/// Returns incidents that `slo` notices, and `other` later or not at all: those of the first kind first.
pub fn incidents(
    first: Kind,
    (service, slo): (&Service, &Slo),
    other: Option<&Slo>,
    scope: &Scope,
) -> Vec<Incident> {
    let rest = [
        Kind::Latency,
        Kind::Burn,
        Kind::Missing,
        Kind::Budget,
        Kind::Traffic,
        Kind::Contradiction,
    ];
    let kinds = std::iter::once(first).chain(rest.into_iter().filter(|kind| *kind != first));
    let mut found = of_groups(slo, other, &|slo, other| {
        let burns = burns(service, slo, other).into_iter().take(6);
        burns
            .chain(budgets(service, slo, other).into_iter().take(2))
            .collect()
    });
    for (place, kind) in kinds.enumerate() {
        let of_kind = match kind {
            Kind::Burn => burns(service, slo, other),
            Kind::Latency => latencies(service, slo, other),
            Kind::Traffic => few_events(service, slo, other),
            Kind::Budget => budgets(service, slo, other),
            Kind::Missing => missing(service, slo, other, scope),
            Kind::Contradiction => contradictions(service, slo, other, scope),
        };
        // What the change is about has the most room.
        let most = if place == 0 { 6 } else { 2 };
        found.extend(of_kind.into_iter().take(most));
    }
    if let Some(other) = other {
        found.extend(of_slo(Aspects::between(slo, other), service, slo, other));
    }
    found
}

fn float(number: Decimal) -> f64 {
    number.to_f64().unwrap_or(f64::NAN)
}

fn minutes(duration: Duration) -> f64 {
    Decimal::from(duration.0)
        .checked_div(Decimal::from(60_000))
        .map_or(0.0, float)
}

fn whole(minutes: f64) -> Duration {
    let step = if minutes > 120.0 { 5.0 } else { 1.0 };
    let rounded = Decimal::from_f64((minutes / step).ceil() * step);
    let rounded = rounded.and_then(|minutes| minutes.to_u64());
    Duration::minutes(rounded.unwrap_or(1).max(1))
}

/// A share of two digits that is at least this one.
fn share(share: f64) -> Option<Decimal> {
    let share = Decimal::from_f64(share.min(1.0))?;
    let rounded = share.round_sf(2)?;
    let next = if rounded < share {
        (share * Decimal::new(105, 2)).round_sf(2)?
    } else {
        rounded
    };
    Some(next.min(Decimal::ONE))
}

/// After how many minutes a pair is exceeded by a constant share, later by as much as it must hold for longer than alerts of its
/// severity usually do; `None` if it never is.
fn exceeded(pair: &Pair, objective: Decimal, share: Decimal) -> Option<f64> {
    let threshold = pair.threshold(objective);
    let longer = pair.hold.0.saturating_sub(pair.severity.default_hold().0);
    (share > threshold && threshold > Decimal::ZERO)
        .then(|| minutes(pair.long) * float(threshold) / float(share) + minutes(Duration(longer)))
}

/// Errors for which a pair of `slo` fires, and those of the other one later or not at all: the clearest first, and
/// those that last as long as incidents usually do.
fn burns(service: &Service, slo: &Slo, other: Option<&Slo>) -> Vec<Incident> {
    let mut found: Vec<(bool, u64, Incident)> = Vec::new();
    for pair in &slo.burn_rate_pairs {
        let threshold = pair.threshold(slo.objective);
        let is_kept = other.is_some_and(|other| {
            let mut pairs = other.burn_rate_pairs.iter();
            pairs.any(|known| known == pair && known.threshold(other.objective) == threshold)
        });
        if is_kept {
            continue;
        }
        for factor in [1.3, 2.0, 4.0, 10.0] {
            let Some(share) = share(float(threshold) * factor) else {
                continue;
            };
            let Some(fires) = exceeded(pair, slo.objective, share) else {
                continue;
            };
            let others = other.iter().flat_map(|other| {
                let pairs = other.burn_rate_pairs.iter();
                let as_loud = pairs.filter(|known| known.severity <= pair.severity);
                as_loud.filter_map(|known| exceeded(known, other.objective, share))
            });
            let later = others.fold(f64::INFINITY, f64::min);
            // Alerts need the time of an evaluation or two, and their notification another one.
            let least = fires + 5.0;
            if later < fires * 1.1 {
                continue;
            }
            let hold = match pair.severity.response() {
                Response::Page => 20.0,
                Response::Ticket => 40.0,
            };
            // A ticket hardly matters while a page is sent for the same.
            let louder = slo.burn_rate_pairs.iter();
            let louder = louder.filter(|known| known.severity < pair.severity);
            let louder = louder.filter_map(|known| exceeded(known, slo.objective, share));
            let is_clear = least < later && louder.fold(f64::INFINITY, f64::min) > least;
            let length = match is_clear {
                true => (fires + hold).min((least + later) / 2.0),
                false => fires + hold,
            };
            if length <= LONGEST {
                let length = whole(length);
                let incident = errors(&service.name, &slo.name, share, length);
                found.push((!is_clear, length.0.abs_diff(TYPICAL.0), incident));
            }
        }
    }
    found.sort_by_key(|(is_unclear, distance, _)| (*is_unclear, *distance));
    found.into_iter().map(|(_, _, incident)| incident).collect()
}

/// How long everything must be bad for the fastest alert.
fn outage(slo: &Slo) -> Duration {
    let fastest = slo
        .burn_rate_pairs
        .iter()
        .filter_map(|pair| exceeded(pair, slo.objective, Decimal::ONE));
    let fastest = fastest.fold(f64::INFINITY, f64::min);
    whole(if fastest.is_finite() {
        fastest + 20.0
    } else {
        30.0
    })
}

/// Events that take longer than one threshold and less long than the other.
fn latencies(service: &Service, slo: &Slo, other: Option<&Slo>) -> Vec<Incident> {
    let Some(under) = slo.histogram.as_ref().map(|histogram| histogram.under) else {
        return Vec::new();
    };
    let over = match other.and_then(|other| other.histogram.as_ref()) {
        Some(other) if other.under > under => other.under,
        Some(_) => return Vec::new(),
        None => Duration(under.0.saturating_mul(2)),
    };
    let middle = Decimal::from(under.0) * Decimal::from(over.0);
    let middle = middle
        .to_f64()
        .and_then(|square| Decimal::from_f64(square.sqrt()));
    let rough = middle.and_then(|middle| middle.round_sf(2)?.to_u64());
    let is = match rough {
        Some(rough) if rough > under.0 && rough < over.0 => Duration(rough),
        _ => Duration(under.0.midpoint(over.0)),
    };
    if is <= under || is >= over {
        return Vec::new();
    }
    let length = outage(slo);
    let event = Event::Latency {
        slo: SloRef {
            service: service.name.clone(),
            slo: slo.name.clone(),
            group: std::collections::BTreeMap::new(),
        },
        is,
    };
    let given = vec![Happening::new(event, Some(length))];
    vec![Incident::new(&service.name, given, Some(length))]
}

/// So few events that only one version considers them enough.
fn few_events(service: &Service, slo: &Slo, other: Option<&Slo>) -> Vec<Incident> {
    let least = |slo: Option<&Slo>, of: fn(&Slo) -> Option<u64>| -> f64 {
        let least = slo.and_then(of).map(Decimal::from);
        least.map_or(1.0, float).max(1.0)
    };
    let outage = outage(slo);
    let lasts = minutes(outage) * 60.0;
    let mut rates: Vec<f64> = Vec::new();
    for (of, seconds) in [
        ((|slo| slo.min_bad_events) as fn(&Slo) -> Option<u64>, lasts),
        (|slo| slo.min_events, 3600.0),
        (|slo| slo.min_events, 6.0 * 3600.0),
        (|slo| slo.min_bad_events, 2.0 * lasts),
    ] {
        let (own, others) = (least(Some(slo), of), least(other, of));
        if own < others {
            rates.push((own * others).sqrt() / seconds);
            rates.push(others * 0.7 / seconds);
        }
    }
    let rates = rates.into_iter().filter_map(Decimal::from_f64);
    let rates = rates.filter_map(|rate| rate.round_sf(2));
    rates
        .filter(|rate| *rate > Decimal::ZERO)
        .map(|rate| {
            let mut incident = errors(&service.name, &slo.name, Decimal::ONE, outage);
            incident.given.insert(0, traffic(&service.name, rate));
            incident
        })
        .collect()
}

/// A slow burn that consumes what is left of the budget until an alert on it.
fn budgets(service: &Service, slo: &Slo, other: Option<&Slo>) -> Vec<Incident> {
    let known = |consumed| {
        let mut all = other.iter().flat_map(|other| &other.budget_alerts);
        all.any(|alert: &nth_model::BudgetAlert| alert.consumed == consumed)
    };
    let mut found = Vec::new();
    let lost: Vec<_> = { slo.budget_alerts.iter() }
        .filter(|alert| !known(alert.consumed))
        .collect();
    // Slower than any alert on the burn rate notices, as far as possible.
    let slowest = slo
        .burn_rate_pairs
        .iter()
        .map(|pair| pair.threshold(slo.objective));
    let slowest = slowest.min().unwrap_or_else(|| slo.error_budget());
    let slow = slowest.min(slo.error_budget() * Decimal::TEN) * Decimal::new(9, 1);
    for (alert, share) in { lost.iter() }
        .flat_map(|alert| [(*alert, slow), (*alert, slo.error_budget() * Decimal::TEN)])
    {
        let Some(share) = share.round_sf(2).map(|share| share.min(Decimal::ONE)) else {
            continue;
        };
        // As much as the errors of two hours consume, and a bit less than until the alert.
        let length = Duration::hours(3);
        let consumes = share / slo.error_budget().max(Decimal::new(1, 9)) * Decimal::from(length.0)
            / Decimal::from(slo.window.0.max(1));
        let rest = (consumes / Decimal::TWO).round_sf(1).unwrap_or(consumes);
        let left = Decimal::ONE - alert.consumed + rest;
        if left > Decimal::ONE || share <= Decimal::ZERO {
            continue;
        }
        let mut incident = errors(&service.name, &slo.name, share, length);
        incident
            .given
            .insert(0, budget_left(&service.name, &slo.name, left));
        found.push(incident);
    }
    for alert in lost {
        let left = Decimal::ONE - alert.consumed - Decimal::new(5, 3);
        let past = budget_left(&service.name, &slo.name, left);
        found.push(Incident::new(&service.name, vec![past], None).at_the_beginning());
    }
    found
}

/// No data for as long as one version needs, and the other one does not.
fn missing(service: &Service, slo: &Slo, other: Option<&Slo>, scope: &Scope) -> Vec<Incident> {
    let counterpart = |alert: &MissingDataAlert| {
        let mut all = other.iter().flat_map(|other| &other.missing_data_alerts);
        all.find(|known| known.cause == alert.cause)
    };
    let mut found = Vec::new();
    for alert in &slo.missing_data_alerts {
        let known = counterpart(alert);
        if known.is_some_and(|known| known.hold <= alert.hold && known.up == alert.up) {
            continue;
        }
        let mut lengths = Vec::new();
        if let Some(known) = known.filter(|known| known.hold > alert.hold) {
            let middle = alert.hold.0.midpoint(known.hold.0);
            // A sample is visible for five minutes.
            lengths.push(Duration(middle.saturating_add(5 * 60_000)));
            lengths.push(Duration(middle));
        }
        lengths.push(Duration(alert.hold.0.saturating_add(20 * 60_000)));
        for length in lengths {
            found.extend(without_data(service, alert, length, scope));
        }
    }
    found
}

fn without_data(
    service: &Service,
    alert: &MissingDataAlert,
    length: Duration,
    scope: &Scope,
) -> Vec<Incident> {
    let name = || service.name.clone();
    let happens = |event| Happening::new(event, Some(length));
    let gone = happens(Event::NoData { service: name() });
    let mut found = Vec::new();
    let up = alert.up.as_ref().map(|up| {
        let selectors = nth_promql::classify::metrics(up);
        let series = selectors.map(|selector| scope.series(selector, None));
        let end = length.0.saturating_add(90 * 60_000);
        let count = end / scope.scrape_interval.0.max(1);
        series
            .map(|series| {
                Happening::always(Event::Series {
                    series,
                    values: format!("1x{count}"),
                })
            })
            .collect::<Vec<_>>()
    });
    if let Some(up) = up {
        let given = std::iter::once(gone.clone()).chain(up).collect();
        found.push(Incident::new(&service.name, given, Some(length)));
    }
    found.push(Incident::new(&service.name, vec![gone], Some(length)));
    let down = happens(Event::TargetDown { service: name() });
    found.push(Incident::new(&service.name, vec![down], Some(length)));
    found
}

/// Twice as many good or bad events as there are.
fn contradictions(
    service: &Service,
    slo: &Slo,
    other: Option<&Slo>,
    scope: &Scope,
) -> Vec<Incident> {
    let Sli::Events {
        numerator, total, ..
    } = &slo.sli
    else {
        return Vec::new();
    };
    if slo.is_consistent || other.is_some_and(|other| !other.is_consistent) {
        return Vec::new();
    }
    let (Numerator::Bad(part) | Numerator::Good(part)) = numerator;
    let length = Duration::minutes(45);
    let step = float(Decimal::from(scope.scrape_interval.0)) / 1000.0;
    let count = length.0 / scope.scrape_interval.0.max(1);
    let counted = |query: &Expr, rate: f64| -> Vec<Happening> {
        let selectors = nth_promql::classify::metrics(query);
        selectors
            .map(|selector| {
                let event = Event::Series {
                    series: scope.series(selector, None),
                    values: format!("0+{}x{count}", rounded(rate * step)),
                };
                Happening::new(event, None)
            })
            .collect()
    };
    let mut given = counted(part, 20.0);
    // What the other version counts, too, of which there are not more than all.
    let other = match other.map(|other| &other.sli) {
        Some(Sli::Events { numerator, .. }) => match numerator {
            Numerator::Good(part) => counted(part, 10.0),
            Numerator::Bad(part) => counted(part, 0.0),
        },
        _ => Vec::new(),
    };
    let metric = |happening: &Happening| match &happening.event {
        Event::Series { series, .. } => series.split('{').next().map(str::to_owned),
        _ => None,
    };
    let is_new = |one: &Happening, known: &[Happening]| {
        known.iter().all(|known| metric(known) != metric(one))
    };
    let of_other: Vec<Happening> = { other.into_iter() }
        .filter(|one| is_new(one, &given))
        .collect();
    given.extend(of_other);
    let whole: Vec<Happening> = { counted(total, 10.0).into_iter() }
        .filter(|one| is_new(one, &given))
        .collect();
    given.extend(whole);
    vec![Incident::new(&service.name, given, Some(length))]
}
