//! Groups of alerts over time, and the notifications about them.

use std::collections::{BTreeMap, BTreeSet};

use nth_model::TimeInterval;

use super::inhibition::{Inhibited, Sources};
use super::series::{AllSeries, Series, order};
use super::{AlertInstance, Recipient, Routing, Texts};
use crate::alertmanager::routes::group_by;

/// How long Prometheus repeats a resolved alert.
const RESOLVED_RETENTION: i64 = 15 * 60_000;
/// The time after which Prometheus sends an unchanged alert again, at the next evaluation.
const RESEND_DELAY: i64 = 60_000;
/// The time after which Alertmanager forgets that it has notified, or earlier after two repeat intervals.
const NOTIFICATION_RETENTION: i64 = 120 * 3_600_000;

/// What follows from alerts.
#[derive(Debug, Default)]
pub struct Simulation<'r> {
    /// The notifications, in order of time.
    pub notifications: Vec<Notification<'r>>,
    /// The alerts whose notifications were suppressed, in order of time.
    pub inhibited: Vec<Inhibited>,
    /// The alerts whose receivers were muted, the first time for each receiver, in order of time.
    pub muted: Vec<Muted<'r>>,
}

/// An alert that was not notified about, because its receiver was muted at that time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Muted<'r> {
    /// The index of the alert.
    pub alert: usize,
    /// The receiver.
    pub receiver: &'r str,
    /// The time, in milliseconds since 1970.
    pub at: i64,
    /// The intervals that mute it: those that are not active, or those in which it is muted.
    pub by: Vec<&'r TimeInterval>,
}

/// A notification of one channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notification<'r> {
    /// The time.
    pub at: i64,
    /// Who is notified.
    pub recipient: Recipient<'r>,
    /// Why it is sent.
    pub reason: Reason,
    /// The number of the group: notifications with the same number and recipient are one incident in PagerDuty, until it
    /// is resolved.
    pub group: usize,
    /// The labels by which the alerts are grouped.
    pub group_labels: Texts,
    /// The indices of the alerts that fire, in the order of the message.
    pub firing: Vec<usize>,
    /// The indices of the alerts that are resolved, in the order of the message; empty if the channel does not notify of
    /// these.
    pub resolved: Vec<usize>,
}

impl Notification<'_> {
    /// Returns whether it notifies that nothing fires any more.
    pub fn is_resolved(&self) -> bool {
        self.firing.is_empty()
    }
}

/// The reason of a notification.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// The group is new, or was resolved.
    First,
    /// Another alert of the group fires.
    NewAlerts,
    /// An alert of the group is resolved, and another still fires.
    SomeResolved,
    /// All alerts of the group are resolved.
    AllResolved,
    /// Nothing changed for the repeat interval.
    Repeat,
}

/// A group of alerts, while it has any.
#[derive(Debug)]
struct Group {
    number: usize,
    route: usize,
    /// The alerts by their series.
    alerts: BTreeMap<usize, State>,
}

/// What Alertmanager knows of an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct State {
    alert: usize,
    is_resolved: bool,
}

/// A group's last notification of an integration.
#[derive(Debug)]
struct Entry {
    at: i64,
    expires: i64,
    firing: BTreeSet<usize>,
    resolved: BTreeSet<usize>,
}

/// Alerts that Prometheus sends.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Sent {
    at: i64,
    fires: bool,
    alert: usize,
    series: usize,
}

/// Simulates what follows from alerts until a time.
pub fn simulate<'r>(
    routing: &'r Routing<'_>,
    alerts: &[AlertInstance],
    until: i64,
) -> Simulation<'r> {
    let series = AllSeries::new(routing, alerts);
    let mut run = Run {
        routing,
        alerts,
        sources: Sources::new(&routing.rules, &series.all),
        groups: BTreeMap::new(),
        schedule: BTreeSet::new(),
        numbers: BTreeMap::new(),
        log: BTreeMap::new(),
        suppressed: BTreeMap::new(),
        result: Simulation::default(),
        series: &series.all,
    };
    for sent in sent(routing, &series, alerts, until) {
        // What arrives at the time of a flush is seen by it.
        run.flush_before(sent.at);
        run.receive(&sent);
    }
    run.flush_before(until.saturating_add(1));
    let open = std::mem::take(&mut run.suppressed).into_values();
    run.result.inhibited.extend(open);
    let key = |inhibited: &Inhibited| (inhibited.from, inhibited.alert);
    run.result.inhibited.sort_by_key(key);
    run.result
}

/// What Prometheus sends until a time, in order. Alerts that still fire are sent again too, which changes nothing.
fn sent(
    routing: &Routing<'_>,
    series: &AllSeries,
    alerts: &[AlertInstance],
    until: i64,
) -> Vec<Sent> {
    let interval = i64::try_from(routing.settings.prometheus.interval.0).unwrap_or(i64::MAX);
    let interval = interval.max(1);
    // The first evaluation after more than this delay.
    let resend = interval.saturating_mul(RESEND_DELAY / interval + 1);
    let mut starts: BTreeMap<usize, Vec<i64>> = BTreeMap::new();
    for (alert, series) in alerts.iter().zip(&series.of_alert) {
        if let Some(series) = series {
            starts.entry(*series).or_default().push(alert.start);
        }
    }
    let mut all = Vec::new();
    for (index, (alert, series)) in alerts.iter().zip(&series.of_alert).enumerate() {
        let Some(series) = *series else { continue };
        let of = |at, fires| Sent {
            at,
            fires,
            alert: index,
            series,
        };
        if alert.start <= until {
            all.push(of(alert.start, true));
        }
        let Some(end) = alert.end else { continue };
        // It is forgotten when it fires again.
        let again = starts.get(&series).into_iter().flatten();
        let again = again.filter(|start| **start >= end).min();
        let last = end.saturating_add(RESOLVED_RETENTION).min(until);
        let mut at = end;
        while at <= last && again.is_none_or(|again| at < *again || at == end) {
            all.push(of(at, false));
            at = at.saturating_add(resend);
        }
    }
    all.sort_unstable();
    all
}

/// A simulation while it runs.
struct Run<'r, 's, 'a> {
    routing: &'r Routing<'a>,
    alerts: &'s [AlertInstance],
    series: &'s [Series],
    sources: Sources,
    /// The groups with alerts, by number.
    groups: BTreeMap<usize, Group>,
    /// The times of flushes, with the numbers of groups.
    schedule: BTreeSet<(i64, usize)>,
    /// The numbers of all groups that there were, by route and labels.
    numbers: BTreeMap<(usize, Texts), usize>,
    /// The last notifications, by group and integration.
    log: BTreeMap<(usize, usize), Entry>,
    /// The suppressed alerts, by series.
    suppressed: BTreeMap<usize, Inhibited>,
    result: Simulation<'r>,
}

impl Run<'_, '_, '_> {
    /// Receives an alert.
    fn receive(&mut self, sent: &Sent) {
        let state = State {
            alert: sent.alert,
            is_resolved: !sent.fires,
        };
        self.sources
            .set(sent.series, sent.fires.then_some(sent.alert));
        let series = &self.series[sent.series];
        let mut labels = series.labels.clone();
        labels.retain(|label, _| group_by(self.routing.settings).contains(&label.as_str()));
        for route in &series.routes {
            self.join(*route, &labels, sent, state);
        }
    }

    /// Adds an alert to its group of a route.
    fn join(&mut self, route: usize, labels: &Texts, sent: &Sent, state: State) {
        let unused = self.numbers.len();
        let number = *self
            .numbers
            .entry((route, labels.clone()))
            .or_insert(unused);
        if let Some(group) = self.groups.get_mut(&number) {
            group.alerts.insert(sent.series, state);
            return;
        }
        let wait = self.routing.routes[route].pace.wait;
        // An alert that has waited long enough elsewhere does not wait again.
        let is_old = self.alerts[sent.alert].start.saturating_add(wait) < sent.at;
        let next = sent.at.saturating_add(if is_old { 0 } else { wait });
        self.schedule.insert((next, number));
        let group = Group {
            number,
            route,
            alerts: BTreeMap::from([(sent.series, state)]),
        };
        self.groups.insert(number, group);
    }

    /// Flushes groups until before a time.
    fn flush_before(&mut self, end: i64) {
        while let Some(first) = self.schedule.first().copied()
            && first.0 < end
        {
            self.schedule.remove(&first);
            let (now, number) = first;
            if let Some(mut group) = self.groups.remove(&number) {
                self.flush(&group, now);
                group.alerts.retain(|_, state| !state.is_resolved);
                // Without alerts, it ends.
                if !group.alerts.is_empty() {
                    let interval = self.routing.routes[group.route].pace.interval.max(1);
                    self.schedule.insert((now.saturating_add(interval), number));
                    self.groups.insert(number, group);
                }
            }
        }
    }

    /// Notifies about a group if that is due.
    fn flush(&mut self, group: &Group, now: i64) {
        let mut states: Vec<(usize, State)> = group
            .alerts
            .iter()
            .map(|(series, state)| (*series, *state))
            .filter(|(series, state)| !self.is_suppressed(*series, *state, now))
            .collect();
        if states.is_empty() {
            return;
        }
        let labels = |(series, _): &(usize, State)| &self.series[*series].labels;
        states.sort_by(|one, other| order(labels(one), labels(other)));
        let of = |is_resolved: bool| {
            let wanted = states.iter();
            wanted.filter(move |(_, state)| state.is_resolved == is_resolved)
        };
        let series = |is_resolved| of(is_resolved).map(|(series, _)| *series).collect();
        let alerts =
            |is_resolved| -> Vec<usize> { of(is_resolved).map(|(_, state)| state.alert).collect() };
        let (firing, resolved): (BTreeSet<usize>, BTreeSet<usize>) = (series(false), series(true));
        let route = &self.routing.routes[group.route];
        let receiver = &self.routing.receivers[route.receiver];
        let muted_by = route.times.muted_by(now);
        if !muted_by.is_empty() {
            for alert in alerts(false) {
                let mut known = self.result.muted.iter();
                if !known.any(|one| one.alert == alert && one.receiver == receiver.name) {
                    self.result.muted.push(Muted {
                        alert,
                        receiver: &receiver.name,
                        at: now,
                        by: muted_by.clone(),
                    });
                }
            }
            return;
        }
        for (index, integration) in receiver.integrations.iter().enumerate() {
            let key = (group.number, index);
            let entry = self.log.get(&key).filter(|entry| now < entry.expires);
            let repeat = route.pace.repeat;
            let sends_resolved = integration.resolved;
            let reason = reason(entry, &firing, &resolved, sends_resolved, repeat, now);
            let Some(reason) = reason else { continue };
            let retention = repeat.saturating_mul(2).min(NOTIFICATION_RETENTION);
            let entry = Entry {
                at: now,
                expires: now.saturating_add(retention),
                firing: firing.clone(),
                resolved: resolved.clone(),
            };
            self.log.insert(key, entry);
            // That all are resolved is noted in any case.
            if firing.is_empty() && !sends_resolved {
                continue;
            }
            let mut group_labels = states.first().map(labels).cloned().unwrap_or_default();
            let grouped = group_by(self.routing.settings);
            group_labels.retain(|label, _| grouped.contains(&label.as_str()));
            self.result.notifications.push(Notification {
                at: now,
                recipient: Recipient {
                    receiver: &receiver.name,
                    integration: index,
                    team: integration.team,
                    channel: &integration.channel,
                },
                reason,
                group: group.number,
                group_labels,
                firing: alerts(false),
                resolved: if sends_resolved {
                    alerts(true)
                } else {
                    Vec::new()
                },
            });
        }
    }

    /// Returns whether a series is inhibited at a flush, and notes it.
    fn is_suppressed(&mut self, series: usize, state: State, now: i64) -> bool {
        let by = self
            .sources
            .inhibiting(&self.routing.rules, self.series, series);
        let noted = self.suppressed.get(&series);
        let is_same = noted.is_some_and(|noted| noted.alert == state.alert);
        // A resolved alert is flushed once, and then no longer known.
        let ends = by.is_none() || !is_same || state.is_resolved;
        if ends && let Some(mut noted) = self.suppressed.remove(&series) {
            noted.until = Some(now);
            self.result.inhibited.push(noted);
        }
        let Some(by) = by else { return false };
        if !is_same && !state.is_resolved {
            self.suppressed.insert(
                series,
                Inhibited {
                    alert: state.alert,
                    by,
                    from: now,
                    until: None,
                },
            );
        }
        true
    }
}

/// The reason to notify; `None` if nothing is to be said. The cases are those of Alertmanager, in its order.
fn reason(
    entry: Option<&Entry>,
    firing: &BTreeSet<usize>,
    resolved: &BTreeSet<usize>,
    sends_resolved: bool,
    repeat: i64,
    now: i64,
) -> Option<Reason> {
    let Some(entry) = entry else {
        return (!firing.is_empty()).then_some(Reason::First);
    };
    if !firing.is_subset(&entry.firing) {
        return Some(if entry.firing.is_empty() {
            Reason::First
        } else {
            Reason::NewAlerts
        });
    }
    if firing.is_empty() {
        return (!entry.firing.is_empty()).then_some(Reason::AllResolved);
    }
    if sends_resolved && !resolved.is_subset(&entry.resolved) {
        return Some(Reason::SomeResolved);
    }
    // Sending takes a moment, so that a flush exactly one repeat interval later is too early.
    (entry.at < now.saturating_sub(repeat)).then_some(Reason::Repeat)
}
