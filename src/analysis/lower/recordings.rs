//! Lowers the recording rules in an SLO, values of the SLO under other names, and checks the names of all recording rules.

use std::collections::BTreeSet;

use super::read::{Surroundings, duration, labels, member, report};
use crate::codes;
use crate::db::Diag;
use crate::eval::{Instance, Value};
use crate::schema::names::{field, kind};
use nth_model as ir;
use nth_model::burn_rate;
use nth_model::{SloRecording, SloValue};

/// Lowers the recording rules of an SLO, and reports invalid ones. `window` is the SLO window.
pub(super) fn lower(
    slo: &Instance,
    window: ir::Duration,
    surroundings: &Surroundings<'_>,
    diagnostics: &mut Vec<Diag>,
) -> Vec<SloRecording> {
    let mut found = Vec::new();
    for block in slo.children_of(kind::RECORDING) {
        check_metric_name(block, diagnostics);
        let Some(value) = value(block, window, surroundings, diagnostics) else {
            continue;
        };
        found.push(SloRecording {
            record: block.name.clone(),
            value,
            labels: labels(block.get(field::LABELS)),
        });
    }
    found
}

fn value(
    block: &Instance,
    slo_window: ir::Duration,
    surroundings: &Surroundings<'_>,
    diagnostics: &mut Vec<Diag>,
) -> Option<SloValue> {
    let name = member(block.get(field::VALUE))?;
    let window = duration(block.get(field::WINDOW));
    let value = match name.as_str() {
        "error-ratio" => {
            let least = burn_rate::least_range(surroundings.scrape_interval);
            if let Some(window) = window
                && !(least..=slo_window).contains(&window)
            {
                let problem = match window < least {
                    true => format!("no error ratio is recorded over {}", window.to_human()),
                    false => format!(
                        "{} is longer than the SLO window of {}",
                        window.to_human(),
                        slo_window.to_human()
                    ),
                };
                let found = Diag::new(
                    &codes::INVALID_SLO_RECORDING,
                    problem,
                    block.span_of(field::WINDOW),
                )
                .help(format!(
                    "use {} to {}",
                    least.to_human(),
                    slo_window.to_human()
                ));
                report(block, diagnostics, found);
                return None;
            }
            return Some(SloValue::ErrorRatio(window));
        }
        "objective" => SloValue::Objective,
        "error-budget" => SloValue::ErrorBudget,
        "burn-rate" => SloValue::BurnRate,
        "budget-consumed" => SloValue::BudgetConsumed,
        "budget-remaining" => SloValue::BudgetRemaining,
        _ => SloValue::Info,
    };
    if *block.get(field::WINDOW) != Value::None {
        let found = Diag::new(
            &codes::INVALID_SLO_RECORDING,
            format!("`window` has no effect: `{name}` has none"),
            block.span_of(field::WINDOW),
        )
        .help("remove `window`, or set `value = error-ratio`");
        report(block, diagnostics, found);
    }
    Some(value)
}

/// Reports recording rules in SLOs with the name of one of the service's own: queries could mean either.
pub(super) fn same_names(service: &Instance, diagnostics: &mut Vec<Diag>) {
    let own: BTreeSet<&str> = service
        .children_of(kind::RECORDING)
        .map(|recording| recording.name.as_str())
        .collect();
    for slo in service.children_of(kind::SLO) {
        for recording in slo.children_of(kind::RECORDING) {
            if own.contains(recording.name.as_str()) {
                let found = Diag::new(
                    &codes::INVALID_SLO_RECORDING,
                    format!(
                        "recording `{}` of SLO `{}` is also one of the service",
                        recording.name, slo.name
                    ),
                    recording.head,
                )
                .help("give one of them another name");
                report(recording, diagnostics, found);
            }
        }
    }
}

/// Reports a recording rule whose name is no metric name, or is one of those of SLOs.
pub(super) fn check_metric_name(recording: &Instance, diagnostics: &mut Vec<Diag>) {
    let mut letters = recording.name.chars();
    let first = letters
        .next()
        .is_some_and(|first| first.is_ascii_alphabetic() || first == '_' || first == ':');
    let own = recording.name.starts_with("slo:");
    if first
        && !own
        && letters.all(|letter| letter.is_ascii_alphanumeric() || letter == '_' || letter == ':')
    {
        return;
    }
    let (message, help) = if own {
        (
            "names that start with `slo:` are reserved for the SLOs' recording rules",
            "start it with its subject, as in `recording \"checkout:queue_depth:max\"`",
        )
    } else {
        (
            "not a valid metric name",
            "use letters, digits, `_` and `:`, as in `recording \"job:queue_depth:max\"`",
        )
    };
    let diagnostic = Diag::new(
        &codes::BAD_TEXT,
        format!("invalid recording name `{}`: {message}", recording.name),
        recording.head,
    )
    .help(help);
    report(recording, diagnostics, diagnostic);
}
