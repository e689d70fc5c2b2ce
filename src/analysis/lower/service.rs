//! Lowers services, objectives, alerts and recording rules.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use smol_str::SmolStr;

use super::budget_alerts::{budget_alerts, slo_severities};
use super::burn_rates::{self, Burning};
use super::read::{
    Surroundings, alert_text, annotations, block_name, duration, labels, literal, member, query,
    report, text,
};
use super::signal::{self, Absences};
use super::{
    composite, contract, gate, grouping, hours, lints, log_alerts, origin, panel, recordings, sli,
    slo_alerts, team, time_units,
};
use crate::codes;
use crate::db::{Diag, Span};
use crate::eval::{Instance, Value};
use crate::schema::names::{field, kind};
use crate::severities::severity_named;
use nth_model as ir;

/// Lowers a service; `None` if a required part is missing or invalid.
pub(super) fn lower(
    instance: &Instance,
    surroundings: &Surroundings<'_>,
    diagnostics: &mut Vec<Diag>,
) -> Option<ir::Service> {
    // A dependency at the top level, which services share.
    let is_shared = instance.kind == kind::DEPENDENCY;
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
        let Some(mut lowered) = lower_alert(alert, dependency, surroundings.severities()) else {
            continue;
        };
        if is_shared && lowered.impact.is_none() {
            lowered.impact = text(instance.get(field::IMPACT));
        }
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
    recordings::same_names(instance, diagnostics);
    // It is not deployed by the project, and its tier is about its alerts.
    let gates = match is_shared {
        true => Vec::new(),
        false => gate::lower(instance, surroundings, &mut slos, diagnostics),
    };
    let mut recordings: Vec<(ir::Recording, &Instance)> = Vec::new();
    for recording in instance.children_of(kind::RECORDING) {
        recordings::check_metric_name(recording, diagnostics);
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
    let log_alerts = log_alerts::lower(instance, surroundings, diagnostics);
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
        role: if is_shared {
            ir::Role::Dependency
        } else {
            ir::Role::Service
        },
        description: text(instance.get(field::DESCRIPTION))
            .or_else(|| instance.doc.as_ref().map(|doc| doc.trim().to_owned())),
        service_type: member(instance.get(field::TYPE)),
        team: block_name(instance.get(field::TEAM)),
        tier: block_name(instance.get(field::TIER)).unwrap_or_default(),
        selector: crate::eval::metrics::block_labels(instance),
        labels: match is_shared {
            true => labels(instance.get(field::LABELS)),
            false => with_extensions(instance, labels(instance.get(field::LABELS))),
        },
        slos,
        alerts: alerts.into_iter().map(|(alert, _)| alert).collect(),
        recordings: recordings
            .into_iter()
            .map(|(recording, _)| recording)
            .collect(),
        log_alerts,
        signals,
        skipped_rules: left_out
            .into_iter()
            .map(|omission| omission.left_out)
            .collect(),
        dependencies: instance
            .children_of(kind::DEPENDENCY)
            .map(|dependency| lower_dependency(dependency, surroundings))
            .collect(),
        runbook_url: text(instance.get(field::RUNBOOK_URL)),
        dashboard_url: text(instance.get(field::DASHBOARD_URL)),
        logs_url: text(instance.get(field::LOGS_URL)),
        panels: panel::lower(instance, diagnostics),
        escalation: team::escalation_of(db, workspace, environment, instance),
        pace: team::pace(db, workspace, environment, instance),
        support_hours: hours::support_hours(instance),
        runbook: runbook(instance),
        gates,
        deployed: query(instance.get(field::DEPLOYED)),
        origin: origin::lower(instance),
        former_tiers: origin::former_tiers(db, workspace, environment, instance),
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

fn lower_dependency(dependency: &Instance, surroundings: &Surroundings<'_>) -> ir::Dependency {
    let of = |name: &str| {
        shared(dependency)
            .and_then(|shared| surroundings.field(shared, name))
            .unwrap_or(Value::None)
    };
    ir::Dependency {
        name: dependency.name.clone(),
        service: dependency
            .depended_on()
            .map(|(_, block)| block.name.clone()),
        technology: text(dependency.get(field::TECHNOLOGY))
            .or_else(|| text(&of(field::TECHNOLOGY))),
        criticality: match dependency.get(field::CRITICALITY) {
            Value::Enum(_, member) if member == "soft" => ir::Criticality::Soft,
            _ => ir::Criticality::Hard,
        },
        availability: match (dependency.get(field::AVAILABILITY), of(field::AVAILABILITY)) {
            (Value::Percent(percent), _) => percent.checked_div(Decimal::ONE_HUNDRED),
            (_, Value::Percent(percent)) => percent.checked_div(Decimal::ONE_HUNDRED),
            _ => None,
        },
        impact: text(dependency.get(field::IMPACT)).or_else(|| text(&of(field::IMPACT))),
        description: dependency.doc.as_ref().map(|doc| doc.trim().to_owned()),
    }
}

/// The dependency at the top level that a dependency refers to.
fn shared(dependency: &Instance) -> Option<&crate::eval::BlockRef> {
    match dependency.get(field::SHARED) {
        Value::Block(shared) => Some(shared),
        _ => None,
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

/// Lowers an alert; `dependency` is the name of the dependency that it is in. `None` if a required part is missing.
pub(super) fn lower_alert(
    alert: &Instance,
    dependency: Option<&SmolStr>,
    severities: &ir::Severities,
) -> Option<ir::Alert> {
    let severity = severity_named(alert.get(field::SEVERITY), severities)?;
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
        severity,
        summary: alert_text(alert.get(field::SUMMARY)),
        description: alert_text(alert.get(field::DESCRIPTION))
            .or_else(|| alert.doc.as_ref().map(|doc| literal(doc.trim()))),
        labels: labels(alert.get(field::LABELS)),
        annotations: annotations(alert.get(field::ANNOTATIONS)),
        runbook_url: text(alert.get(field::RUNBOOK_URL)),
        dependency: dependency.cloned(),
        impact: text(alert.get(field::IMPACT)),
        steps: text(alert.get(field::STEPS)),
    })
}

/// Warns of alerts with the same condition, `for`, severity and labels.
pub(super) fn warn_of_duplicates(alerts: &[(ir::Alert, Span)], diagnostics: &mut Vec<Diag>) {
    // Alerts that differ in severity and `for`, or in labels that route them, are distinct.
    type Key<'a> = (
        String,
        ir::Duration,
        &'a ir::Severity,
        &'a BTreeMap<String, String>,
    );
    let mut seen: BTreeMap<Key<'_>, (Span, &SmolStr)> = BTreeMap::new();
    for (alert, span) in alerts {
        let key = (
            alert.when.to_string(),
            alert.hold(),
            &alert.severity,
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
    let calendar = calendar_window(slo, diagnostics);
    let window = match &calendar {
        Some(calendar) => calendar.unit.nominal(),
        None => duration(slo.get(field::WINDOW))?,
    };
    let by = grouping::labels_by(slo);
    let declared = slo.children_of(kind::SLI).next()?;
    let (sli, parts) = if composite::is_composite(declared) {
        if let Some(grouped) = composite::grouped(slo) {
            report(slo, diagnostics, grouped);
            return None;
        }
        let lowered = composite::lower(declared, surroundings, diagnostics)?;
        diagnostics.extend(composite::above_ceiling(
            slo,
            declared,
            objective,
            &lowered.parts,
        ));
        (lowered.sli, lowered.parts)
    } else {
        if let Some(stray) = composite::stray_part(declared) {
            report(declared, diagnostics, stray);
        }
        let lowered = sli::lower(slo, declared, &by, &surroundings.buckets, diagnostics)?;
        (lowered, Vec::new())
    };
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
    let severities = slo_severities(slo, surroundings, diagnostics);
    let burning = Burning {
        service,
        slo,
        objective,
        window,
        severities: &severities,
    };
    let pairs = burn_rates::lower(&burning, surroundings, diagnostics);
    let grouping = grouping::lower(slo, by, &sli, &surroundings.buckets, diagnostics);
    if let Some(grouping) = &grouping {
        burn_rates::check_groups(&burning, grouping, &pairs, diagnostics);
    }
    let [_, ticket] = &severities;
    let budget_alerts = budget_alerts(slo, &severities);
    let breakdown = match slo.get(field::BREAKDOWN) {
        Value::List(names) if !names.is_empty() => names.iter().filter_map(Value::show).collect(),
        _ => {
            let mut labels = sli::own_labels(&sli);
            let by = grouping.as_ref().map(|grouping| &grouping.by);
            labels.retain(|label| by.is_none_or(|by| !by.contains(label)));
            labels
        }
    };
    let recordings = recordings::lower(slo, window, surroundings, diagnostics);
    let mut lowered = ir::Slo {
        name: slo.name.clone(),
        description: text(slo.get(field::DESCRIPTION))
            .or_else(|| slo.doc.as_ref().map(|doc| doc.trim().to_owned())),
        objective,
        window,
        calendar,
        parts,
        histogram: sli::histogram(declared, &surroundings.buckets),
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
        missing_data_alerts: absences(slo, &sli, ticket, surroundings)
            .into_iter()
            .chain(
                grouping
                    .as_ref()
                    .and_then(|_| too_many_groups(slo, surroundings)),
            )
            .collect(),
        ticket_severity: ticket.clone(),
        is_consistent: sli::is_consistent(&sli),
        breakdown,
        grouping,
        runbook_url: text(slo.get(field::RUNBOOK_URL)),
        gate_windows: Vec::new(),
        exclusions: Vec::new(),
        interval: duration(slo.get(field::INTERVAL)),
        query_offset: query_offset(slo, surroundings, diagnostics),
        alert_blocks: slo_alerts::lower(service, slo, surroundings),
        recordings,
        contracts: Vec::new(),
        sli,
    };
    lowered.contracts = contract::lower(slo, &lowered, surroundings, diagnostics);
    slo_alerts::check((service, slo), &lowered, surroundings, diagnostics);
    Some(lowered)
}

/// The query offset of an SLO's rules. One that Prometheus does not read is reported.
fn query_offset(
    slo: &Instance,
    surroundings: &Surroundings<'_>,
    diagnostics: &mut Vec<Diag>,
) -> Option<ir::Duration> {
    let offset = duration(slo.get(field::QUERY_OFFSET))?;
    let version = surroundings.workspace.prometheus_version(surroundings.db);
    if !version.has_query_offset() {
        let found = Diag::new(
            &codes::NEEDS_QUERY_OFFSET,
            "`query_offset` needs Prometheus 2.53",
            slo.span_of(field::QUERY_OFFSET),
        )
        .label(format!("Prometheus {version} rejects it"))
        .help(
            "set `version = \"2.53\"` or `version = \"3\"` under `[prometheus]` in nth.toml, if that is what \
            reads the rules",
        );
        report(slo, diagnostics, found);
    }
    Some(offset)
}

/// The calendar window of an SLO, if it has one. A zone of a rolling window has no effect, which is reported.
fn calendar_window(slo: &Instance, diagnostics: &mut Vec<Diag>) -> Option<ir::CalendarWindow> {
    let zone = text(slo.get(field::ZONE));
    match slo.get(field::CALENDAR) {
        Value::Enum(_, unit) => Some(ir::CalendarWindow {
            unit: ir::CalendarUnit::named(unit)?,
            zone: zone.unwrap_or_else(|| "UTC".to_owned()),
        }),
        Value::None if zone.is_some() => {
            let found = Diag::new(
                &codes::ZONE_WITHOUT_CALENDAR,
                "`zone` has no effect: the SLO window rolls",
                slo.span_of(field::ZONE),
            )
            .help("set `calendar = month`, or remove `zone`");
            report(slo, diagnostics, found);
            None
        }
        _ => None,
    }
}

/// The time that a series may be missing while the service's targets are up: a counter without an initial value does not exist
/// before its first event.
const ABSENT_WHILE_UP: ir::Duration = ir::Duration::days(1);

/// Builds the missing-data alerts of an SLI; none if the SLO disables them. For counters, a second one covers series that are missing while targets are up.
fn absences(
    slo: &Instance,
    sli: &ir::Sli,
    ticket: &ir::Severity,
    surroundings: &Surroundings<'_>,
) -> Vec<ir::MissingDataAlert> {
    if matches!(slo.get(field::ABSENCE_ALERTS), Value::Bool(false)) {
        return Vec::new();
    }
    let (Some(hold), Some(severity)) = (
        duration(slo.get(field::ABSENT_AFTER)),
        surroundings.severity(slo.get(field::ABSENCE)),
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
        declared: severity.clone(),
        severity,
    };
    let Some(up) = up else {
        return vec![data];
    };
    let series = ir::MissingDataAlert {
        cause: ir::MissingDataCause::Series,
        up: Some(up.clone()),
        hold: hold.max(ABSENT_WHILE_UP),
        severity: ticket.clone(),
        declared: ticket.clone(),
    };
    vec![data, series]
}

/// Builds the alert on too many groups. It exists even if the SLO disables missing-data alerts: with more groups than the limit,
/// no alert of the SLO can fire.
fn too_many_groups(
    slo: &Instance,
    surroundings: &Surroundings<'_>,
) -> Option<ir::MissingDataAlert> {
    let severity = surroundings.severity(slo.get(field::ABSENCE))?;
    Some(ir::MissingDataAlert {
        cause: ir::MissingDataCause::Groups,
        up: None,
        hold: severity.default_hold(),
        declared: severity.clone(),
        severity,
    })
}
