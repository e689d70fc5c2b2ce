//! Routes of alerts to receivers, with their timing.

use nth_model::{Response, Settings, Severity};

use super::matcher::Matcher;
use super::plan::{NOBODY, Part, Plan, TeamRoute};
use super::times::{Names, Times};

/// The labels by which alerts are grouped into one message, and one incident in PagerDuty: one kind of alert of one SLO
/// of one service. Its windows, regions and instances belong together; two kinds of alert need two responses, so
/// neither may be hidden in the other's incident.
pub fn group_by(settings: &Settings) -> &'static [&'static str] {
    match settings.shared_as() {
        Some(_) => &["environment", "project", "service", "slo", "alertname"],
        None => &["environment", "service", "slo", "alertname"],
    }
}

/// The timing of notifications for a group of alerts; `None` to inherit it from the parent route.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pace {
    /// The delay before the first notification of a new group: long enough for the alerts of the group, and those that
    /// inhibit them, to arrive.
    pub wait: Option<&'static str>,
    /// The least time before a notification about a changed group.
    pub interval: Option<&'static str>,
    /// The time after which the notification of an unchanged group is repeated.
    pub repeat: Option<&'static str>,
}

/// The repeat interval of alerts on a consumed budget: it remains consumed for weeks, and nobody can undo it.
/// Alertmanager forgets sent notifications after five days, and would then repeat them regardless of this interval.
const CONSUMED_REPEAT: &str = "4d";

/// Alerts of kube-prometheus that always fire: one shows that alerting works, one inhibits others.
const ALWAYS_FIRING: [&str; 2] = ["InfoInhibitor", "Watchdog"];

impl Pace {
    /// The timing for alerts of a response.
    pub(super) fn for_response(response: Response) -> Self {
        match response {
            // The alert has already waited for two minutes.
            Response::Page => Self {
                wait: Some("15s"),
                interval: Some("2m"),
                repeat: Some("4h"),
            },
            // A ticket that repeats daily is read in the morning.
            Response::Ticket => Self {
                wait: Some("2m"),
                interval: Some("15m"),
                repeat: Some("24h"),
            },
        }
    }
}

/// A route. An alert goes to its first child that matches, and on to the next if that child says so; without such a child, to
/// its receiver.
#[derive(Debug)]
pub struct Node {
    /// The matchers of its alerts; empty for all alerts.
    pub matchers: Vec<Matcher>,
    /// The name of the receiver; empty to inherit that of the parent, which only a route beside those of others does.
    pub receiver: String,
    /// The timing.
    pub pace: Pace,
    /// When its receiver is notified; its children have times of their own.
    pub times: Times,
    /// True if the times of its receiver apply, until they are in `times`.
    pub(super) times_apply: bool,
    /// True if an alert also goes to the next route that matches.
    pub goes_on: bool,
    /// The child routes.
    pub routes: Vec<Self>,
}

impl Node {
    /// The route of all alerts. Those labeled with another environment or project go to nobody.
    pub fn root(plan: &Plan<'_>, settings: &Settings) -> Self {
        let mut root = Self::root_without_times(plan, settings);
        root.set_times(plan, true);
        root
    }

    fn root_without_times(plan: &Plan<'_>, settings: &Settings) -> Self {
        // Alerts from elsewhere may have neither an environment nor a project label.
        let scope = settings.scope();
        let own = Self {
            matchers: scope
                .map(|(label, value)| Matcher::equal_or_absent(label, value))
                .collect(),
            routes: Self::project_routes(plan, settings),
            ..Self::to(plan.fallback.other.clone())
        };
        let pace = Pace::for_response(Response::Ticket);
        if own.matchers.is_empty() {
            return Self { pace, ..own };
        }
        Self {
            pace,
            routes: vec![own],
            ..Self::to(NOBODY.to_owned())
        }
    }

    /// The names of the intervals in which alone its receiver is notified, and of those in which it is not.
    pub fn interval_names(&self, intervals: &Names) -> [Vec<String>; 2] {
        [&self.times.active, &self.times.mute].map(|times| {
            let names = times.iter().map(|one| intervals.name(one).to_owned());
            names.collect()
        })
    }

    /// The route of all alerts to a receiver, at all times.
    pub(super) fn to(receiver: String) -> Self {
        Self {
            matchers: Vec::new(),
            receiver,
            pace: Pace::default(),
            times: Times::default(),
            times_apply: false,
            goes_on: false,
            routes: Vec::new(),
        }
    }

    /// Sets the times of this route and those below it. If parts of a receiver have different times, or if the route cannot have
    /// times, as the first one cannot, each part has a route below it. No other route is after these, so that they only
    /// get what this route's receiver would.
    pub(super) fn set_times(&mut self, plan: &Plan<'_>, is_root: bool) {
        for route in &mut self.routes {
            route.set_times(plan, false);
        }
        let Some(timed) = plan.timed.get(&self.receiver) else {
            return;
        };
        let times = |part: &Part| match self.times_apply {
            true => part.times.clone(),
            false => Times::default(),
        };
        let Some((last, others)) = timed.parts.split_last() else {
            return;
        };
        if others.is_empty() && (!is_root || !self.times_apply) {
            self.times = times(last);
            return;
        }
        let route = |part: &Part, goes_on| Self {
            times: times(part),
            goes_on,
            ..Self::to(part.receiver.clone())
        };
        let mut routes: Vec<Self> = others.iter().map(|part| route(part, true)).collect();
        routes.push(route(last, false));
        self.routes.extend(routes);
        // All alerts go to the routes below.
        if let Some(first) = timed.parts.first() {
            self.receiver.clone_from(&first.receiver);
        }
    }

    /// The routes of alerts without a label of another environment or project.
    fn project_routes(plan: &Plan<'_>, settings: &Settings) -> Vec<Self> {
        let to_nobody = |matchers| Self {
            matchers,
            ..Self::to(NOBODY.to_owned())
        };
        let mut routes = vec![
            to_nobody(other_project_matchers(plan, settings)),
            to_nobody(vec![
                Matcher::one_of("alertname", ALWAYS_FIRING),
                Matcher::missing("tier"),
            ]),
        ];
        let teams = plan.routes.iter();
        routes.extend(teams.map(|route| Self::team_route(route, plan)));
        routes.extend(Self::fallback_routes(plan));
        routes
    }

    /// The routes of alerts of no known team, by severity.
    pub(super) fn fallback_routes(plan: &Plan<'_>) -> Vec<Self> {
        let fallback = &plan.fallback;
        let others = fallback.severities.iter();
        let others = others.filter(|(severity, receiver)| {
            *receiver != fallback.other || plan.has_times(receiver, severity)
        });
        let mut routes: Vec<Self> = others
            .map(|(severity, receiver)| Self::severity_route(severity, receiver, plan))
            .collect();
        routes.extend(Self::consumed_route(&fallback.other, false, plan));
        routes
    }

    /// The route of a team's alerts. Alerts with the team's label and no known severity come from elsewhere, and go
    /// where the team's tickets go, at all times: they may be urgent.
    pub(super) fn team_route(route: &TeamRoute<'_>, plan: &Plan<'_>) -> Self {
        let mut routes: Vec<Self> = route
            .elsewhere
            .iter()
            .map(|((severity, receiver), services)| Self {
                matchers: vec![
                    Matcher::equal("severity", severity.label()),
                    Matcher::one_of("service", services.iter().copied()),
                ],
                pace: Pace::for_response(Response::Page),
                times_apply: plan.has_times(receiver, severity),
                routes: Self::consumed_route(receiver, plan.has_times(receiver, severity), plan)
                    .into_iter()
                    .collect(),
                ..Self::to(receiver.clone())
            })
            .collect();
        // Pages have their own timing, others that of their parent.
        let severities = route.severities.iter();
        let severities = severities.filter(|(severity, to)| {
            severity.pages() || *to != route.other || plan.has_times(to, severity)
        });
        routes.extend(severities.map(|(severity, to)| Self::severity_route(severity, to, plan)));
        routes.extend(Self::consumed_route(&route.other, false, plan));
        Self {
            matchers: vec![Matcher::equal("team", route.team)],
            routes,
            ..Self::to(route.other.clone())
        }
    }

    fn severity_route(severity: &Severity, receiver: &str, plan: &Plan<'_>) -> Self {
        let times_apply = plan.has_times(receiver, severity);
        Self {
            matchers: vec![Matcher::equal("severity", severity.label())],
            times_apply,
            // All others have the timing of tickets, inherited from the root.
            pace: match severity.response() {
                Response::Page => Pace::for_response(Response::Page),
                Response::Ticket => Pace::default(),
            },
            routes: Self::consumed_route(receiver, times_apply, plan)
                .into_iter()
                .collect(),
            ..Self::to(receiver.to_owned())
        }
    }

    /// The route of alerts on a consumed budget, as a child of one that goes to `receiver`; `None` if that notifies
    /// nobody.
    fn consumed_route(receiver: &str, times_apply: bool, plan: &Plan<'_>) -> Option<Self> {
        (receiver != NOBODY).then(|| Self {
            matchers: vec![plan.consumed.clone()],
            pace: Pace {
                repeat: Some(CONSUMED_REPEAT),
                ..Pace::default()
            },
            times_apply,
            ..Self::to(receiver.to_owned())
        })
    }
}

/// The matchers of alerts from other projects' rules. All rules of nthc have a `service` and a `tier`, and hardly any
/// other alert has both; those of a project that shares its Prometheus also have its name.
fn other_project_matchers(plan: &Plan<'_>, settings: &Settings) -> Vec<Matcher> {
    let mut matchers = match settings.shared_as() {
        Some(_) => vec![Matcher::missing("project"), Matcher::present("service")],
        None => vec![Matcher::other_than(
            "service",
            plan.services.iter().copied(),
        )],
    };
    matchers.push(Matcher::present("tier"));
    matchers
}
