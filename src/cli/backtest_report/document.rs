//! A backtest's report as JSON.

use serde::Serialize;

use super::{Report, time};
use nthc::backtest::{Change, Delivery, Detection, Episode, Incident, Notified, Shortage};

/// The output of `nthc backtest --format json`.
#[derive(Serialize)]
pub struct Document<'r> {
    project: &'r str,
    environment: Option<&'r str>,
    from: String,
    to: String,
    alerts: Vec<AlertDocument<'r>>,
    /// `null` without `--incidents`.
    incidents: Option<Vec<IncidentDocument<'r>>>,
    /// The indices in `alerts` of pages that belong to no incident; `null` without `--incidents`.
    pages_without_incident: Option<&'r [usize]>,
    /// `null` without `--base`.
    base: Option<BaseDocument<'r>>,
    incomplete: Vec<ShortageDocument<'r>>,
}

/// An alert that fired.
#[derive(Serialize)]
struct AlertDocument<'r> {
    service: &'r str,
    slo: Option<&'r str>,
    alert: &'r str,
    severity: Option<&'r str>,
    /// The windows of burn rates, or consumed shares of the budget.
    windows: Vec<&'r str>,
    start: String,
    /// `null` if it fires at the end.
    end: Option<String>,
    delivery: &'static str,
    inhibited_by: Option<&'r str>,
    notified: Vec<NotifiedDocument<'r>>,
}

/// A channel that is notified.
#[derive(Serialize)]
struct NotifiedDocument<'r> {
    at: String,
    team: &'r str,
    receiver: &'r str,
    channel: &'r str,
}

/// An incident of the file.
#[derive(Serialize)]
struct IncidentDocument<'r> {
    service: &'r str,
    slo: Option<&'r str>,
    from: String,
    to: String,
    note: Option<&'r str>,
    /// `detected`, `missed` or `not-in-range`.
    result: &'static str,
    /// The index in `alerts` of what detected it.
    alert: Option<usize>,
    /// Seconds from the beginning of the incident to the notification; negative before it.
    delay_seconds: Option<f64>,
}

/// The comparison with another revision.
#[derive(Serialize)]
struct BaseDocument<'r> {
    revision: &'r str,
    commit: &'r str,
    alerts: Vec<AlertDocument<'r>>,
    changes: Vec<ChangeDocument>,
    /// What is incomplete with the base only.
    incomplete: Vec<ShortageDocument<'r>>,
}

/// A difference between the revisions.
#[derive(Serialize)]
struct ChangeDocument {
    /// `only-base`, `only-head` or `differs`.
    change: &'static str,
    /// The index in the `alerts` of the base.
    base: Option<usize>,
    /// The index in `alerts`.
    head: Option<usize>,
    /// How much later it begins to fire, in seconds; negative if earlier.
    later_seconds: Option<f64>,
}

/// An alert whose window is not whole when the range begins.
#[derive(Serialize)]
struct ShortageDocument<'r> {
    subject: &'r str,
    alert: &'r str,
    window: Option<&'r str>,
    reads_seconds: f64,
    data_begins: Option<String>,
    whole_from: Option<String>,
}

#[allow(clippy::cast_precision_loss)]
fn seconds(millis: i64) -> f64 {
    millis as f64 / 1000.0
}

/// Returns the document of a report.
pub fn document<'r>(report: &'r Report<'_>) -> Document<'r> {
    Document {
        project: report.project,
        environment: report.environment,
        from: time(report.from),
        to: time(report.to),
        alerts: report.head.iter().map(alert_document).collect(),
        incidents: report.explained.as_ref().map(|explained| {
            let listed = report.incidents.iter().zip(&explained.incidents);
            listed
                .map(|(one, found)| incident_document(one, found))
                .collect()
        }),
        pages_without_incident: report
            .explained
            .as_ref()
            .map(|all| all.unexplained.as_slice()),
        base: report
            .base
            .as_ref()
            .zip(report.revision)
            .map(|(base, (revision, commit))| {
                let changes = report.changes();
                let place = |all: &[Episode], one: &Episode| {
                    all.iter().position(|other| std::ptr::eq(other, one))
                };
                let of_base = |one| place(base, one);
                let of_head = |one| place(&report.head, one);
                let changes = changes.iter().map(|change| match change {
                    Change::OnlyBase(base) => ChangeDocument {
                        change: "only-base",
                        base: of_base(base),
                        head: None,
                        later_seconds: None,
                    },
                    Change::OnlyHead(head) => ChangeDocument {
                        change: "only-head",
                        base: None,
                        head: of_head(head),
                        later_seconds: None,
                    },
                    Change::Differs { base, head } => ChangeDocument {
                        change: "differs",
                        base: of_base(base),
                        head: of_head(head),
                        later_seconds: Some(seconds(head.start - base.start)),
                    },
                });
                BaseDocument {
                    revision,
                    commit,
                    alerts: base.iter().map(alert_document).collect(),
                    changes: changes.collect(),
                    incomplete: report
                        .base_shortages
                        .iter()
                        .map(shortage_document)
                        .collect(),
                }
            }),
        incomplete: report.shortages.iter().map(shortage_document).collect(),
    }
}

fn alert_document(episode: &Episode) -> AlertDocument<'_> {
    let (delivery, inhibited_by, notified): (_, _, &[Notified]) = match &episode.delivery {
        Delivery::Sent(all) => ("sent", None, all),
        Delivery::Unrouted => ("no-receivers", None, &[]),
        Delivery::Nobody => ("nobody", None, &[]),
        Delivery::Inhibited(by) => ("inhibited", Some(by.as_str()), &[]),
        Delivery::Muted(_) => ("muted", None, &[]),
        Delivery::Unsent => ("unsent", None, &[]),
    };
    AlertDocument {
        service: &episode.service,
        slo: episode.slo.as_deref(),
        alert: &episode.alert,
        severity: episode.severity.as_ref().map(|severity| severity.name()),
        windows: episode
            .windows
            .iter()
            .map(|window| window.as_str())
            .collect(),
        start: time(episode.start),
        end: episode.end.map(time),
        delivery,
        inhibited_by,
        notified: notified
            .iter()
            .map(|one| NotifiedDocument {
                at: time(one.at),
                team: &one.team,
                receiver: &one.receiver,
                channel: &one.channel,
            })
            .collect(),
    }
}

fn incident_document<'r>(incident: &'r Incident, found: &Detection) -> IncidentDocument<'r> {
    let (result, alert, delay) = match *found {
        Detection::Found { episode, after } => ("detected", Some(episode), Some(seconds(after))),
        Detection::Missed => ("missed", None, None),
        Detection::Outside => ("not-in-range", None, None),
    };
    IncidentDocument {
        service: &incident.service,
        slo: incident.slo.as_deref(),
        from: time(incident.from),
        to: time(incident.to),
        note: incident.note.as_deref(),
        result,
        alert,
        delay_seconds: delay,
    }
}

fn shortage_document(shortage: &Shortage) -> ShortageDocument<'_> {
    ShortageDocument {
        subject: &shortage.subject,
        alert: &shortage.alert,
        window: shortage.window.as_deref(),
        reads_seconds: seconds(shortage.reads),
        data_begins: shortage.begins.map(time),
        whole_from: shortage.whole_from.map(time),
    }
}
