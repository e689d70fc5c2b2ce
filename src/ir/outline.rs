//! What is known of a service outside of its own files.

use std::fmt;

use super::{Alert, Numerator, Recording, Service, Sli, Slo, panel};

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
