//! The measured facts as a document, for policies in Rego.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::value::RawValue;

use super::decide::KnownShare;
use super::document::{Condition, Gate, Policy, Unreadable, VERSION, zone};
use super::rounding;
use super::text::time_of_week;
use super::truth::{Measured, minute_of_week};

/// The input of a policy in Rego.
#[derive(Debug, Serialize)]
pub struct Facts {
    /// The version of the document, which is that of the policies.
    pub version: u32,
    /// The name of the project.
    pub project: String,
    /// The name of the service.
    pub service: String,
    /// The name of the environment; empty if the project declares none.
    pub environment: String,
    /// The name of the gate.
    pub gate: String,
    /// The time of the decision.
    pub at: Timestamp,
    /// The time of the decision in seconds since 1970.
    pub now: i64,
    /// The local time in each zone that the gate names.
    pub zones: BTreeMap<String, LocalTime>,
    /// The measured facts by name.
    pub facts: BTreeMap<String, MeasuredFact>,
}

/// A local time.
#[derive(Debug, Serialize)]
pub struct LocalTime {
    /// The day, `2026-12-24`.
    pub date: String,
    /// Day and time in readable form.
    pub time: String,
    /// Minutes since Monday 00:00.
    pub minute_of_week: u16,
}

/// A measured fact.
#[derive(Debug, Serialize)]
pub struct MeasuredFact {
    /// The value in the fact's unit, exact; `null` if there is no data.
    pub value: Option<Box<RawValue>>,
    /// The value in readable form, never on the other side of a limit with which the gate compares it.
    pub shown: Option<String>,
    /// The known share of its window, if that is not all of it.
    pub known: Option<KnownShare>,
    /// The query of the value.
    pub query: String,
}

/// Creates the document for a gate.
///
/// # Errors
///
/// If the gate names an unknown time zone.
pub fn facts(
    policy: &Policy,
    gate: &Gate,
    measured: &Measured,
    at: Timestamp,
) -> Result<Facts, Unreadable> {
    let mut zones = BTreeMap::new();
    for rule in &gate.rules {
        named_zones(&rule.when, &mut |name| {
            let minute = minute_of_week(at, name)?;
            let local = LocalTime {
                date: at.to_zoned_datetime(zone(name)?).date().to_string(),
                time: time_of_week(minute),
                minute_of_week: minute,
            };
            zones.insert(name.to_owned(), local);
            Ok(())
        })?;
    }
    let shown = rounding::display_values(policy, gate, measured);
    let facts = policy
        .facts
        .iter()
        .filter(|(name, _)| measured.contains_key(*name))
        .map(|(name, fact)| {
            let of = measured.get(name).copied().unwrap_or_default();
            let value = of.value;
            // The text of a decimal is a number in JSON, digit for digit.
            let value =
                value.and_then(|value| RawValue::from_string(value.normalize().to_string()).ok());
            let query = fact.query.clone();
            let fact = MeasuredFact {
                value,
                shown: shown.get(name).cloned(),
                known: KnownShare::for_fact(name, fact, &of),
                query,
            };
            (name.clone(), fact)
        })
        .collect();
    Ok(Facts {
        version: VERSION,
        project: policy.project.clone(),
        service: policy.service.clone(),
        environment: policy.environment.clone().unwrap_or_default(),
        gate: gate.name.clone(),
        at,
        now: at.as_second(),
        zones,
        facts,
    })
}

fn named_zones(
    condition: &Condition,
    see: &mut dyn FnMut(&str) -> Result<(), Unreadable>,
) -> Result<(), Unreadable> {
    match condition {
        Condition::Not(inner) => named_zones(inner, see),
        Condition::All(parts) | Condition::Any(parts) => {
            parts.iter().try_for_each(|part| named_zones(part, see))
        }
        Condition::Dates { zone, .. } | Condition::Week { zone, .. } => see(zone),
        Condition::Constant(_) | Condition::Compare(_) => Ok(()),
    }
}
