//! What is known of a service outside of its own files.

use std::collections::BTreeMap;
use std::fmt;

use smol_str::SmolStr;

use super::{Alert, Numerator, Recording, Service, Sli, Slo, panel};
use nth_promql::{Expr, build};

/// What files other than a service's own can be made of: everything but its queries, thresholds, texts of alerts, panels and sections
/// of its runbook. Written for comparison with that of another build by the same program; it contains no places.
///
/// Project-wide files, limits across services and the files of other services read nothing else: whoever makes them read more adds it
/// here. `tests/settled.rs` compares builds that rely on it with builds from nothing.
pub struct Outline<'s>(pub &'s Service);

impl fmt::Display for Outline<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Service {
            name,
            role,
            description,
            service_type,
            team,
            tier,
            selector,
            labels,
            slos,
            alerts,
            recordings,
            log_alerts,
            dependencies,
            signals: _,
            skipped_rules,
            runbook_url,
            dashboard_url,
            logs_url,
            panels,
            escalation,
            pace,
            support_hours,
            runbook: _,
            gates,
            deployed,
            origin,
            former_tiers,
        } = self.0;
        write!(
            f,
            "{name:?} {role:?} {description:?} {service_type:?} {team:?} {tier:?} {selector:?} {labels:?} {log_alerts:?} \
             {dependencies:?} {skipped_rules:?} {runbook_url:?} {dashboard_url:?} {logs_url:?} {escalation:?} {pace:?} \
             {support_hours:?} {gates:?} {deployed:?} {origin:?} {former_tiers:?}"
        )?;
        slos.iter().try_for_each(|slo| write_slo(slo, f))?;
        alerts.iter().try_for_each(|alert| write_alert(alert, f))?;
        for Recording {
            record,
            query: _,
            labels,
        } in recordings
        {
            write!(f, " recording {record:?} {labels:?}")?;
        }
        write_panels(panels, f)
    }
}

fn write_slo(slo: &Slo, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let Slo {
        name,
        description,
        objective,
        window,
        calendar,
        sli,
        parts,
        histogram,
        labels,
        burn_rate_pairs,
        min_events,
        min_bad_events,
        budget_alerts,
        missing_data_alerts,
        ticket_severity,
        is_consistent,
        breakdown,
        grouping,
        runbook_url,
        gate_windows,
        exclusions,
        interval,
        query_offset,
        alert_blocks,
        recordings,
        contracts,
    } = slo;
    write!(
        f,
        " slo {name:?} {description:?} {objective:?} {window:?} {calendar:?} {parts:?} {} {labels:?} {burn_rate_pairs:?} \
         {budget_alerts:?} {missing_data_alerts:?} {ticket_severity:?} {is_consistent:?} {breakdown:?} {grouping:?} \
         {runbook_url:?} {gate_windows:?} {exclusions:?} {interval:?} {query_offset:?} {alert_blocks:?} {recordings:?} \
         {contracts:?} {min_events:?} {min_bad_events:?}",
        histogram.is_some(),
    )?;
    match sli {
        Sli::Events {
            numerator,
            total: _,
            total_series,
            bucket,
            breakdown,
        } => {
            let what = match numerator {
                Numerator::Bad(_) => "bad",
                Numerator::Good(_) => "good",
            };
            let (series, bucket) = (total_series.is_some(), bucket.is_some());
            write!(f, " {what} {series} {bucket} {}", breakdown.is_some())
        }
        Sli::TimeSlices { good: _ } => write!(f, " slices"),
        Sli::ErrorRatio { ratio: _, total } => write!(f, " ratio {}", total.is_some()),
    }
}

fn write_alert(alert: &Alert, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let Alert {
        name,
        when: _,
        hold: _,
        keep_firing: _,
        limit: _,
        severity,
        summary: _,
        description: _,
        labels,
        annotations: _,
        runbook_url: _,
        dependency,
        impact: _,
        steps: _,
    } = alert;
    write!(f, " alert {name:?} {severity:?} {labels:?} {dependency:?}")
}

/// The numbers of panels: without any, a service has no dashboard.
fn write_panels(panels: &panel::Panels, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let panel::Panels {
        own,
        rows,
        dependencies,
    } = panels;
    write!(f, " panels {}", own.len())?;
    for row in rows {
        write!(f, " {}", row.panels.len())?;
    }
    for dependency in dependencies {
        write!(f, " of {}", dependency.panels.len())?;
    }
    Ok(())
}

impl Service {
    /// Returns the service with nothing but its [`Outline`]: one constant stands for each query, and texts are empty. A project of such
    /// services takes little memory.
    #[must_use]
    pub fn outlined(&self) -> Self {
        let Self {
            name,
            role,
            description,
            service_type,
            team,
            tier,
            selector,
            labels,
            slos,
            alerts,
            recordings,
            log_alerts,
            dependencies,
            signals: _,
            skipped_rules,
            runbook_url,
            dashboard_url,
            logs_url,
            panels,
            escalation,
            pace,
            support_hours,
            runbook: _,
            gates,
            deployed,
            origin,
            former_tiers,
        } = self;
        Self {
            name: name.clone(),
            role: *role,
            description: description.clone(),
            service_type: service_type.clone(),
            team: team.clone(),
            tier: tier.clone(),
            selector: selector.clone(),
            labels: labels.clone(),
            slos: slos.iter().map(outlined_slo).collect(),
            alerts: alerts.iter().map(outlined_alert).collect(),
            recordings: recordings.iter().map(outlined_recording).collect(),
            log_alerts: log_alerts.clone(),
            dependencies: dependencies.clone(),
            signals: Vec::new(),
            skipped_rules: skipped_rules.clone(),
            runbook_url: runbook_url.clone(),
            dashboard_url: dashboard_url.clone(),
            logs_url: logs_url.clone(),
            panels: outlined_panels(panels),
            escalation: escalation.clone(),
            pace: pace.clone(),
            support_hours: support_hours.clone(),
            runbook: Vec::new(),
            gates: gates.clone(),
            deployed: deployed.clone(),
            origin: origin.clone(),
            former_tiers: former_tiers.clone(),
        }
    }
}

/// What stands for a query.
fn constant() -> Expr {
    build::number("1")
}

fn outlined_slo(slo: &Slo) -> Slo {
    let constant_for = |expr: &Option<Expr>| expr.as_ref().map(|_| constant());
    let sli = match &slo.sli {
        Sli::Events {
            numerator,
            total: _,
            total_series,
            bucket,
            breakdown,
        } => Sli::Events {
            numerator: match numerator {
                Numerator::Bad(_) => Numerator::Bad(constant()),
                Numerator::Good(_) => Numerator::Good(constant()),
            },
            total: constant(),
            total_series: constant_for(total_series),
            bucket: constant_for(bucket),
            breakdown: breakdown.clone(),
        },
        Sli::TimeSlices { good: _ } => Sli::TimeSlices { good: constant() },
        Sli::ErrorRatio { ratio: _, total } => Sli::ErrorRatio {
            ratio: constant(),
            total: constant_for(total),
        },
    };
    Slo {
        sli,
        name: slo.name.clone(),
        description: slo.description.clone(),
        objective: slo.objective,
        window: slo.window,
        calendar: slo.calendar.clone(),
        parts: slo.parts.clone(),
        histogram: slo.histogram.clone(),
        labels: slo.labels.clone(),
        burn_rate_pairs: slo.burn_rate_pairs.clone(),
        min_events: slo.min_events,
        min_bad_events: slo.min_bad_events,
        budget_alerts: slo.budget_alerts.clone(),
        missing_data_alerts: slo.missing_data_alerts.clone(),
        ticket_severity: slo.ticket_severity.clone(),
        is_consistent: slo.is_consistent,
        breakdown: slo.breakdown.clone(),
        grouping: slo.grouping.clone(),
        runbook_url: slo.runbook_url.clone(),
        gate_windows: slo.gate_windows.clone(),
        exclusions: slo.exclusions.clone(),
        interval: slo.interval,
        query_offset: slo.query_offset,
        alert_blocks: slo.alert_blocks.clone(),
        recordings: slo.recordings.clone(),
        contracts: slo.contracts.clone(),
    }
}

fn outlined_alert(alert: &Alert) -> Alert {
    Alert {
        name: alert.name.clone(),
        when: constant(),
        hold: None,
        keep_firing: None,
        limit: None,
        severity: alert.severity.clone(),
        summary: None,
        description: None,
        labels: alert.labels.clone(),
        annotations: BTreeMap::new(),
        runbook_url: None,
        dependency: alert.dependency.clone(),
        impact: None,
        steps: None,
    }
}

fn outlined_recording(recording: &Recording) -> Recording {
    Recording {
        record: recording.record.clone(),
        query: constant(),
        labels: recording.labels.clone(),
    }
}

/// As many panels, all alike.
fn outlined_panels(panels: &panel::Panels) -> panel::Panels {
    let alike = |panels: &[panel::Panel]| panels.iter().map(outlined_panel).collect();
    panel::Panels {
        own: alike(&panels.own),
        rows: panels
            .rows
            .iter()
            .map(|row| panel::Row {
                name: row.name.clone(),
                title: String::new(),
                panels: alike(&row.panels),
            })
            .collect(),
        dependencies: panels
            .dependencies
            .iter()
            .map(|dependency| panel::Dependency {
                name: dependency.name.clone(),
                service: dependency.service.clone(),
                technology: dependency.technology.clone(),
                panels: alike(&dependency.panels),
            })
            .collect(),
    }
}

fn outlined_panel(panel: &panel::Panel) -> panel::Panel {
    panel::Panel {
        name: SmolStr::default(),
        title: String::new(),
        description: None,
        query: constant(),
        unit: panel.unit,
        visualization: panel.visualization,
        legend: None,
        thresholds: Vec::new(),
        low_is_bad: panel.low_is_bad,
        min: None,
        max: None,
        width: panel.width,
        height: panel.height,
        missing: Vec::new(),
    }
}
