//! What Alertmanager does with a project's configuration, simulated: the route of an alert, the groups and times of
//! notifications, inhibition, and the texts of messages.
//!
//! All of it reads what the writers of the configuration write: the plan, the tree of routes and the entries of
//! receivers. The behavior is that of Alertmanager 0.34 with one instance and its default flags. Receivers always accept
//! notifications, at once; there are no silences. Prometheus sends an alert at the evaluation at which it fires or is
//! resolved, and repeats a resolved one for 15 minutes.
//!
//! Times are milliseconds since 1970, durations are milliseconds.

mod inhibition;
mod message;
mod rule;
mod series;
mod simulation;
mod template;

use std::collections::BTreeMap;

use nth_model::{Channel, Project, Settings};

use crate::receivers::describe;

use super::beside::INHERITED;
use super::matcher::Matcher;
use super::plan::{Contact, Plan};
use super::routes::{Node, group_by};
use super::times::Times;

pub use super::plan::Integration;
pub use inhibition::Inhibited;
pub use message::{Message, Messages};
pub use simulation::{Muted, Notification, Reason, Simulation};
pub use template::RenderError;

use rule::Rule;

/// The placeholder of Alertmanager's address in messages: no setting contains it.
pub const ALERTMANAGER: &str = "https://ALERTMANAGER";

/// Labels or annotations of an alert.
pub type Texts = BTreeMap<String, String>;

/// An alert while it fires: an alert that fires again is another one with the same labels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertInstance {
    /// The labels, including `alertname`.
    pub labels: Texts,
    /// The annotations with the times from which they hold, in order of time. Before the first, there are none.
    pub annotations: Vec<(i64, Texts)>,
    /// The time at which it fires.
    pub start: i64,
    /// The time at which it is resolved; `None` if it fires until the end.
    pub end: Option<i64>,
}

impl AlertInstance {
    /// Creates an alert whose annotations do not change.
    pub fn new(labels: Texts, annotations: Texts, start: i64, end: Option<i64>) -> Self {
        Self {
            labels,
            annotations: vec![(start, annotations)],
            start,
            end,
        }
    }

    /// The annotations at a time; `None` before the first.
    pub fn annotations_at(&self, at: i64) -> Option<&Texts> {
        let known = self.annotations.partition_point(|(from, _)| *from <= at);
        let (_, texts) = self.annotations.get(known.checked_sub(1)?)?;
        Some(texts)
    }
}

/// The routes, receivers and inhibition rules of a project.
#[derive(Debug)]
pub struct Routing<'a> {
    settings: &'a Settings,
    receivers: Vec<Contact<'a>>,
    routes: Vec<CompiledRoute>,
    rules: Vec<Rule>,
}

/// A node of the tree of routes with what it inherits; the first is the root.
#[derive(Debug)]
struct CompiledRoute {
    matchers: Vec<Matcher>,
    /// The index of its receiver.
    receiver: usize,
    pace: Timing,
    /// When its receiver is notified.
    times: Times,
    /// True if an alert also goes to the next route that matches.
    goes_on: bool,
    children: Vec<usize>,
}

/// The timing of the notifications of a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    /// The delay before the first notification of a new group.
    pub wait: i64,
    /// The time between two looks at a group.
    pub interval: i64,
    /// The time after which an unchanged group is notified about again.
    pub repeat: i64,
}

/// Alertmanager's defaults.
const DEFAULT_TIMING: Timing = Timing {
    wait: 30_000,
    interval: 300_000,
    repeat: 14_400_000,
};

/// A route of an alert. There are several if integrations of a receiver have different times.
#[derive(Debug)]
pub struct Route<'r, 'a> {
    /// The matchers from the root to the route, `{team="payments"}`, one text for each node with matchers.
    pub path: Vec<String>,
    /// The name of the receiver.
    pub receiver: &'r str,
    /// The integrations of the receiver; empty for the receiver `nobody`.
    pub integrations: &'r [Integration<'a>],
    /// The labels by which its alerts are grouped.
    pub group_by: &'static [&'static str],
    /// The timing.
    pub timing: Timing,
}

impl<'a> Routing<'a> {
    /// The routing of a project; `None` if no team has a receiver, for which no configuration is generated.
    pub fn new(project: &Project<'a>, settings: &'a Settings) -> Option<Self> {
        let plan = Plan::new(project, settings)?;
        let root = match settings.alertmanager.is_beside_others() {
            true => Node::root_of_own(&plan, settings),
            false => Node::root(&plan, settings),
        };
        let rules = plan.inhibitions.into_iter().map(Rule::new).collect();
        let mut routing = Self {
            settings,
            receivers: plan.receivers,
            routes: Vec::new(),
            rules,
        };
        routing.add(root, DEFAULT_TIMING, 0);
        Some(routing)
    }

    /// Adds a node and its children below one with this timing and receiver; returns its index.
    fn add(&mut self, node: Node, parent: Timing, above: usize) -> usize {
        let timing = |own: Option<&str>, inherited| own.and_then(milliseconds).unwrap_or(inherited);
        let pace = Timing {
            wait: timing(node.pace.wait, parent.wait),
            interval: timing(node.pace.interval, parent.interval),
            repeat: timing(node.pace.repeat, parent.repeat),
        };
        let named = |contact: &Contact<'_>| contact.name == node.receiver;
        let index = self.routes.len();
        let receiver = match node.receiver.as_str() {
            INHERITED => above,
            // The plan names only its own receivers, and the first is `nobody`.
            _ => self.receivers.iter().position(named).unwrap_or_default(),
        };
        self.routes.push(CompiledRoute {
            matchers: node.matchers,
            receiver,
            pace,
            times: node.times,
            goes_on: node.goes_on,
            children: Vec::new(),
        });
        let routes = node.routes.into_iter();
        self.routes[index].children = {
            let children: Vec<usize> = routes
                .map(|child| self.add(child, pace, receiver))
                .collect();
            children
        };
        index
    }

    /// The names of the receivers that notify a team, in the order of the configuration.
    pub fn receivers(&self) -> impl Iterator<Item = &str> {
        let all = self.receivers.iter();
        let notifying = all.filter(|receiver| !receiver.integrations.is_empty());
        notifying.map(|receiver| receiver.name.as_str())
    }

    /// The routes of an alert; empty if another configuration decides: if the Prometheus operator gives the alert to that, as it does
    /// not have the label `namespace` of this one, or if the routes are beside others and the alert is not of this project.
    pub fn routes(&self, labels: &Texts) -> Vec<Route<'_, 'a>> {
        let paths = self.paths(labels).into_iter();
        paths.filter_map(|path| self.route_at(&path)).collect()
    }

    /// The route at the end of a path of indices.
    fn route_at(&self, path: &[usize]) -> Option<Route<'_, 'a>> {
        let route = &self.routes[*path.last()?];
        let receiver = &self.receivers[route.receiver];
        let matchers = path.iter().map(|index| &self.routes[*index].matchers);
        Some(Route {
            path: matchers
                .filter(|matchers| !matchers.is_empty())
                .map(|matchers| {
                    let texts: Vec<String> = matchers.iter().map(Matcher::text).collect();
                    format!("{{{}}}", texts.join(", "))
                })
                .collect(),
            receiver: &receiver.name,
            integrations: &receiver.integrations,
            group_by: group_by(self.settings),
            timing: route.pace,
        })
    }

    /// The indices of the routes of an alert: paths from the root to each route whose receiver it goes to.
    fn paths(&self, labels: &Texts) -> Vec<Vec<usize>> {
        if let Some(namespace) = self.settings.alert_namespace()
            && labels.get("namespace").map(String::as_str) != Some(namespace)
        {
            return Vec::new();
        }
        let mut paths = Vec::new();
        self.follow(vec![0], labels, &mut paths);
        if self.settings.alertmanager.is_beside_others() {
            // No own route matches: the others decide.
            paths.retain(|path| path.len() > 1);
        }
        paths
    }

    /// Adds the paths of an alert below the last route of one, which matches it.
    fn follow(&self, path: Vec<usize>, labels: &Texts, paths: &mut Vec<Vec<usize>>) {
        let children = path.last().map(|last| &self.routes[*last].children);
        let mut is_leaf = true;
        for child in children.into_iter().flatten() {
            let route = &self.routes[*child];
            if !all_match(&route.matchers, labels) {
                continue;
            }
            is_leaf = false;
            let below = path.iter().chain([child]).copied().collect();
            self.follow(below, labels, paths);
            if !route.goes_on {
                break;
            }
        }
        if is_leaf {
            paths.push(path);
        }
    }

    /// Simulates what follows from alerts until a time. Alerts that the operator gives to another configuration neither
    /// notify nor inhibit.
    pub fn simulate<'r>(&'r self, alerts: &[AlertInstance], until: i64) -> Simulation<'r> {
        simulation::simulate(self, alerts, until)
    }

    /// Prepares the texts of messages.
    ///
    /// # Errors
    ///
    /// Returns an error if a template contains something that this module does not interpret.
    pub fn messages(&self) -> Result<Messages<'_>, RenderError> {
        Messages::new(self.settings)
    }
}

/// A channel with the team that it notifies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recipient<'r> {
    /// The receiver.
    pub receiver: &'r str,
    /// The index among the integrations of the receiver.
    pub integration: usize,
    /// The team.
    pub team: &'r str,
    /// The channel.
    pub channel: &'r Channel,
}

impl Recipient<'_> {
    /// The channel in words: `Slack #payments`.
    pub fn label(&self) -> String {
        describe(self.channel).label()
    }
}

/// Returns whether labels have values that match all matchers.
fn all_match(matchers: &[Matcher], labels: &Texts) -> bool {
    let value = |label: &str| labels.get(label).map_or("", String::as_str);
    matchers
        .iter()
        .all(|matcher| matcher.matches(value(matcher.label)))
}

/// The length of a duration of the tree of routes: a number with one unit.
fn milliseconds(text: &str) -> Option<i64> {
    let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let unit = match unit {
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return None,
    };
    number.parse::<i64>().ok()?.checked_mul(unit)
}

#[cfg(test)]
mod tests;
