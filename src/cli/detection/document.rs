//! The output of `nthc test --detection --format json`.

use serde::Serialize;

use nthc::ir::Duration;
use nthc::ir::detection::{Detection, DetectionTable, Fired, Incident};
use nthc::ir::number::percent_text;
use nthc::testing::detection::SloDetection;
use nthc::testing::detection_file::Change;

/// What was found.
pub struct Report<'r> {
    /// The name of the project.
    pub project: &'r str,
    /// The detection times.
    pub found: &'r [SloDetection],
    /// The changes since a file was written; `None` if no file is checked.
    pub changes: Option<&'r [Change]>,
    /// The file that is checked, as it is shown; empty if there is none.
    pub file: &'r str,
}

/// The document.
#[derive(Serialize)]
pub struct Document<'r> {
    project: &'r str,
    slos: Vec<SloEntry<'r>>,
    /// The changes since the file of `--check` was written; null without `--check`.
    changes: Option<Vec<ChangeEntry<'r>>>,
}

#[derive(Serialize)]
struct SloEntry<'r> {
    service: &'r str,
    slo: &'r str,
    environment: Option<&'r str>,
    file: &'r str,
    line: usize,
    objective: String,
    window: String,
    /// The reason why it could not be simulated.
    error: Option<&'r str>,
    help: Option<&'r str>,
    incidents: Vec<IncidentEntry<'r>>,
    /// What cannot happen to this SLO.
    impossible: Vec<ImpossibleEntry>,
    situations: Vec<SituationEntry<'r>>,
}

#[derive(Serialize)]
struct IncidentEntry<'r> {
    incident: String,
    /// How long it lasted.
    seconds: f64,
    /// How long alerts were observed after it.
    observed_seconds: f64,
    page: Option<DetectionEntry<'r>>,
    ticket: Option<DetectionEntry<'r>>,
    /// The severities that would fire, but later than the incident lasted.
    later: Vec<&'static str>,
    alerts: Vec<DetectionEntry<'r>>,
}

#[derive(Serialize)]
struct DetectionEntry<'r> {
    #[serde(flatten)]
    alert: AlertEntry<'r>,
    /// From the end of the incident until no burn-rate alert fires; null if one fired as long as it was observed.
    ends_after_seconds: Option<f64>,
}

#[derive(Serialize)]
struct AlertEntry<'r> {
    alert: &'r str,
    severity: &'r str,
    /// The long window of a burn-rate alert, or the share of a budget alert.
    threshold: Option<&'r str>,
    /// From the beginning of the incident until the alert fires.
    after_seconds: f64,
}

#[derive(Serialize)]
struct ImpossibleEntry {
    incident: String,
    reason: &'static str,
}

#[derive(Serialize)]
struct SituationEntry<'r> {
    situation: &'static str,
    alerts: Vec<AlertEntry<'r>>,
}

#[derive(Serialize)]
struct ChangeEntry<'r> {
    slo: &'r str,
    change: String,
}

/// Returns the document of a report.
pub fn document<'r>(report: &Report<'r>) -> Document<'r> {
    Document {
        project: report.project,
        slos: report.found.iter().map(slo).collect(),
        changes: report.changes.map(|changes| {
            let entry = |change: &'r Change| ChangeEntry {
                slo: &change.title,
                change: change.kind.words(),
            };
            changes.iter().map(entry).collect()
        }),
    }
}

fn slo(found: &SloDetection) -> SloEntry<'_> {
    let (error, help) = match &found.reaction {
        Ok(_) => (None, None),
        Err(problem) => (Some(problem.message.as_str()), Some(problem.help.as_str())),
    };
    let table = found.reaction.as_ref().ok();
    SloEntry {
        service: &found.slo.service,
        slo: &found.slo.slo,
        environment: found.environment.as_deref(),
        file: &found.file,
        line: found.line,
        objective: percent_text(found.objective),
        window: found.window.to_string(),
        error,
        help,
        incidents: table.map_or_else(Vec::new, |table| {
            table.incidents.iter().map(incident).collect()
        }),
        impossible: table.map_or_else(Vec::new, impossible),
        situations: table.map_or_else(Vec::new, situations),
    }
}

fn incident(found: &Incident) -> IncidentEntry<'_> {
    IncidentEntry {
        incident: found.strength.words(),
        seconds: seconds(found.length),
        observed_seconds: seconds(found.observed),
        page: found.page.as_ref().map(detection),
        ticket: found.ticket.as_ref().map(detection),
        later: found.later.iter().map(|later| later.word()).collect(),
        alerts: found.alerts.iter().map(detection).collect(),
    }
}

fn impossible(table: &DetectionTable) -> Vec<ImpossibleEntry> {
    let incidents = table.impossible.iter();
    let incidents = incidents.map(|(strength, why)| (strength.words(), why));
    let situations = table.situations.iter().filter_map(|(situation, found)| {
        let why = found.as_ref().err()?;
        Some((situation.words().to_owned(), why))
    });
    let all = incidents.chain(situations);
    all.map(|(incident, why)| ImpossibleEntry {
        incident,
        reason: why.words(),
    })
    .collect()
}

fn situations(table: &DetectionTable) -> Vec<SituationEntry<'_>> {
    let found = table.situations.iter().filter_map(|(situation, found)| {
        Some(SituationEntry {
            situation: situation.words(),
            alerts: found.as_ref().ok()?.iter().map(alert).collect(),
        })
    });
    found.collect()
}

fn detection(found: &Detection) -> DetectionEntry<'_> {
    DetectionEntry {
        alert: alert(&found.alert),
        ends_after_seconds: found.resolved.map(seconds),
    }
}

fn alert(fired: &Fired) -> AlertEntry<'_> {
    AlertEntry {
        alert: &fired.name,
        severity: fired.severity.name(),
        threshold: fired.threshold.as_deref(),
        after_seconds: seconds(fired.after),
    }
}

#[allow(clippy::cast_precision_loss)]
fn seconds(duration: Duration) -> f64 {
    duration.0 as f64 / 1000.0
}
