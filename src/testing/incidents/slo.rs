//! Incidents of an SLO.

use nth_model::test::{Event, SloRef};
use nth_model::{Duration, Response, Service, Sli, Slo};
use rust_decimal::Decimal;
use rust_decimal::prelude::{FromPrimitive as _, ToPrimitive as _};
use smol_str::SmolStr;

use super::given::{Happening, Incident};
use super::groups::of_groups;

/// What may differ between two versions of an SLO, besides the thresholds of its burn-rate alerts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Aspects {
    /// The objective or the burn-rate alerts.
    pub burn_rates: bool,
    /// The alerts on the consumed budget.
    pub budgets: bool,
    /// The missing-data alerts.
    pub missing_data: bool,
    /// How many events alerts need.
    pub traffic: bool,
}

impl Aspects {
    /// What differs between two versions.
    pub fn between(one: &Slo, other: &Slo) -> Self {
        Self {
            burn_rates: one.objective != other.objective
                || one.burn_rate_pairs != other.burn_rate_pairs,
            budgets: one.budget_alerts != other.budget_alerts || one.contracts != other.contracts,
            missing_data: one.missing_data_alerts != other.missing_data_alerts,
            traffic: one.min_events != other.min_events
                || one.min_bad_events != other.min_bad_events,
        }
    }
}

fn reference(service: &SmolStr, slo: &str) -> SloRef {
    SloRef {
        service: service.clone(),
        slo: slo.into(),
        group: std::collections::BTreeMap::new(),
    }
}

/// A share of an SLO's events is bad for a time.
pub fn errors(service: &SmolStr, slo: &str, share: Decimal, length: Duration) -> Incident {
    let event = Event::Errors {
        slo: reference(service, slo),
        share: share.normalize(),
    };
    Incident::new(
        service,
        vec![Happening::new(event, Some(length))],
        Some(length),
    )
}

/// A service has so many events per second.
pub fn traffic(service: &SmolStr, rate: Decimal) -> Happening {
    Happening::always(Event::Traffic {
        service: service.clone(),
        rate: rate.normalize(),
    })
}

/// So much of an error budget is left when the incident begins.
pub fn budget_left(service: &SmolStr, slo: &str, left: Decimal) -> Happening {
    Happening::always(Event::BudgetLeft {
        slo: reference(service, slo),
        left: left.normalize(),
    })
}

/// Nothing but events.
pub fn quiet(service: &SmolStr) -> Incident {
    let rate = Decimal::from(200);
    Incident::new(service, vec![traffic(service, rate)], None).at_the_beginning()
}

/// The share and the time with which an alert of a pair certainly fires: fast, so that the test is short.
pub fn burning(service: &SmolStr, slo: &Slo, pair: &nth_model::burn_rate::Pair) -> Incident {
    let threshold = pair.threshold(slo.objective);
    let share = (threshold * Decimal::TEN).min(Decimal::ONE);
    let needed = Decimal::from(pair.long.0) * threshold / share;
    let least = Decimal::from(pair.short.0);
    let minutes = (needed.max(least) / Decimal::from(60_000)).ceil();
    let minutes: u64 = minutes.try_into().unwrap_or(60);
    let margin = match pair.severity.response() {
        Response::Page => 8,
        Response::Ticket => 15,
    };
    let hold = pair.hold.0.div_ceil(60_000) + margin;
    errors(service, &slo.name, share, Duration::minutes(minutes + hold))
}

/// Incidents in which two versions of an SLO may behave differently, the most probable first: `slo` is the one that notices more.
/// If the objectives of groups differ, they begin with those of these groups.
pub fn of_slo(aspects: Aspects, service: &Service, slo: &Slo, other: &Slo) -> Vec<Incident> {
    let in_groups = of_groups(slo, Some(other), &|slo, other| {
        let other = other.unwrap_or(slo);
        of_all(aspects, service, slo, other)
    });
    let of_all = of_all(aspects, service, slo, other);
    in_groups.into_iter().chain(of_all).collect()
}

/// Incidents of all events of an SLO.
fn of_all(aspects: Aspects, service: &Service, slo: &Slo, other: &Slo) -> Vec<Incident> {
    let name = &service.name;
    let lost_pairs = slo
        .burn_rate_pairs
        .iter()
        .filter(|pair| !other.burn_rate_pairs.contains(pair));
    let mut found: Vec<Incident> = Vec::new();
    // Between the thresholds of both.
    let between = slo.burn_rate_pairs.iter().filter_map(|pair| {
        let (one, other) = (
            pair.threshold(slo.objective),
            pair.threshold(other.objective),
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
    if aspects.burn_rates {
        found.extend(lost_pairs.map(|pair| burning(name, slo, pair)));
    }
    if aspects.budgets {
        let lost = slo
            .budget_alerts
            .iter()
            .filter(|alert| !other.budget_alerts.contains(alert));
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
    if aspects.budgets {
        let alerts = slo.contracts.iter().flat_map(|contract| {
            let alerts = contract.alerts.iter();
            alerts.map(move |alert| (contract.objective, alert.consumed))
        });
        found.extend(alerts.filter_map(|(objective, consumed)| {
            let budget = Decimal::ONE - objective;
            let consumed = (consumed * budget).checked_div(slo.error_budget())?;
            let left = Decimal::ONE - consumed - Decimal::new(5, 3);
            let past = budget_left(name, &slo.name, left);
            Some(Incident::new(name, vec![past], None).at_the_beginning())
        }));
    }
    if aspects.missing_data {
        let holds = slo.missing_data_alerts.iter().map(|alert| alert.hold);
        for hold in holds {
            let length = Duration(hold.0.saturating_add(20 * 60_000));
            let of = || name.clone();
            for event in [
                Event::NoData { service: of() },
                Event::TargetDown { service: of() },
            ] {
                let given = Happening::new(event, Some(length));
                found.push(Incident::new(name, vec![given], Some(length)));
            }
        }
    }
    if aspects.traffic {
        for rate in [Decimal::new(1, 2), Decimal::new(5, 2), Decimal::new(1, 1)] {
            let mut one = errors(name, &slo.name, Decimal::ONE, Duration::minutes(1));
            one.given.insert(0, traffic(name, rate));
            found.push(one);
        }
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
