//! Decisions of gates, and error budgets, in a simulated incident.

use jiff::Timestamp;
use nth_engine::{Labels, is_stale};
use nth_model::test::SloRef;
use nth_model::{Project, RuleLabel, Service, Settings};
use rust_decimal::Decimal;

use super::annotations::single;
use super::incident::Incident;
use crate::backends::policy::{Dependents, policy};
use crate::backends::series_names::BUDGET_REMAINING;
use crate::policy::{self, Decision, Measured, MeasuredValue};

/// How old a sample may be.
const LOOKBACK: i64 = 5 * 60_000;

/// Returns the share of an error budget that is left at a time since the beginning of the test; `None` without data.
pub fn budget_left(incident: &Incident<'_>, slo: &SloRef, at: i64) -> Option<f64> {
    let left = budget_over_time(incident, slo)?;
    left(at)
}

/// Returns the share of an error budget that is left, of several groups the least, as a function of the time since the beginning of the test; `None` if it
/// is not recorded.
pub fn budget_over_time<'i>(
    incident: &'i Incident<'_>,
    slo: &SloRef,
) -> Option<impl Fn(i64) -> Option<f64> + 'i> {
    let simulation = &incident.simulation;
    let is_of_slo = |labels: &Labels| {
        let mut group = slo.group.iter();
        labels.metric() == BUDGET_REMAINING
            && labels.get(RuleLabel::Service.name()) == slo.service
            && labels.get(RuleLabel::Slo.name()) == slo.slo
            && group.all(|(label, value)| labels.get(label) == *value)
    };
    let series: Vec<_> = simulation
        .store
        .iter()
        .filter(|samples| is_of_slo(&samples.labels))
        .collect();
    (!series.is_empty()).then_some(move |at: i64| {
        let at = simulation.begin.saturating_add(at);
        let left = series.iter().filter_map(|series| {
            let known = series.floats.partition_point(|sample| sample.at <= at);
            let last = series.floats.get(known.checked_sub(1)?)?;
            (last.at > at - LOOKBACK && !is_stale(last.value)).then_some(last.value)
        });
        left.reduce(f64::min)
    })
}

/// Decides by a gate at a time since the beginning of the test.
///
/// # Errors
///
/// If the service or the gate is unknown, or a query fails.
pub fn decision(
    incident: &Incident<'_>,
    project: &Project<'_>,
    settings: &Settings,
    (service, gate): (&str, &str),
    at: i64,
) -> Result<Decision, String> {
    let simulation = &incident.simulation;
    let of = project
        .service(service)
        .ok_or_else(|| format!("unknown service `{service}`"))?;
    let services: Vec<&Service> = project.services().collect();
    let policy = policy(of, &Dependents::new(&services), settings);
    let gate = policy
        .gates
        .iter()
        .find(|known| known.name == gate)
        .ok_or_else(|| format!("unknown gate `{gate}` of service `{service}`"))?;
    let at = simulation.begin.saturating_add(at);
    let ask = |query: &str| -> Result<Option<Decimal>, String> {
        let value = single(query, &simulation.store, at)?;
        Ok(value.and_then(exact))
    };
    let mut measured = Measured::new();
    for name in gate.facts() {
        let Some(fact) = policy.facts.get(name) else {
            return Err(format!("no query for {name}"));
        };
        let value = ask(&fact.query)?;
        let coverage = match &fact.coverage {
            Some(of) if value.is_some() => ask(&of.query)?,
            _ => None,
        };
        measured.insert(name.to_owned(), MeasuredValue { value, coverage });
    }
    let now = Timestamp::from_millisecond(at).map_err(|error| error.to_string())?;
    policy::decide(&policy, gate, &measured, now).map_err(|problem| problem.to_string())
}

/// Converts a number as its text in an answer of Prometheus; `None` if it is not finite.
fn exact(value: f64) -> Option<Decimal> {
    if !value.is_finite() {
        return None;
    }
    let text = value.to_string();
    // Numbers smaller than any decimal are zero.
    text.parse::<Decimal>()
        .ok()
        .or_else(|| Decimal::from_scientific(&format!("{value:e}")).ok())
        .or_else(|| (value.abs() < 1.0).then_some(Decimal::ZERO))
}
