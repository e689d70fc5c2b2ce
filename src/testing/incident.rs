//! An incident that was simulated: its alerts, and the notifications about them.

use nth_engine::rules::Rule;
use nth_model::test::{Subject, Test};
use nth_simulate::{AlertTimeline, Period, Plan, Simulation};

use super::annotations;
use crate::backends::alertmanager::notify::{self, AlertInstance, Notification, Routing, Texts};

/// What happened in a test.
pub struct Incident<'r> {
    /// The series and alerts.
    pub simulation: Simulation,
    /// Each time in which an alert fired during the test.
    pub fired: Vec<Fired>,
    /// The routes; `None` if no team has a receiver.
    pub routing: Option<&'r Routing<'r>>,
    /// What Alertmanager does. Its alerts are those of `fired`.
    pub notified: notify::Simulation<'r>,
}

/// A time in which an alert fired during the test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fired {
    /// The index of the alert in the simulation.
    pub alert: usize,
    /// The times, in milliseconds since the beginning of the test.
    pub period: Period,
    /// When it began to fire, at the earliest when the test begins.
    pub start: i64,
    /// When it was resolved; `None` if it fires at the end.
    pub end: Option<i64>,
}

/// What Alertmanager does with an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// It is notified about at this time.
    Sent(i64),
    /// There is no configuration of Alertmanager.
    Unrouted,
    /// Its receiver notifies no team.
    Nobody,
    /// The alert with this index in `fired` inhibits it.
    Inhibited(usize),
    /// Its receiver was muted at that time: the index in the muted alerts of the simulation.
    Muted(usize),
    /// It was resolved before a notification was sent, or the test ended.
    Unsent,
}

impl<'r> Incident<'r> {
    /// Runs the events of a test, and sends its alerts through Alertmanager.
    ///
    /// # Errors
    ///
    /// If the events cannot be simulated.
    pub fn new(
        plan: &Plan<'_>,
        test: &Test,
        routing: Option<&'r Routing<'r>>,
    ) -> Result<Self, nth_simulate::Error> {
        let simulation = nth_simulate::simulate(plan, test)?;
        Ok(Self::of_simulation(simulation, routing))
    }

    /// Sends the alerts of a simulation through Alertmanager.
    pub fn of_simulation(simulation: Simulation, routing: Option<&'r Routing<'r>>) -> Self {
        let mut fired = Vec::new();
        for (alert, timeline) in simulation.alerts.iter().enumerate() {
            for period in &timeline.periods {
                let Some(start) = period.firing else {
                    continue;
                };
                if period.ended.is_none_or(|ended| ended > 0) {
                    fired.push(Fired {
                        alert,
                        period: *period,
                        start: start.max(0),
                        end: period.ended,
                    });
                }
            }
        }
        let instances: Vec<AlertInstance> = fired
            .iter()
            .filter_map(|fired| instance(&simulation, fired, Texts::new()))
            .collect();
        let notified = routing.map_or_else(notify::Simulation::default, |routing| {
            routing.simulate(&instances, simulation.end)
        });
        Self {
            simulation,
            fired,
            routing,
            notified,
        }
    }

    /// The end of the test, in milliseconds since its beginning.
    pub fn length(&self) -> i64 {
        self.simulation.end - self.simulation.begin
    }

    /// The alert that fired.
    pub fn alert(&self, fired: &Fired) -> Option<&AlertTimeline> {
        self.simulation.alerts.get(fired.alert)
    }

    /// Iterates over what fired among the alerts of a subject, with the indices in `fired`.
    pub fn of<'s>(
        &'s self,
        subject: &'s Subject,
    ) -> impl Iterator<Item = (usize, &'s Fired, &'s AlertTimeline)> {
        self.fired
            .iter()
            .enumerate()
            .filter_map(move |(index, fired)| {
                let alert = self.alert(fired)?;
                concerns(subject, alert).then_some((index, fired, alert))
            })
    }

    /// Iterates over the notifications that an alert fires, in order of time.
    pub fn notifications(&self, fired: usize) -> impl Iterator<Item = &Notification<'r>> {
        let all = self.notified.notifications.iter();
        all.filter(move |notification| notification.firing.contains(&fired))
    }

    /// The time of a notification since the beginning of the test; those from before count as its beginning.
    pub fn time(&self, notification: &Notification<'_>) -> i64 {
        (notification.at - self.simulation.begin).max(0)
    }

    /// What Alertmanager does with an alert, by its index in `fired`.
    pub fn delivery(&self, fired: usize) -> Delivery {
        let Some(routing) = self.routing else {
            return Delivery::Unrouted;
        };
        if let Some(first) = self.notifications(fired).next() {
            return Delivery::Sent(self.time(first));
        }
        let mut inhibited = self.notified.inhibited.iter();
        if let Some(found) = inhibited.find(|inhibited| inhibited.alert == fired) {
            return Delivery::Inhibited(found.by);
        }
        let mut muted = self.notified.muted.iter();
        if let Some(index) = muted.position(|muted| muted.alert == fired) {
            return Delivery::Muted(index);
        }
        let labels = self
            .fired
            .get(fired)
            .and_then(|fired| Some(texts(self.alert(fired)?)));
        let routes = labels.map(|labels| routing.routes(&labels));
        let mut routes = routes.into_iter().flatten();
        match routes.any(|route| !route.integrations.is_empty()) {
            true => Delivery::Unsent,
            false => Delivery::Nobody,
        }
    }

    /// The alerts for the texts of a notification, with their annotations at its time.
    ///
    /// # Errors
    ///
    /// If an annotation cannot be expanded.
    pub fn instances(&self, notification: &Notification<'_>) -> Result<Vec<AlertInstance>, String> {
        let all = self.fired.iter().enumerate().map(|(index, fired)| {
            let is_named = [&notification.firing, &notification.resolved]
                .into_iter()
                .any(|named| named.contains(&index));
            let annotations = match is_named {
                true => self.annotations(fired, notification.at)?,
                false => Texts::new(),
            };
            instance(&self.simulation, fired, annotations).ok_or_else(|| "unknown alert".to_owned())
        });
        all.collect()
    }

    /// The annotations of an alert at a time, in milliseconds since 1970.
    ///
    /// # Errors
    ///
    /// If one cannot be expanded.
    pub fn annotations(&self, fired: &Fired, at: i64) -> Result<Texts, String> {
        let history = &self.alert(fired).ok_or("unknown alert")?.history;
        let group = self.simulation.rules.groups.get(history.rule.group);
        let rule = group.and_then(|group| group.rules.get(history.rule.rule));
        let (Some(Rule::Alerting(rule)), Some(sample)) = (rule, history.observation_at(at)) else {
            return Ok(Texts::new());
        };
        annotations::expand(rule, sample, &self.simulation.store, at).map_err(|problem| {
            format!(
                "cannot expand the annotations of `{}`: {problem}",
                rule.alert
            )
        })
    }
}

/// Returns whether an alert is one of a subject's.
pub fn concerns(subject: &Subject, alert: &AlertTimeline) -> bool {
    match subject {
        Subject::Slo(of) => {
            let mut group = of.group.iter();
            of.service == alert.service
                && alert.slo.as_ref() == Some(&of.slo)
                && group.all(|(label, value)| alert.labels.get(label) == *value)
        }
        Subject::Alert {
            service,
            alert: name,
        } => *service == alert.service && alert.slo.is_none() && *name == alert.name,
        Subject::Service(service) => *service == alert.service,
    }
}

/// The labels of an alert.
pub fn texts(alert: &AlertTimeline) -> Texts {
    let labels = alert.labels.iter();
    labels
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

fn instance(simulation: &Simulation, fired: &Fired, annotations: Texts) -> Option<AlertInstance> {
    let alert = simulation.alerts.get(fired.alert)?;
    let start = fired.period.firing?;
    let absolute = |time: i64| simulation.begin.saturating_add(time);
    Some(AlertInstance::new(
        texts(alert),
        annotations,
        absolute(start),
        fired.end.map(absolute),
    ))
}
