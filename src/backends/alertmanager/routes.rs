//! Which receiver an alert goes to, and how often it is told.

use crate::alerts::CONSUMED;
use nth_model::{Settings, Severity};

use super::matcher::Matcher;
use super::plan::{NOBODY, Plan, TeamRoute};

/// What is told in one message, and is one incident in PagerDuty: one kind of alert of one objective of one service. Its
/// windows, regions and instances belong together; two kinds of alert are two questions, of which one must not hide in the
/// other's incident.
pub fn group_by(settings: &Settings) -> &'static [&'static str] {
    match settings.shared_as() {
        Some(_) => &["environment", "project", "service", "slo", "alertname"],
        None => &["environment", "service", "slo", "alertname"],
    }
}

/// How soon and how often a group of alerts is told; as by the route above where absent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pace {
    /// After how long a new group is told: as long as it takes until the alerts that belong together, and those that
    /// inhibit them, have come.
    pub wait: Option<&'static str>,
    /// After how long it is told that a group has changed.
    pub interval: Option<&'static str>,
    /// After how long a group that has not changed is told again.
    pub repeat: Option<&'static str>,
}

/// How often a consumed budget is told again: it stays consumed for weeks, and nobody can undo it. Alertmanager forgets what it
/// told after five days, and would tell it again then whatever stands here.
const CONSUMED_REPEAT: &str = "4d";

/// Alerts of kube-prometheus that fire at all times: one says that alerting works, one holds others back.
const ALWAYS_FIRING: [&str; 2] = ["InfoInhibitor", "Watchdog"];

impl Pace {
    fn for_severity(severity: Severity) -> Self {
        match severity {
            // The alert has already waited for two minutes.
            Severity::Page => Self {
                wait: Some("15s"),
                interval: Some("2m"),
                repeat: Some("4h"),
            },
            // A ticket that comes every morning is one that is read.
            Severity::Ticket => Self {
                wait: Some("2m"),
                interval: Some("15m"),
                repeat: Some("24h"),
            },
        }
    }
}

/// A route. Its first child that matches an alert takes it; where none does, its receiver is told.
#[derive(Debug)]
pub struct Node {
    /// What alerts it takes; all where there are none.
    pub matchers: Vec<Matcher>,
    /// Who is told.
    pub receiver: String,
    /// How often.
    pub pace: Pace,
    /// Its children.
    pub routes: Vec<Self>,
}

impl Node {
    /// The route of all alerts. What says that it is of another environment, or of another project, goes to nobody.
    pub fn root(plan: &Plan<'_>, settings: &Settings) -> Self {
        // Alerts of other origin may carry neither an environment nor a project.
        let scope = settings.scope();
        let own = Self {
            matchers: scope
                .map(|(label, value)| Matcher::equal_or_absent(label, value))
                .collect(),
            receiver: plan.fallback.ticket.clone(),
            pace: Pace::default(),
            routes: Self::of_project(plan, settings),
        };
        let pace = Pace::for_severity(Severity::Ticket);
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

    /// The routes of alerts that carry no label of another environment or project.
    fn of_project(plan: &Plan<'_>, settings: &Settings) -> Vec<Self> {
        let to_nobody = |matchers| Self {
            matchers,
            receiver: NOBODY.to_owned(),
            pace: Pace::default(),
            routes: Vec::new(),
        };
        let mut routes = vec![
            to_nobody(of_other_projects(plan, settings)),
            to_nobody(vec![
                Matcher::one_of("alertname", ALWAYS_FIRING),
                Matcher::absent("tier"),
            ]),
        ];
        let teams = plan.routes.iter();
        routes.extend(teams.map(|route| Self::of_team(route, settings)));
        let fallback = &plan.fallback;
        if fallback.page != fallback.ticket {
            routes.push(Self::of_severity(Severity::Page, &fallback.page, settings));
        }
        routes.extend(Self::of_consumed(&fallback.ticket));
        routes
    }

    /// The route of a team's alerts. What carries the team's label and neither severity comes from elsewhere, and goes where
    /// the team's tickets go.
    fn of_team(route: &TeamRoute<'_>, settings: &Settings) -> Self {
        let page = settings.severity_label(Severity::Page);
        let mut routes: Vec<Self> = route
            .elsewhere
            .iter()
            .map(|(receiver, services)| Self {
                matchers: vec![
                    Matcher::equal("severity", &page),
                    Matcher::one_of("service", services.iter().copied()),
                ],
                receiver: receiver.clone(),
                pace: Pace::for_severity(Severity::Page),
                routes: Self::of_consumed(receiver).into_iter().collect(),
            })
            .collect();
        routes.push(Self::of_severity(Severity::Page, &route.page, settings));
        if route.ticket != route.other {
            routes.push(Self::of_severity(Severity::Ticket, &route.ticket, settings));
        }
        routes.extend(Self::of_consumed(&route.other));
        Self {
            matchers: vec![Matcher::equal("team", route.team)],
            receiver: route.other.clone(),
            pace: Pace::default(),
            routes,
        }
    }

    fn of_severity(severity: Severity, receiver: &str, settings: &Settings) -> Self {
        Self {
            matchers: vec![Matcher::equal(
                "severity",
                &settings.severity_label(severity),
            )],
            receiver: receiver.to_owned(),
            // All else goes at the pace of tickets, from the root on.
            pace: match severity {
                Severity::Page => Pace::for_severity(severity),
                Severity::Ticket => Pace::default(),
            },
            routes: Self::of_consumed(receiver).into_iter().collect(),
        }
    }

    /// The route of consumed budgets below one that goes to a receiver; none where nobody is told anyway.
    fn of_consumed(receiver: &str) -> Option<Self> {
        (receiver != NOBODY).then(|| Self {
            matchers: vec![Matcher::equal("alertname", CONSUMED)],
            receiver: receiver.to_owned(),
            pace: Pace {
                repeat: Some(CONSUMED_REPEAT),
                ..Pace::default()
            },
            routes: Vec::new(),
        })
    }
}

/// What alerts of other projects' rules carry. Each of nthc's rules has a `service` and a `tier`, which hardly any other
/// alert has both of; those of a project that shares its Prometheus have its name besides.
fn of_other_projects(plan: &Plan<'_>, settings: &Settings) -> Vec<Matcher> {
    let mut matchers = match settings.shared_as() {
        Some(_) => vec![Matcher::absent("project"), Matcher::present("service")],
        None => vec![Matcher::other_than(
            "service",
            plan.services.iter().copied(),
        )],
    };
    matchers.push(Matcher::present("tier"));
    matchers
}
