//! The story of an incident: SLOs, alerts and notifications over time.

use std::collections::{BTreeMap, BTreeSet};

use nth_engine::eval::{self, Options};
use nth_engine::{Evaluated, Steps};
use nth_model::{Project, Service, Settings, Severity, Slo};
use nth_simulate::Period;

use super::incident::Incident;
use super::wording::name;
use crate::backends::alertmanager::notify::{Notification, Reason};
use crate::backends::prometheus::BudgetStatus;

/// The number of times at which an SLO is measured.
pub const COLUMNS: i64 = 60;

/// What happened in a test. Times are milliseconds since its beginning.
#[derive(Debug, Clone, Default)]
pub struct Story {
    /// The end of the test.
    pub length: i64,
    /// The SLOs, of which some are bad or have alerts.
    pub slos: Vec<SloRow>,
    /// The alerts that were pending or firing, those that are the same but for their thresholds together.
    pub alerts: Vec<AlertRow>,
    /// The notifications, in order of time.
    pub notifications: Vec<NotificationRow>,
}

/// The share of an SLO's events that is bad, over time.
#[derive(Debug, Clone, PartialEq)]
pub struct SloRow {
    /// The SLO, `checkout.availability`.
    pub name: String,
    /// The share in each column; `None` without data.
    pub shares: Vec<Option<f64>>,
}

/// Whether an alert is active.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Activity {
    /// It is not.
    Inactive,
    /// It is pending.
    Pending,
    /// It fires.
    Firing,
}

/// An alert over time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertRow {
    /// The alert with its SLO or service.
    pub name: String,
    /// The severity.
    pub severity: Option<Severity>,
    /// When it was active.
    pub periods: Vec<Period>,
}

impl AlertRow {
    /// The most that it was between two times.
    pub fn activity(&self, from: i64, to: i64) -> Activity {
        let of = |period: &Period| {
            let end = period.ended.unwrap_or(i64::MAX);
            if period
                .firing
                .is_some_and(|firing| firing < to && end > from)
            {
                Activity::Firing
            } else if period.pending < to && end > from {
                Activity::Pending
            } else {
                Activity::Inactive
            }
        };
        self.periods
            .iter()
            .map(of)
            .max()
            .unwrap_or(Activity::Inactive)
    }
}

/// A notification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotificationRow {
    /// The time.
    pub at: i64,
    /// The team.
    pub team: String,
    /// The receiver in Alertmanager's configuration.
    pub receiver: String,
    /// The channel, `Slack #payments`.
    pub channel: String,
    /// What it is about: `fires`, `resolved`.
    pub about: &'static str,
    /// The alerts that it is about.
    pub alerts: Vec<String>,
}

impl Story {
    /// Describes an incident.
    pub fn new(incident: &Incident<'_>, project: &Project<'_>, settings: &Settings) -> Self {
        let simulation = &incident.simulation;
        let mut rows: BTreeMap<(Option<Severity>, String), Vec<Period>> = BTreeMap::new();
        for alert in &simulation.alerts {
            let during = alert
                .periods
                .iter()
                .filter(|period| period.ended.is_none_or(|ended| ended > 0));
            let periods: Vec<Period> = during.copied().collect();
            if !periods.is_empty() {
                let row = rows
                    .entry((alert.severity.clone(), name(alert)))
                    .or_default();
                row.extend(periods);
            }
        }
        let mut alerts: Vec<AlertRow> = rows
            .into_iter()
            .map(|((severity, name), mut periods)| {
                periods.sort_by_key(|period| period.pending);
                AlertRow {
                    name,
                    severity,
                    periods,
                }
            })
            .collect();
        alerts.sort_by_key(|row| row.severity.is_none());
        let slos = slos(incident, project)
            .filter_map(|(service, slo)| {
                let row = measured(incident, service, slo, settings, COLUMNS);
                let is_bad = row.shares.iter().flatten().any(|share| *share > 0.0);
                let has_alerts = simulation.alerts.iter().any(|alert| {
                    alert.service == service.name && alert.slo.as_ref() == Some(&slo.name)
                });
                (is_bad || has_alerts).then_some(row)
            })
            .collect();
        Self {
            length: incident.length(),
            slos,
            alerts,
            notifications: notifications(incident),
        }
    }
}

/// Iterates over the SLOs of the simulated services, by service.
pub fn slos<'p>(
    incident: &Incident<'_>,
    project: &Project<'p>,
) -> impl Iterator<Item = (&'p Service, &'p Slo)> {
    let names: BTreeSet<&str> = incident
        .simulation
        .rules
        .services
        .iter()
        .map(AsRef::as_ref)
        .collect();
    let services: Vec<&'p Service> = names
        .into_iter()
        .filter_map(|name| project.service(name))
        .collect();
    services
        .into_iter()
        .flat_map(|service| service.slos.iter().map(move |slo| (service, slo)))
}

/// Measures the bad share of an SLO at this many times; without any if it cannot be measured.
pub fn measured(
    incident: &Incident<'_>,
    service: &Service,
    slo: &Slo,
    settings: &Settings,
    columns: i64,
) -> SloRow {
    let status = BudgetStatus::new(service, slo, settings);
    let query = status
        .measured_error_ratio(settings.prometheus.current_window())
        .unwrap_or_else(|| status.error_ratio(status.burn_window()));
    SloRow {
        name: format!("{}.{}", service.name, slo.name),
        shares: shares(incident, &query, columns).unwrap_or_default(),
    }
}

/// Evaluates a query for a share at this many times; `None` if it cannot be evaluated.
fn shares(incident: &Incident<'_>, query: &str, columns: i64) -> Option<Vec<Option<f64>>> {
    let simulation = &incident.simulation;
    let expr = nth_promql::parse(query).ok()?;
    let step = (incident.length() / columns.max(1)).max(1);
    let steps = Steps {
        start: simulation.begin + step,
        end: simulation.end,
        step,
    };
    let evaluated = eval::evaluate(&expr, &simulation.store, steps, &Options::default()).ok()?;
    let Evaluated::Vector(series) = evaluated.0 else {
        return None;
    };
    let points = series.into_iter().next().map(|series| series.points);
    let points = points.unwrap_or_default();
    let mut shares: Vec<Option<f64>> = points
        .iter()
        .map(|point| point.float().filter(|share| share.is_finite()))
        .collect();
    shares.resize(steps.count(), None);
    Some(shares)
}

fn notifications(incident: &Incident<'_>) -> Vec<NotificationRow> {
    let all = incident.notified.notifications.iter();
    let during = all.filter(|notification| notification.at >= incident.simulation.begin);
    during
        .map(|notification| {
            let about = if notification.is_resolved() {
                &notification.resolved
            } else {
                &notification.firing
            };
            let alerts = about.iter().filter_map(|index| {
                let fired = incident.fired.get(*index)?;
                Some(name(incident.alert(fired)?))
            });
            let mut alerts: Vec<String> = alerts.collect();
            alerts.sort();
            alerts.dedup();
            NotificationRow {
                at: incident.time(notification),
                team: notification.recipient.team.to_owned(),
                receiver: notification.recipient.receiver.to_owned(),
                channel: channel(notification),
                about: match notification.reason {
                    Reason::First | Reason::NewAlerts => "fires",
                    Reason::SomeResolved => "some resolved",
                    Reason::AllResolved => "resolved",
                    Reason::Repeat => "repeats",
                },
                alerts,
            }
        })
        .collect()
}

fn channel(notification: &Notification<'_>) -> String {
    notification.recipient.label()
}
