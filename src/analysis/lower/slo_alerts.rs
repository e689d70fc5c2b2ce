//! Lowers `slo-alert` blocks: names, labels and annotations of alerts that are generated for an SLO.

use smol_str::SmolStr;

use super::read::{Surroundings, annotations, duration, labels, report, text};
use crate::codes;
use crate::db::Diag;
use crate::eval::{Instance, Value};
use crate::schema::names::{field, kind};
use crate::severities::severity_named;
use nth_model as ir;
use nth_model::{AlertOptions, SloAlert, SloAlertKind, SloAlertRef};

/// The most characters of a name.
const LONGEST_NAME: usize = 128;

/// Reads a block.
fn read(severities: &ir::Severities, get: &dyn Fn(&str) -> Value) -> SloAlert {
    let items = |name: &str| match get(name) {
        Value::List(items) => items,
        _ => Vec::new(),
    };
    let kinds = items(field::KINDS);
    let kinds = kinds.iter().filter_map(|item| match item {
        Value::Enum(_, member) => SloAlertKind::named(member),
        _ => None,
    });
    let named = items(field::SEVERITIES);
    let named = named
        .iter()
        .filter_map(|item| severity_named(item, severities));
    SloAlert {
        kinds: kinds.collect(),
        severities: named.collect(),
        long: items(field::LONG).iter().filter_map(duration).collect(),
        options: AlertOptions {
            alert: text(&get(field::ALERT)).map(SmolStr::from),
            labels: labels(&get(field::LABELS)),
            annotations: annotations(&get(field::ANNOTATIONS)),
            keep_firing: duration(&get(field::KEEP_FIRING_FOR)),
        },
    }
}

fn read_block(block: &Instance, severities: &ir::Severities) -> SloAlert {
    read(severities, &|name| block.get(name).clone())
}

/// Returns the blocks of an SLO, after those of the tier of its service.
pub(super) fn lower(
    service: &Instance,
    slo: &Instance,
    surroundings: &Surroundings<'_>,
) -> Vec<SloAlert> {
    let severities = surroundings.severities();
    let of_tier = match service.get(field::TIER) {
        Value::Block(tier) => surroundings.children(tier, kind::SLO_ALERT),
        _ => Vec::new(),
    };
    let of_tier = of_tier.iter().map(|block| {
        read(severities, &|name| {
            surroundings.field(block, name).unwrap_or(Value::Error)
        })
    });
    let own = slo.children_of(kind::SLO_ALERT);
    of_tier
        .chain(own.map(|block| read_block(block, severities)))
        .collect()
}

/// Reports blocks that no alert can have, whatever its SLO is.
pub(super) fn check_blocks(
    parent: &Instance,
    severities: &ir::Severities,
    diagnostics: &mut Vec<Diag>,
) {
    for block in parent.children_of(kind::SLO_ALERT) {
        let lowered = read_block(block, severities);
        let is_set = |name: &str| *block.get(name) != Value::None;
        let options = &lowered.options;
        let sets_nothing = *options == AlertOptions::default()
            && ![field::ALERT, field::KEEP_FIRING_FOR]
                .into_iter()
                .any(is_set);
        if sets_nothing && !block.incomplete && !has_errors(block) {
            let found = Diag::new(
                &codes::INVALID_SLO_ALERT,
                format!("`slo-alert {}` sets nothing", block.name),
                block.head,
            )
            .help("set `alert`, `labels`, `annotations` or `keep_firing_for`");
            report(block, diagnostics, found);
        }
        if let Some(problem) = options.alert.as_deref().and_then(name_problem) {
            let found = Diag::new(
                &codes::INVALID_SLO_ALERT,
                format!("invalid alert name: {problem}"),
                block.span_of(field::ALERT),
            )
            .help("write it as in rules: `alert = \"CheckoutHighErrorRate\"`");
            report(block, diagnostics, found);
        }
        if is_contradictory(&lowered) {
            let found = Diag::new(
                &codes::INVALID_SLO_ALERT,
                "only burn-rate alerts have a long window",
                block.span_of(field::LONG),
            )
            .because(block.span_of(field::KINDS), "other kinds of alerts")
            .help("remove `long`, or add `burn-rate` to `kinds`");
            report(block, diagnostics, found);
        }
    }
}

/// True if a block selects windows of alerts that have none.
fn is_contradictory(block: &SloAlert) -> bool {
    !block.kinds.is_empty()
        && !block.kinds.contains(&SloAlertKind::BurnRate)
        && !block.long.is_empty()
}

/// True if a field has an error, which was reported.
fn has_errors(block: &Instance) -> bool {
    let mut fields = block.fields.values();
    fields.any(|field| field.value == Value::Error)
}

/// Why a text is no name of an alert.
fn name_problem(name: &str) -> Option<String> {
    if name.is_empty() {
        Some("it is empty".to_owned())
    } else if name.chars().any(char::is_control) {
        Some("it has several lines or control characters".to_owned())
    } else if name.chars().count() > LONGEST_NAME {
        Some(format!("it has more than {LONGEST_NAME} characters"))
    } else {
        None
    }
}

/// Reports the blocks of an SLO that apply to none of its alerts, texts that are always empty, and alerts that could not be told
/// apart.
pub(super) fn check(
    (service, slo): (&Instance, &Instance),
    lowered: &ir::Slo,
    surroundings: &Surroundings<'_>,
    diagnostics: &mut Vec<Diag>,
) {
    let severities = surroundings.severities();
    check_blocks(slo, severities, diagnostics);
    let alerts = lowered.alerts();
    for block in slo.children_of(kind::SLO_ALERT) {
        empty_labels(service, block, lowered, diagnostics);
        let options = read_block(block, severities);
        // What a template is for depends on its use.
        let is_written_here = block.trail.is_empty() && block.head.item == service.head.item;
        let applies =
            is_contradictory(&options) || alerts.iter().any(|alert| options.applies_to(*alert));
        if !applies && is_written_here && !block.incomplete && !has_errors(block) {
            let found = Diag::new(
                &codes::UNUSED_SLO_ALERT,
                format!(
                    "`slo-alert {}` applies to no alert of SLO `{}`",
                    block.name, slo.name
                ),
                block.head,
            )
            .help(possible(&alerts));
            report(block, diagnostics, found);
        }
    }
    alike(slo, lowered, severities, diagnostics);
}

/// Names the kinds of alerts that an SLO has, for a message.
fn possible(alerts: &[SloAlertRef<'_>]) -> String {
    let mut kinds: Vec<SloAlertKind> = alerts.iter().map(|alert| alert.kind).collect();
    kinds.sort_unstable();
    kinds.dedup();
    let kinds: Vec<String> = kinds
        .iter()
        .map(|kind| {
            let mut of_kind: Vec<String> = alerts
                .iter()
                .filter(|alert| alert.kind == *kind)
                .map(|alert| match alert.long {
                    Some(long) => format!("{} {long}", alert.severity.name()),
                    None => alert.severity.name().to_owned(),
                })
                .collect();
            of_kind.dedup();
            format!("`{}` ({})", kind.name(), of_kind.join(", "))
        })
        .collect();
    match kinds.is_empty() {
        true => "the SLO has no alerts: remove the block".to_owned(),
        false => format!("its alerts: {}", kinds.join(", ")),
    }
}

/// Reports labels in texts that the conditions of an SLO's alerts do not have: they only have those of its groups.
fn empty_labels(service: &Instance, block: &Instance, slo: &ir::Slo, diagnostics: &mut Vec<Diag>) {
    let Value::Labels(texts) = block.get(field::ANNOTATIONS) else {
        return;
    };
    for value in texts.values() {
        let Value::Text(_, used) = value else {
            continue;
        };
        for (label, place) in used.iter() {
            if slo.by().iter().any(|known| known == label) {
                continue;
            }
            let result = match slo.by() {
                [] => "the result has no labels".to_owned(),
                by => format!("the result only has `{}`", by.join("`, `")),
            };
            let found = Diag::new(
                &codes::ABSENT_LABEL,
                format!("label `{label}` is not in the result of an alert of SLO `{}`", slo.name),
                *place,
            )
            .label("always empty")
            .note(result)
            .help(format!(
                "write values that are known at build time as `${{service.name}}`: alert text cannot read \
                labels that rules of `{}` add",
                service.name
            ));
            report(block, diagnostics, found);
        }
    }
}

/// Reports alerts of one SLO that would have the same name and labels: they would be one alert in Alertmanager.
fn alike(
    slo: &Instance,
    lowered: &ir::Slo,
    severities: &ir::Severities,
    diagnostics: &mut Vec<Diag>,
) {
    // Burn-rate and budget alerts have labels of their own.
    let alerts = lowered.alerts().into_iter().filter(|alert| {
        alert.kind != SloAlertKind::BurnRate && !alert.kind.is_on_consumed_budget()
    });
    let mut seen: Vec<(SloAlertRef<'_>, AlertOptions, SmolStr)> = Vec::new();
    for alert in alerts {
        let options = lowered.alert_options(alert);
        let name = lowered.alert_name(alert);
        let same = seen.iter().find(|(other, known, of)| {
            other.kind != alert.kind
                && *of == name
                && other.severity.label() == alert.severity.label()
                && known.labels == options.labels
        });
        if let Some((other, ..)) = same {
            let names = |block: &&Instance| {
                let block = read_block(block, severities);
                block.options.alert.is_some() && block.applies_to(alert)
            };
            let place = slo.children_of(kind::SLO_ALERT).filter(names).last();
            let block = place.unwrap_or(slo);
            let span = match place {
                Some(block) => block.span_of(field::ALERT),
                None => slo.head,
            };
            let found = Diag::new(
                &codes::INVALID_SLO_ALERT,
                format!(
                    "the `{}` and the `{}` alert of SLO `{}` would be one alert",
                    other.kind.name(),
                    alert.kind.name(),
                    slo.name
                ),
                span,
            )
            .label(format!("both are `{name}` with the same labels"))
            .help("select the alerts with this name by `kinds`, or add different `labels`");
            report(block, diagnostics, found);
            return;
        }
        seen.push((alert, options, name));
    }
}
