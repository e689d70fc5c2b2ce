//! Lowers contracts: what is promised outside about the SLI of an SLO.

use rust_decimal::Decimal;

use super::budget_alerts::{budget_alerts, slo_severities};
use super::read::{Surroundings, duration, report, text};
use crate::codes;
use crate::db::{Diag, Span};
use crate::eval::{Instance, Value};
use crate::schema::names::{field, kind};
use nth_model as ir;
use nth_model::number::percent_text;

/// Lowers the contracts of an SLO, and reports those that it cannot have.
pub(super) fn lower(
    slo: &Instance,
    lowered: &ir::Slo,
    surroundings: &Surroundings<'_>,
    diagnostics: &mut Vec<Diag>,
) -> Vec<ir::Contract> {
    slo.children_of(kind::CONTRACT)
        .filter_map(|block| contract((slo, block), lowered, surroundings, diagnostics))
        .collect()
}

fn contract(
    (slo, block): (&Instance, &Instance),
    lowered: &ir::Slo,
    surroundings: &Surroundings<'_>,
    diagnostics: &mut Vec<Diag>,
) -> Option<ir::Contract> {
    let Value::Percent(percent) = block.get(field::OBJECTIVE) else {
        return None;
    };
    let objective = percent.checked_div(Decimal::ONE_HUNDRED)?.normalize();
    if let Some(found) = promises_more((slo, block), objective, lowered, surroundings) {
        report(block, diagnostics, found);
        return None;
    }
    let (window, calendar) = match window(block, lowered) {
        Ok(found) => found,
        Err(found) => {
            report(block, diagnostics, *found);
            return None;
        }
    };
    let severities = slo_severities(block, surroundings, diagnostics);
    Some(ir::Contract {
        name: block.name.clone(),
        with: text(block.get(field::WITH))?,
        description: text(block.get(field::DESCRIPTION))
            .or_else(|| block.doc.as_ref().map(|doc| doc.trim().to_owned())),
        objective,
        window,
        calendar,
        alerts: budget_alerts(block, &severities),
        remedy: text(block.get(field::REMEDY)),
    })
}

/// Diagnostic about a contract with a higher objective than that of its SLO, or of some of its groups.
fn promises_more(
    (slo, block): (&Instance, &Instance),
    objective: Decimal,
    lowered: &ir::Slo,
    surroundings: &Surroundings<'_>,
) -> Option<Diag> {
    let lowest = lowered.own_objectives().iter();
    let lowest = lowest.min_by_key(|own| own.objective);
    let lowest = lowest.filter(|own| own.objective < lowered.objective);
    let limit = lowest.map_or(lowered.objective, |own| own.objective);
    if objective <= limit {
        return None;
    }
    let (whose, place) = match lowest {
        Some(own) => {
            let mut groups = slo.children_of(kind::GROUP);
            let group = groups.find(|group| group.name == own.name);
            (
                format!("group `{}`", own.name),
                group.map(|group| group.span_of(field::OBJECTIVE)),
            )
        }
        None => (
            format!("SLO `{}`", slo.name),
            Some(slo.span_of(field::OBJECTIVE)),
        ),
    };
    let mut found = invalid(
        format!(
            "the objective of contract `{}`, {}, is above that of {whose}, {}",
            block.name,
            percent_text(objective),
            percent_text(limit)
        ),
        block.span_of(field::OBJECTIVE),
    )
    .label(format!("expected at most {}", percent_text(limit)));
    if let Some(place) = place {
        found = found.because(
            place,
            format!("objective of {whose}: {}", percent_text(limit)),
        );
    }
    let elsewhere = match surroundings.environment {
        Some(environment) => {
            format!(
                ", or restrict the contract with `only_in` to environments other than `{environment}`"
            )
        }
        None => String::new(),
    };
    Some(found.help(format!(
        "set `objective = {}` in the contract{} raise that of {whose}{elsewhere}",
        percent_text(limit),
        if elsewhere.is_empty() { ", or" } else { "," }
    )))
}

type Window = (ir::Duration, Option<ir::CalendarWindow>);

/// The window that a contract is promised for: its own, or that of its SLO.
fn window(block: &Instance, lowered: &ir::Slo) -> Result<Window, Box<Diag>> {
    let own = duration(block.get(field::WINDOW));
    let unit = match block.get(field::CALENDAR) {
        Value::Enum(_, unit) => ir::CalendarUnit::named(unit),
        _ => None,
    };
    let zone = text(block.get(field::ZONE));
    match (own, unit) {
        (Some(window), None) => rolling(block, window, zone),
        // Both are an error, which was reported.
        (_, unit) => {
            let inherited = lowered.calendar.as_ref();
            let Some(unit) = unit.or_else(|| inherited.map(|calendar| calendar.unit)) else {
                return rolling(block, lowered.window, zone);
            };
            let zone = zone.or_else(|| inherited.map(|calendar| calendar.zone.clone()));
            let calendar = ir::CalendarWindow {
                unit,
                zone: zone.unwrap_or_else(|| "UTC".to_owned()),
            };
            Ok((unit.nominal(), Some(calendar)))
        }
    }
}

fn rolling(
    block: &Instance,
    window: ir::Duration,
    zone: Option<String>,
) -> Result<Window, Box<Diag>> {
    if zone.is_none() {
        return Ok((window, None));
    }
    Err(Box::new(
        Diag::new(
            &codes::ZONE_WITHOUT_CALENDAR,
            format!(
                "`zone` has no effect: the window of contract `{}` rolls",
                block.name
            ),
            block.span_of(field::ZONE),
        )
        .help("set `calendar = month`, or remove `zone`"),
    ))
}

fn invalid(message: impl Into<String>, place: Span) -> Diag {
    Diag::new(&codes::INVALID_CONTRACT, message, place)
}
