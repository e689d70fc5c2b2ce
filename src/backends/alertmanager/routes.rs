//! Routes of alerts to receivers, with their timing.

use nth_model::{Response, Settings, Severity};

use super::matcher::Matcher;
use super::plan::{NOBODY, Plan, TeamRoute};

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

/// A route. An alert goes to its first child that matches; without such a child, to its receiver.
#[derive(Debug)]
pub struct Node {
    /// The matchers of its alerts; empty for all alerts.
    pub matchers: Vec<Matcher>,
    /// The name of the receiver; empty to inherit that of the parent, which only a route beside those of others does.
    pub receiver: String,
    /// The timing.
    pub pace: Pace,
    /// The child routes.
    pub routes: Vec<Self>,
}

impl Node {
    /// The route of all alerts. Those labeled with another environment or project go to nobody.
    pub fn root(plan: &Plan<'_>, settings: &Settings) -> Self {
        // Alerts from elsewhere may have neither an environment nor a project label.
        let scope = settings.scope();
        let own = Self {
            matchers: scope
                .map(|(label, value)| Matcher::equal_or_absent(label, value))
                .collect(),
            receiver: plan.fallback.other.clone(),
            pace: Pace::default(),
            routes: Self::project_routes(plan, settings),
        };
        let pace = Pace::for_response(Response::Ticket);
        if own.matchers.is_empty() {
            return Self { pace, ..own };
        }
        Self {
            matchers: Vec::new(),
            receiver: NOBODY.to_owned(),
            pace,
            routes: vec![own],
        }
    }

    /// The routes of alerts without a label of another environment or project.
    fn project_routes(plan: &Plan<'_>, settings: &Settings) -> Vec<Self> {
        let to_nobody = |matchers| Self {
            matchers,
            receiver: NOBODY.to_owned(),
            pace: Pace::default(),
            routes: Vec::new(),
        };
        let mut routes = vec![
            to_nobody(other_project_matchers(plan, settings)),
            to_nobody(vec![
                Matcher::one_of("alertname", ALWAYS_FIRING),
                Matcher::missing("tier"),
            ]),
        ];
        let consumed = &plan.consumed;
        let teams = plan.routes.iter();
        routes.extend(teams.map(|route| Self::team_route(route, consumed)));
        routes.extend(Self::fallback_routes(plan));
        routes
    }

    /// The routes of alerts of no known team, by severity.
    pub(super) fn fallback_routes(plan: &Plan<'_>) -> Vec<Self> {
        let (fallback, consumed) = (&plan.fallback, &plan.consumed);
        let others = fallback.severities.iter();
        let others = others.filter(|(_, receiver)| *receiver != fallback.other);
        let mut routes: Vec<Self> = others
            .map(|(severity, receiver)| Self::severity_route(severity, receiver, consumed))
            .collect();
        routes.extend(Self::consumed_route(&fallback.other, consumed));
        routes
    }

    /// The route of a team's alerts. Alerts with the team's label and no known severity come from elsewhere, and go
    /// where the team's tickets go.
    pub(super) fn team_route(route: &TeamRoute<'_>, consumed: &Matcher) -> Self {
        let mut routes: Vec<Self> = route
            .elsewhere
            .iter()
            .map(|((severity, receiver), services)| Self {
                matchers: vec![
                    Matcher::equal("severity", severity.label()),
                    Matcher::one_of("service", services.iter().copied()),
                ],
                receiver: receiver.clone(),
                pace: Pace::for_response(Response::Page),
                routes: Self::consumed_route(receiver, consumed)
                    .into_iter()
                    .collect(),
            })
            .collect();
        // Pages have their own timing, others that of their parent.
        let severities = route.severities.iter();
        let severities = severities.filter(|(severity, to)| severity.pages() || *to != route.other);
        routes
            .extend(severities.map(|(severity, to)| Self::severity_route(severity, to, consumed)));
        routes.extend(Self::consumed_route(&route.other, consumed));
        Self {
            matchers: vec![Matcher::equal("team", route.team)],
            receiver: route.other.clone(),
            pace: Pace::default(),
            routes,
        }
    }

    fn severity_route(severity: &Severity, receiver: &str, consumed: &Matcher) -> Self {
        Self {
            matchers: vec![Matcher::equal("severity", severity.label())],
            receiver: receiver.to_owned(),
            // All others have the timing of tickets, inherited from the root.
            pace: match severity.response() {
                Response::Page => Pace::for_response(Response::Page),
                Response::Ticket => Pace::default(),
            },
            routes: Self::consumed_route(receiver, consumed)
                .into_iter()
                .collect(),
        }
    }

    /// The route of alerts on a consumed budget, as a child of one that goes to `receiver`; `None` if that notifies
    /// nobody.
    fn consumed_route(receiver: &str, consumed: &Matcher) -> Option<Self> {
        (receiver != NOBODY).then(|| Self {
            matchers: vec![consumed.clone()],
            receiver: receiver.to_owned(),
            pace: Pace {
                repeat: Some(CONSUMED_REPEAT),
                ..Pace::default()
            },
            routes: Vec::new(),
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
