//! Lowers services, objectives, alerts and recording rules.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use smol_str::SmolStr;

use super::burn_rates::{self, Burning};
use super::read::{
    Surroundings, alert_text, block_name, duration, labels, literal, member, query, report,
    severity, text,
};
use super::signal::{self, Absences};
use super::{gate, grouping, lints, panel, sli, team, time_units};
use crate::codes;
use crate::db::{Diag, Span};
use crate::eval::{Instance, Value};
use crate::schema::names::{field, kind};
use nth_model as ir;

/// Lowers a service; `None` if a required part is missing or invalid.
pub(super) fn lower(
    instance: &Instance,
    surroundings: &Surroundings<'_>,
    diagnostics: &mut Vec<Diag>,
) -> Option<ir::Service> {
    let absences = Absences::new(surroundings.db, instance);
    let mut left_out = Vec::new();
    let mut alerts: Vec<(ir::Alert, Span)> = Vec::new();
    let dependencies = instance.children_of(kind::DEPENDENCY);
    let within = dependencies.flat_map(|dependency| {
        let alerts = dependency.children_of(kind::ALERT);
        alerts.map(move |alert| (alert, Some(&dependency.name)))
    });
    let own = instance.children_of(kind::ALERT).map(|alert| (alert, None));
    for (alert, dependency) in own.chain(within) {
        let Some(lowered) = lower_alert(alert, dependency) else {
            continue;
        };
        match absences.in_query(alert.get(field::WHEN)) {
            missing if missing.is_empty() => {
                let scrapes = surroundings.scrape_interval;
                lints::check_alert(instance, alert, &lowered, scrapes, diagnostics);
                time_units::check_alert(alert, &lowered, diagnostics);
                alerts.push((lowered, alert.head));
            }
            missing => {
                left_out.push(signal::Omission::new(
                    ir::Rule::Alert,
                    lowered.name,
                    alert,
                    missing,
                    &absences,
                ));
            }
        }
    }
    warn_of_duplicates(&alerts, diagnostics);
    lints::check_thresholds(&alerts, diagnostics);
    let mut slos: Vec<ir::Slo> = instance
        .children_of(kind::SLO)
        .filter_map(|slo| lower_slo((instance, slo), surroundings, diagnostics))
        .collect();
    let gates = gate::lower(instance, surroundings, &mut slos, diagnostics);
    let mut recordings: Vec<(ir::Recording, &Instance)> = Vec::new();
    for recording in instance.children_of(kind::RECORDING) {
        check_metric_name(recording, diagnostics);
        let Some(query) = query(recording.get(field::QUERY)) else {
            continue;
        };
        let missing = absences.in_query(recording.get(field::QUERY));
        if !missing.is_empty() {
            let name = recording.name.clone();
            left_out.push(signal::Omission::new(
                ir::Rule::Recording,
                name,
                recording,
                missing,
                &absences,
            ));
            continue;
        }
        let lowered = ir::Recording {
            record: recording.name.clone(),
            query,
            labels: labels(recording.get(field::LABELS)),
        };
        recordings.push((lowered, recording));
    }
    lints::check_recordings(&recordings, diagnostics);
    let signals = signal::lower(instance);
    let consequences = signal::MissingSignals {
        service: instance,
        environment: surroundings.environment,
        signals: &signals,
        left_out: &left_out,
        absences: &absences,
    };
    consequences.report(diagnostics);
    let Surroundings {
        db,
        workspace,
        environment,
        ..
    } = *surroundings;
    Some(ir::Service {
        name: instance.name.clone(),
        description: text(instance.get(field::DESCRIPTION))
            .or_else(|| instance.doc.as_ref().map(|doc| doc.trim().to_owned())),
        service_type: member(instance.get(field::TYPE)),
        team: block_name(instance.get(field::TEAM)),
        tier: block_name(instance.get(field::TIER)).unwrap_or_default(),
        selector: crate::eval::metrics::block_labels(instance),
        labels: with_extensions(instance, labels(instance.get(field::LABELS))),
        slos,
        alerts: alerts.into_iter().map(|(alert, _)| alert).collect(),
        recordings: recordings
            .into_iter()
            .map(|(recording, _)| recording)
            .collect(),
        signals,
        skipped_rules: left_out
            .into_iter()
            .map(|omission| omission.left_out)
            .collect(),
        dependencies: instance
            .children_of(kind::DEPENDENCY)
            .map(lower_dependency)
            .collect(),
        runbook_url: text(instance.get(field::RUNBOOK_URL)),
        dashboard_url: text(instance.get(field::DASHBOARD_URL)),
        panels: panel::lower(instance, diagnostics),
        escalation: team::escalation_of(db, workspace, environment, instance),
        pace: team::pace(db, workspace, environment, instance),
        support_hours: team::support_hours(instance),
        runbook: runbook(instance),
        gates,
        deployed: query(instance.get(field::DEPLOYED)),
    })
}

/// Adds the fields that the project added to `service` as labels.
fn with_extensions(
    instance: &Instance,
    mut labels: BTreeMap<String, String>,
) -> BTreeMap<String, String> {
    for (name, field) in instance.fields.iter().filter(|(_, field)| field.extension) {
        // Plain label names have no hyphens.
        let label = name.replace('-', "_");
        if let Some(value) = field.value.show() {
            labels.entry(label).or_insert(value);
        }
    }
    labels
}

fn check_metric_name(recording: &Instance, diagnostics: &mut Vec<Diag>) {
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

fn lower_dependency(dependency: &Instance) -> ir::Dependency {
    ir::Dependency {
        name: dependency.name.clone(),
        service: block_name(dependency.get(field::SERVICE)),
        technology: text(dependency.get(field::TECHNOLOGY)),
        criticality: match dependency.get(field::CRITICALITY) {
            Value::Enum(_, member) if member == "soft" => ir::Criticality::Soft,
            _ => ir::Criticality::Hard,
        },
        availability: match dependency.get(field::AVAILABILITY) {
            Value::Percent(percent) => percent.checked_div(Decimal::ONE_HUNDRED),
            _ => None,
        },
        impact: text(dependency.get(field::IMPACT)),
        description: dependency.doc.as_ref().map(|doc| doc.trim().to_owned()),
    }
}

/// Lowers the sections of a service's runbook that an author declares.
fn runbook(service: &Instance) -> Vec<ir::Section> {
    let runbooks = service.children_of(kind::RUNBOOK);
    let sections = runbooks.flat_map(|runbook| runbook.children_of(kind::SECTION));
    sections
        .filter_map(|section| {
            Some(ir::Section {
                title: section.name.clone(),
                text: text(section.get(field::TEXT))?,
            })
        })
        .collect()
}

fn lower_alert(alert: &Instance, dependency: Option<&SmolStr>) -> Option<ir::Alert> {
    let name = match dependency {
        Some(dependency) => format!("{dependency}-{}", alert.name).into(),
        None => alert.name.clone(),
    };
    Some(ir::Alert {
        name,
        when: query(alert.get(field::WHEN))?,
        hold: duration(alert.get(field::FOR)),
        keep_firing: duration(alert.get(field::KEEP_FIRING_FOR)),
        limit: match alert.get(field::LIMIT) {
            Value::Number(limit) => limit.to_u32(),
            _ => None,
        },
        severity: severity(alert.get(field::SEVERITY))?,
        summary: alert_text(alert.get(field::SUMMARY)),
        description: alert_text(alert.get(field::DESCRIPTION))
            .or_else(|| alert.doc.as_ref().map(|doc| literal(doc.trim()))),
        labels: labels(alert.get(field::LABELS)),
        annotations: match alert.get(field::ANNOTATIONS) {
            Value::Labels(entries) => entries
                .iter()
                .filter_map(|(name, value)| Some((name.to_string(), alert_text(value)?)))
                .collect(),
            _ => BTreeMap::new(),
        },
        runbook_url: text(alert.get(field::RUNBOOK_URL)),
        dependency: dependency.cloned(),
        impact: text(alert.get(field::IMPACT)),
        steps: text(alert.get(field::STEPS)),
    })
}

fn warn_of_duplicates(alerts: &[(ir::Alert, Span)], diagnostics: &mut Vec<Diag>) {
    // Alerts that differ in severity and `for`, or in labels that route them, are distinct.
    type Key<'a> = (
        String,
        ir::Duration,
        ir::Severity,
        &'a BTreeMap<String, String>,
    );
    let mut seen: BTreeMap<Key<'_>, (Span, &SmolStr)> = BTreeMap::new();
    for (alert, span) in alerts {
        let key = (
            alert.when.to_string(),
            alert.hold(),
            alert.severity,
            &alert.labels,
        );
        match seen.get(&key) {
            Some((first, name)) => diagnostics.push(
                Diag::new(
                    &codes::DUPLICATE_ALERT,
                    format!("alert `{}` has the same condition as `{name}`", alert.name),
                    *span,
                )
                .label("same condition, `for`, severity and labels")
                .because(*first, "the other alert")
                .help("remove one, or change its limit, `for` or severity"),
            ),
            None => {
                seen.insert(key, (*span, &alert.name));
            }
        }
    }
}

fn lower_slo(
    (service, slo): (&Instance, &Instance),
    surroundings: &Surroundings<'_>,
    diagnostics: &mut Vec<Diag>,
) -> Option<ir::Slo> {
    let Value::Percent(percent) = slo.get(field::OBJECTIVE) else {
        return None;
    };
    let objective = percent.checked_div(Decimal::ONE_HUNDRED)?.normalize();
    let window = duration(slo.get(field::WINDOW))?;
    let by = grouping::labels_by(slo);
    let sli = slo
        .children_of(kind::SLI)
        .next()
        .and_then(|sli| sli::lower(slo, sli, &by, &surroundings.buckets, diagnostics))?;
    if matches!(sli, ir::Sli::ErrorRatio { total: None, .. })
        && *slo.get(field::MIN_EVENTS) != Value::None
    {
        let diagnostic = Diag::new(
            &codes::NOTHING_TO_COUNT,
            "`min_events` has no effect: this SLI does not count events",
            slo.span_of(field::MIN_EVENTS),
        )
        .help("set `total` in the SLI, or remove `min_events`");
        report(slo, diagnostics, diagnostic);
    }
    let burning = Burning {
        service,
        slo,
        objective,
        window,
    };
    let pairs = burn_rates::lower(&burning, surroundings, diagnostics);
    let grouping = grouping::lower(slo, by, &sli, &surroundings.buckets, diagnostics);
    if let Some(grouping) = &grouping {
        burn_rates::check_groups(&burning, grouping, &pairs, diagnostics);
    }
    let mut budget_alerts =
        self::budget_alerts(slo.get(field::BUDGET_TICKETS), ir::Severity::Ticket);
    budget_alerts.extend(self::budget_alerts(
        slo.get(field::BUDGET_PAGES),
        ir::Severity::Page,
    ));
    budget_alerts.sort_by_key(|alert| (alert.consumed, alert.severity));
    budget_alerts.dedup_by_key(|alert| alert.consumed);
    let breakdown = match slo.get(field::BREAKDOWN) {
        Value::List(names) if !names.is_empty() => names.iter().filter_map(Value::show).collect(),
        _ => {
            let mut labels = sli::own_labels(&sli);
            let by = grouping.as_ref().map(|grouping| &grouping.by);
            labels.retain(|label| by.is_none_or(|by| !by.contains(label)));
            labels
        }
    };
    Some(ir::Slo {
        name: slo.name.clone(),
        description: text(slo.get(field::DESCRIPTION))
            .or_else(|| slo.doc.as_ref().map(|doc| doc.trim().to_owned())),
        objective,
        window,
        histogram: slo
            .children_of(kind::SLI)
            .next()
            .and_then(|sli| sli::histogram(sli, &surroundings.buckets)),
        labels: labels(slo.get(field::LABELS)),
        burn_rate_pairs: pairs,
        min_events: match slo.get(field::MIN_EVENTS) {
            Value::Number(number) => u64::try_from(number.ceil()).ok(),
            _ => None,
        },
        budget_alerts,
        min_bad_events: match slo.get(field::MIN_BAD_EVENTS) {
            Value::Number(number) => u64::try_from(number.ceil()).ok(),
            _ => None,
        },
        missing_data_alerts: absences(slo, &sli, surroundings)
            .into_iter()
            .chain(grouping.as_ref().and_then(|_| too_many_groups(slo)))
            .collect(),
        is_consistent: sli::is_consistent(&sli),
        breakdown,
        grouping,
        runbook_url: text(slo.get(field::RUNBOOK_URL)),
        gate_windows: Vec::new(),
        exclusions: Vec::new(),
        sli,
    })
}

/// The time that a series may be missing while the service's targets are up: a counter without an initial value does not exist
/// before its first event.
const ABSENT_WHILE_UP: ir::Duration = ir::Duration::days(1);

/// Builds the missing-data alerts of an SLI; none if the SLO disables them. For counters, a second one covers series that are missing while targets are up.
fn absences(
    slo: &Instance,
    sli: &ir::Sli,
    surroundings: &Surroundings<'_>,
) -> Vec<ir::MissingDataAlert> {
    if matches!(slo.get(field::ABSENCE_ALERTS), Value::Bool(false)) {
        return Vec::new();
    }
    let (Some(hold), Some(severity)) = (
        duration(slo.get(field::ABSENT_AFTER)),
        severity(slo.get(field::ABSENCE)),
    ) else {
        return Vec::new();
    };
    let is_counter = matches!(
        sli,
        ir::Sli::Events { .. } | ir::Sli::ErrorRatio { total: Some(_), .. }
    );
    let up = surroundings.up.as_ref().filter(|_| is_counter);
    let data = ir::MissingDataAlert {
        cause: ir::MissingDataCause::Data,
        up: up.cloned(),
        hold,
        severity,
    };
    let Some(up) = up else {
        return vec![data];
    };
    let series = ir::MissingDataAlert {
        cause: ir::MissingDataCause::Series,
        up: Some(up.clone()),
        hold: hold.max(ABSENT_WHILE_UP),
        severity: ir::Severity::Ticket,
    };
    vec![data, series]
}

/// Builds the alert on too many groups. It exists even if the SLO disables missing-data alerts: with more groups than the limit,
/// no alert of the SLO can fire.
fn too_many_groups(slo: &Instance) -> Option<ir::MissingDataAlert> {
    let severity = severity(slo.get(field::ABSENCE))?;
    Some(ir::MissingDataAlert {
        cause: ir::MissingDataCause::Groups,
        up: None,
        hold: severity.default_hold(),
        severity,
    })
}

fn budget_alerts(value: &Value, severity: ir::Severity) -> Vec<ir::BudgetAlert> {
    let Value::List(items) = value else {
        return Vec::new();
    };
    items
        .iter()
        .filter_map(|item| match item {
            Value::Percent(percent) => Some(ir::BudgetAlert {
                consumed: percent.checked_div(Decimal::ONE_HUNDRED)?.normalize(),
                severity,
                declared: severity,
            }),
            _ => None,
        })
        .collect()
}
