//! Times in which alerts fired, and who was notified.

use std::collections::BTreeMap;

use nth_model::{RuleLabel, Severity};
use nth_simulate::AlertTimeline;
use serde::Serialize;
use smol_str::SmolStr;

use crate::backends::alertmanager::notify::{AlertInstance, Routing, Simulation, Texts};
use crate::testing::alert_name;

/// A time in which an alert fired. Alerts that are the same but for their windows, thresholds or series are one while they
/// overlap. Times are milliseconds since 1970.
#[derive(Debug, Clone, PartialEq)]
pub struct Episode {
    /// The service.
    pub service: SmolStr,
    /// The SLO; `None` for a custom alert.
    pub slo: Option<SmolStr>,
    /// The alert's name, as in the rules.
    pub alert: SmolStr,
    /// The severity; `None` if its label has no known value.
    pub severity: Option<Severity>,
    /// When it began to fire. It may be before the range, if it fires when that begins.
    pub start: i64,
    /// When it was resolved; `None` if it fires at the end.
    pub end: Option<i64>,
    /// The windows of burn rates, or the consumed shares of the budget, that fired, in the order of the rules.
    pub windows: Vec<SmolStr>,
    /// What Alertmanager does with it.
    pub delivery: Delivery,
}

/// What Alertmanager does with an alert.
#[derive(Debug, Clone, PartialEq)]
pub enum Delivery {
    /// Notifications are sent, in order of time: the first of each channel.
    Sent(Vec<Notified>),
    /// There is no configuration of Alertmanager.
    Unrouted,
    /// Its receiver notifies no team.
    Nobody,
    /// Another alert inhibits it: its name with its SLO or service.
    Inhibited(String),
    /// Its receiver was muted: the receiver.
    Muted(String),
    /// It was resolved before a notification was sent, or the range ended.
    Unsent,
}

/// A channel that is notified.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Notified {
    /// The time of the first notification that the alert fires, in milliseconds since 1970.
    pub at: i64,
    /// The team.
    pub team: String,
    /// The receiver in Alertmanager's configuration.
    pub receiver: String,
    /// The channel, `Slack #payments`.
    pub channel: String,
}

impl Episode {
    /// The SLO or the service: `checkout.availability`.
    pub fn subject(&self) -> String {
        subject(&self.service, self.slo.as_deref())
    }

    /// The alert with its SLO or service.
    pub fn name(&self) -> String {
        format!("{} of {}", self.alert, self.subject())
    }

    /// When it first counts: at its first notification, or when it fires if there is no configuration of Alertmanager. `None` if
    /// nobody is notified.
    pub fn counts_at(&self) -> Option<i64> {
        match &self.delivery {
            Delivery::Sent(all) => all.first().map(|first| first.at),
            Delivery::Unrouted => Some(self.start),
            _ => None,
        }
    }

    /// True if somebody is paged.
    pub fn pages(&self) -> bool {
        self.severity.as_ref().is_some_and(Severity::pages) && self.counts_at().is_some()
    }

    /// True if it fires at some time of a range.
    pub fn overlaps(&self, from: i64, to: i64) -> bool {
        self.start <= to && self.end.is_none_or(|end| end >= from)
    }

    /// What identifies the alert.
    pub(super) fn key(&self) -> (&SmolStr, &Option<SmolStr>, &SmolStr, Option<&Severity>) {
        let severity = self.severity.as_ref();
        (&self.service, &self.slo, &self.alert, severity)
    }
}

/// A time in which one alert fired.
struct Fired<'a> {
    alert: &'a AlertTimeline,
    start: i64,
    end: Option<i64>,
}

/// Returns what fired in a range of time, in order. The periods of the alerts are relative to `from`.
pub fn episodes(
    alerts: &[AlertTimeline],
    routing: Option<&Routing<'_>>,
    from: i64,
    to: i64,
) -> Vec<Episode> {
    let mut fired = Vec::new();
    for alert in alerts {
        for period in &alert.periods {
            let Some(start) = period.firing else {
                continue;
            };
            fired.push(Fired {
                alert,
                start: from.saturating_add(start),
                end: period.ended.map(|end| from.saturating_add(end)),
            });
        }
    }
    let instances: Vec<AlertInstance> = fired.iter().map(instance).collect();
    let simulation = routing.map(|routing| routing.simulate(&instances, to));
    let told = Told {
        fired: &fired,
        instances: &instances,
        routing: routing.zip(simulation.as_ref()),
        first: simulation
            .as_ref()
            .map(first_notifications)
            .unwrap_or_default(),
    };
    let mut found: Vec<Episode> = Vec::new();
    let mut order: Vec<usize> = (0..fired.len()).collect();
    order.sort_by_key(|index| fired.get(*index).map(|fired| fired.start));
    for index in order {
        let Some(new) = told.episode(index, from) else {
            continue;
        };
        let is_same = |known: &Episode| {
            known.key() == new.key() && known.end.is_none_or(|end| end >= new.start)
        };
        let place = found.iter().rposition(is_same);
        match place.and_then(|place| found.get_mut(place)) {
            Some(known) => join(known, new),
            None => found.push(new),
        }
    }
    // What ended before the range was only there to start it.
    found.retain(|episode| episode.end.is_none_or(|end| end > from));
    found.sort_by(|one, other| {
        one.start
            .cmp(&other.start)
            .then(one.key().cmp(&other.key()))
    });
    found
}

/// Adds an episode to an earlier one of the same alert.
fn join(known: &mut Episode, new: Episode) {
    known.end = match (known.end, new.end) {
        (Some(one), Some(other)) => Some(one.max(other)),
        _ => None,
    };
    for window in new.windows {
        if !known.windows.contains(&window) {
            known.windows.push(window);
        }
    }
    match (&mut known.delivery, new.delivery) {
        (Delivery::Sent(all), Delivery::Sent(more)) => {
            for one in more {
                add_channel(all, one);
            }
            all.sort();
        }
        (Delivery::Sent(_), _) => {}
        (delivery, sent @ Delivery::Sent(_)) => *delivery = sent,
        _ => {}
    }
}

/// The notifications about all that fired.
struct Told<'a> {
    fired: &'a [Fired<'a>],
    instances: &'a [AlertInstance],
    routing: Option<(&'a Routing<'a>, &'a Simulation<'a>)>,
    first: BTreeMap<usize, Vec<Notified>>,
}

impl Told<'_> {
    fn episode(&self, index: usize, from: i64) -> Option<Episode> {
        let fired = self.fired.get(index)?;
        let alert = fired.alert;
        let label = |label: RuleLabel| {
            let value = alert.labels.get(label.name());
            (!value.is_empty()).then(|| SmolStr::from(value))
        };
        let window = label(RuleLabel::LongWindow).or_else(|| label(RuleLabel::BudgetConsumed));
        Some(Episode {
            service: alert.service.clone(),
            slo: alert.slo.clone(),
            alert: alert.name.clone(),
            severity: alert.severity.clone(),
            start: fired.start,
            end: fired.end,
            windows: window.into_iter().collect(),
            delivery: self.delivery(index, from),
        })
    }

    fn delivery(&self, index: usize, from: i64) -> Delivery {
        let Some((routing, simulation)) = self.routing else {
            return Delivery::Unrouted;
        };
        if let Some(notified) = self.first.get(&index) {
            // A notification from before the range is known when it begins.
            let notified = notified.iter().cloned();
            let notified = notified.map(|one| Notified {
                at: one.at.max(from),
                ..one
            });
            return Delivery::Sent(notified.collect());
        }
        let mut inhibited = simulation.inhibited.iter();
        if let Some(found) = inhibited.find(|inhibited| inhibited.alert == index) {
            let by = self.fired.get(found.by).map(|by| alert_name(by.alert));
            return Delivery::Inhibited(by.unwrap_or_default());
        }
        let mut muted = simulation.muted.iter();
        if let Some(found) = muted.find(|muted| muted.alert == index) {
            return Delivery::Muted(found.receiver.to_owned());
        }
        let labels = self.instances.get(index).map(|instance| &instance.labels);
        let routes = labels.map(|labels| routing.routes(labels));
        let mut routes = routes.into_iter().flatten();
        match routes.any(|route| !route.integrations.is_empty()) {
            true => Delivery::Unsent,
            false => Delivery::Nobody,
        }
    }
}

/// Returns the first notification of each channel that each alert fires, in order of time.
fn first_notifications(simulation: &Simulation<'_>) -> BTreeMap<usize, Vec<Notified>> {
    let mut first: BTreeMap<usize, Vec<Notified>> = BTreeMap::new();
    for notification in &simulation.notifications {
        let recipient = notification.recipient;
        let notified = Notified {
            at: notification.at,
            team: recipient.team.to_owned(),
            receiver: recipient.receiver.to_owned(),
            channel: recipient.label(),
        };
        for alert in &notification.firing {
            add_channel(first.entry(*alert).or_default(), notified.clone());
        }
    }
    first
}

/// Adds a notification, unless there is one of its channel.
fn add_channel(all: &mut Vec<Notified>, new: Notified) {
    let is_known =
        |known: &Notified| (&known.receiver, &known.channel) == (&new.receiver, &new.channel);
    if !all.iter().any(is_known) {
        all.push(new);
    }
}

/// The SLO or the service: `checkout.availability`.
pub(super) fn subject(service: &str, slo: Option<&str>) -> String {
    match slo {
        Some(slo) => format!("{service}.{slo}"),
        None => service.to_owned(),
    }
}

fn instance(fired: &Fired<'_>) -> AlertInstance {
    let labels = fired.alert.labels.iter();
    let labels = labels.map(|(name, value)| (name.to_owned(), value.to_owned()));
    AlertInstance::new(labels.collect(), Texts::new(), fired.start, fired.end)
}
