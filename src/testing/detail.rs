//! A test in detail: what happens, what is expected, and what followed over time, for a page that shows it.

use std::collections::BTreeSet;

use nth_model::number::percent_text;
use nth_model::test::{Event, Outcome, SloRef, Subject, Test};
use nth_model::{Project, Service, Settings, Slo};

use super::decisions::budget_over_time;
use super::describe;
use super::incident::Incident;
use super::story::{AlertRow, NotificationRow, SloRow, Story, measured, slos};
use super::wording::millis;

/// The number of times at which the curves of an SLO are measured.
const POINTS: i64 = 240;

/// A test in detail. Times are milliseconds since its beginning.
#[derive(Debug, Clone)]
pub struct Detail {
    /// What the test shows, from its doc comment.
    pub description: Option<String>,
    /// The end of the test.
    pub length: i64,
    /// What happens, in the order of the source.
    pub events: Vec<EventRow>,
    /// What is expected, in the order of the source.
    pub expectations: Vec<ExpectationRow>,
    /// What followed; `None` if the test could not be simulated.
    pub happened: Option<Happened>,
}

/// Something that happens in a test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventRow {
    /// Its name.
    pub name: String,
    /// What happens, with names between backticks.
    pub what: String,
    /// When it begins.
    pub from: i64,
    /// When it ends, at the latest with the test; `None` for what happens at one time.
    pub to: Option<i64>,
}

/// Something that is expected of a test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpectationRow {
    /// Its name.
    pub name: String,
    /// The line, from 1.
    pub line: usize,
    /// What must follow, with names between backticks.
    pub what: String,
    /// The time until which it must follow; `None` for the end of the test.
    pub until: Option<i64>,
}

/// What followed in a test.
#[derive(Debug, Clone)]
pub struct Happened {
    /// The SLOs that were bad, have alerts or are named in the test.
    pub curves: Vec<Curve>,
    /// The other SLOs of the simulated services, `checkout.latency`.
    pub quiet: Vec<String>,
    /// The alerts that were pending or firing.
    pub alerts: Vec<AlertRow>,
    /// The notifications, in order of time.
    pub notifications: Vec<Notice>,
}

/// An SLO over time, at evenly spaced times from the beginning to the end.
#[derive(Debug, Clone, PartialEq)]
pub struct Curve {
    /// The SLO, `checkout.availability`.
    pub name: String,
    /// The objective, `99.9%`.
    pub objective: String,
    /// The bad share of the events, or of the time; `None` without data.
    pub shares: Vec<Option<f64>>,
    /// The share of the error budget that is left; `None` without data.
    pub left: Vec<Option<f64>>,
}

/// A notification with its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// The time, the receiver and the alerts.
    pub row: NotificationRow,
    /// The title, empty for webhooks, and the body; or the reason why they cannot be rendered.
    pub message: Result<(String, String), String>,
}

impl Detail {
    /// Describes a test, without what followed. `lines` are those of its expectations, `line` is its own.
    pub fn new(test: &Test, line: usize, lines: &[usize]) -> Self {
        let length = millis(test.length);
        let events = test.given.iter().map(|given| {
            let from = millis(given.from);
            let end = given.length.map_or(length, |lasts| {
                from.saturating_add(millis(lasts)).min(length)
            });
            EventRow {
                name: given.name.to_string(),
                what: describe::event(given),
                from,
                to: (!describe::is_instant(&given.event)).then_some(end),
            }
        });
        let expectations =
            test.expect
                .iter()
                .enumerate()
                .map(|(index, expectation)| ExpectationRow {
                    name: expectation.name.to_string(),
                    line: lines.get(index).copied().unwrap_or(line),
                    what: describe::expectation(expectation),
                    until: describe::deadline(&expectation.outcome),
                });
        Self {
            description: test.description.clone(),
            length,
            events: events.collect(),
            expectations: expectations.collect(),
            happened: None,
        }
    }

    /// Adds what followed.
    pub fn add(
        &mut self,
        incident: &Incident<'_>,
        test: &Test,
        project: &Project<'_>,
        settings: &Settings,
    ) {
        let story = Story::new(incident, project, settings);
        let eventful: BTreeSet<String> = story
            .slos
            .into_iter()
            .map(|row| row.name)
            .chain(named_slos(test))
            .collect();
        let (mut curves, mut quiet) = (Vec::new(), Vec::new());
        for (service, slo) in slos(incident, project) {
            let name = format!("{}.{}", service.name, slo.name);
            if eventful.contains(&name) {
                curves.push(curve(incident, service, slo, settings));
            } else {
                quiet.push(name);
            }
        }
        let begin = incident.simulation.begin;
        let all = incident.notified.notifications.iter();
        let during = all.filter(|notification| notification.at >= begin);
        let messages = during.map(|notification| {
            let routing = incident.routing.ok_or("no Alertmanager configuration")?;
            let messages = routing.messages().map_err(|error| error.to_string())?;
            let alerts = incident.instances(notification)?;
            let message = messages
                .message(notification, &alerts)
                .map_err(|error| error.to_string())?;
            Ok((message.title, message.body))
        });
        let notifications = story.notifications.into_iter().zip(messages);
        self.happened = Some(Happened {
            curves,
            quiet,
            alerts: story.alerts,
            notifications: notifications
                .map(|(row, message)| Notice { row, message })
                .collect(),
        });
    }
}

/// The SLOs that a test names.
fn named_slos(test: &Test) -> impl Iterator<Item = String> {
    let events = test.given.iter().filter_map(|given| match &given.event {
        Event::Errors { slo, .. } | Event::Latency { slo, .. } | Event::BudgetLeft { slo, .. } => {
            Some(slo)
        }
        _ => None,
    });
    let expectations = test
        .expect
        .iter()
        .filter_map(|expectation| match &expectation.outcome {
            Outcome::Fires { subject, .. }
            | Outcome::Resolved { subject, .. }
            | Outcome::Silent { subject } => match subject {
                Subject::Slo(slo) => Some(slo),
                _ => None,
            },
            Outcome::Budget { slo, .. } => Some(slo),
            Outcome::Gate { .. } => None,
        });
    events.chain(expectations).map(super::wording::slo_name)
}

fn curve(incident: &Incident<'_>, service: &Service, slo: &Slo, settings: &Settings) -> Curve {
    let SloRow { name, shares } = measured(incident, service, slo, settings, POINTS);
    let reference = SloRef {
        service: service.name.clone(),
        slo: slo.name.clone(),
        group: std::collections::BTreeMap::new(),
    };
    let left = budget_over_time(incident, &reference);
    let length = incident.length();
    let left = left.map_or_else(Vec::new, |left| {
        (0..=POINTS)
            .map(|point| left(length * point / POINTS))
            .collect()
    });
    Curve {
        name,
        objective: percent_text(slo.objective),
        shares,
        left,
    }
}
