//! Incidents as text of the language.

use nth_model::number::{decimal_text, percent_text};
use nth_model::test::{Event, SloRef};

use super::given::{Beginning, Happening, When};
use crate::policy::time_of_week;
use crate::resolve::quote_name;

/// An event as a statement without its name: `errors { slo = checkout.availability  share = 5% }`.
pub fn statement(happening: &Happening) -> String {
    let (kind, mut values): (&str, Vec<String>) = match &happening.event {
        Event::Traffic { service, rate } => (
            "traffic",
            vec![
                of_service(service),
                format!("rate = {}/s", decimal_text(*rate)),
            ],
        ),
        Event::Errors { slo, share } => (
            "errors",
            with_slo(slo, format!("share = {}", percent_text(*share))),
        ),
        Event::Latency { slo, is } => ("slow", with_slo(slo, format!("takes = {is}"))),
        Event::NoData { service } => ("no-data", vec![of_service(service)]),
        Event::TargetDown { service } => ("target-down", vec![of_service(service)]),
        Event::CounterReset { service } => ("counter-reset", vec![of_service(service)]),
        Event::DependencyDown {
            service,
            dependency,
        } if service == dependency => (
            "dependency-down",
            vec![format!("dependency = {}", quote_name(service))],
        ),
        Event::DependencyDown {
            service,
            dependency,
        } => (
            "dependency-down",
            vec![format!(
                "dependency = {}.{}",
                quote_name(service),
                quote_name(dependency)
            )],
        ),
        Event::BudgetLeft { slo, left } => (
            "budget-left",
            with_slo(slo, format!("is = {}", percent_text(*left))),
        ),
        Event::Deployment { service } => ("deployment", vec![of_service(service)]),
        Event::Series { series, values } => (
            "series",
            vec![
                format!("series = `{series}`"),
                format!("values = \"{values}\""),
            ],
        ),
    };
    let begins = match &happening.event {
        Event::Deployment { .. } | Event::Series { .. } | Event::CounterReset { .. } => "at",
        _ => "from",
    };
    if happening.from.0 > 0 {
        values.push(format!("{begins} = {}", happening.from.to_human()));
    }
    if let Some(length) = happening.length {
        values.push(format!("for = {}", length.to_human()));
    }
    format!("{kind} {{ {} }}", values.join("  "))
}

/// The fields of a test that say when it is.
pub fn fields(when: &When) -> Vec<String> {
    let at = when.at.map(|at| match at {
        Beginning::Day(minutes) => format!("at = {:02}:{:02}", minutes / 60, minutes % 60),
        Beginning::Week(minutes) => format!("at = {}", time_of_week(minutes)),
    });
    let date = when.date.map(|date| format!("date = \"{date}\""));
    let zone = when.zone.as_ref().map(|zone| format!("zone = \"{zone}\""));
    let length = when
        .length
        .map(|length| format!("length = {}", length.to_human()));
    [at, date, zone, length].into_iter().flatten().collect()
}

fn of_service(service: &str) -> String {
    format!("service = {}", quote_name(service))
}

/// The fields that name an SLO, and a group of it, before another one.
fn with_slo(slo: &SloRef, field: String) -> Vec<String> {
    let name = format!(
        "slo = {}.{}",
        quote_name(&slo.service),
        quote_name(&slo.slo)
    );
    let group = (!slo.group.is_empty()).then(|| format!("group = {}", group(slo)));
    [Some(name), group, Some(field)]
        .into_iter()
        .flatten()
        .collect()
}

/// The labels of a group as a map of the language: `{ route = "/search" }`.
pub fn group(slo: &SloRef) -> String {
    let labels = slo.group.iter().map(|(label, value)| {
        let quoted = quote_name(value);
        match quoted.starts_with('"') {
            true => format!("{label} = {quoted}"),
            false => format!("{label} = \"{quoted}\""),
        }
    });
    let labels: Vec<String> = labels.collect();
    format!("{{ {} }}", labels.join("  "))
}
