//! What is known of a service outside of its own files.

use std::collections::BTreeMap;

use nth_promql::{Expr, build};
use smol_str::SmolStr;

use super::{
    Alert, Breakdown, Duration, DurationUnit, Numerator, Recording, Service, Sli, Slo, panel,
};

impl Service {
    /// Returns the service with nothing but its outline: what files other than its own can be made of. One constant stands for each
    /// query, the same panel for each panel, and texts of alerts and sections of its runbook are gone.
    ///
    /// Project-wide files, limits across services and the files of other services read nothing else, so a project of outlines takes
    /// little memory, and a service whose outline is as it was changes only its own files. Whoever makes them read more keeps it here;
    /// `tests/outlines.rs` generates all files from outlines.
    #[must_use]
    pub fn outlined(&self) -> Self {
        Self {
            name: self.name.clone(),
            role: self.role,
            description: self.description.clone(),
            service_type: self.service_type.clone(),
            team: self.team.clone(),
            tier: self.tier.clone(),
            selector: self.selector.clone(),
            labels: self.labels.clone(),
            slos: self.slos.iter().map(outlined_slo).collect(),
            alerts: self.alerts.iter().map(outlined_alert).collect(),
            recordings: self.recordings.iter().map(outlined_recording).collect(),
            log_alerts: self.log_alerts.clone(),
            dependencies: self.dependencies.clone(),
            signals: Vec::new(),
            skipped_rules: self.skipped_rules.clone(),
            runbook_url: self.runbook_url.clone(),
            dashboard_url: self.dashboard_url.clone(),
            logs_url: self.logs_url.clone(),
            panels: outlined_panels(&self.panels),
            escalation: self.escalation.clone(),
            pace: self.pace.clone(),
            support_hours: self.support_hours.clone(),
            runbook: Vec::new(),
            gates: self.gates.clone(),
            deployed: self.deployed.clone(),
            origin: self.origin.clone(),
            former_tiers: self.former_tiers.clone(),
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
            breakdown: breakdown.as_ref().map(|_| Breakdown::All(constant())),
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
        histogram: slo.histogram.as_ref().map(|_| panel::Histogram {
            series: constant(),
            native: false,
            under: Duration(0),
            unit: DurationUnit::Seconds,
        }),
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

/// As many panels, all alike: without any, a service has no dashboard.
fn outlined_panels(panels: &panel::Panels) -> panel::Panels {
    let alike = |panels: &[panel::Panel]| vec![any_panel(); panels.len()];
    panel::Panels {
        own: alike(&panels.own),
        rows: panels
            .rows
            .iter()
            .map(|row| panel::Row {
                name: SmolStr::default(),
                title: String::new(),
                panels: alike(&row.panels),
            })
            .collect(),
        dependencies: panels
            .dependencies
            .iter()
            .map(|dependency| panel::Dependency {
                name: SmolStr::default(),
                service: None,
                technology: None,
                panels: alike(&dependency.panels),
            })
            .collect(),
    }
}

fn any_panel() -> panel::Panel {
    panel::Panel {
        name: SmolStr::default(),
        title: String::new(),
        description: None,
        query: constant(),
        unit: panel::Unit::Count,
        visualization: panel::Visualization::Timeseries,
        legend: None,
        thresholds: Vec::new(),
        low_is_bad: false,
        min: None,
        max: None,
        width: 0,
        height: 0,
        missing: Vec::new(),
    }
}
