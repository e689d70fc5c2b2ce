//! Which receiver an alert goes to, and how often it is told.

use crate::ir::{Settings, Severity};

use super::matcher::{Matcher, severity_label};
use super::plan::{Plan, TeamRoute};

/// What is told in one message, and is one incident in PagerDuty: one kind of alert of one objective of one service. Its
/// windows, regions and instances belong together; two kinds of alert are two questions, of which one must not hide in the
/// other's incident.
pub const GROUP_BY: &[&str] = &["environment", "service", "slo", "alertname"];

/// How soon and how often a group of alerts is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// After how long a new group is told: as long as it takes until the alerts that belong together, and those that
    /// silence them, have come.
    pub wait: &'static str,
    /// After how long it is told that a group has changed.
    pub interval: &'static str,
    /// After how long a group that has not changed is told again.
    pub repeat: &'static str,
}

impl Pace {
    fn of(severity: Severity) -> Self {
        match severity {
            // The alert has already waited for two minutes.
            Severity::Page => Self {
                wait: "15s",
                interval: "2m",
                repeat: "4h",
            },
            // A ticket that comes every morning is one that is read.
            Severity::Ticket => Self {
                wait: "2m",
                interval: "15m",
                repeat: "24h",
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
    /// How often; as often as by the route above where absent.
    pub pace: Option<Pace>,
    /// Its children.
    pub routes: Vec<Self>,
}

impl Node {
    /// The route of all alerts.
    pub fn root(plan: &Plan<'_>, settings: &Settings) -> Self {
        let mut routes: Vec<Self> = plan
            .routes
            .iter()
            .map(|route| Self::of_team(route, settings))
            .collect();
        if plan.fallback.page != plan.fallback.ticket {
            routes.push(Self::of_severity(
                Severity::Page,
                &plan.fallback.page,
                settings,
            ));
        }
        Self {
            matchers: Vec::new(),
            receiver: plan.fallback.ticket.clone(),
            pace: Some(Pace::of(Severity::Ticket)),
            routes,
        }
    }

    /// The route of a team's alerts. What carries the team's label and neither severity comes from elsewhere, and goes where
    /// the team's tickets go.
    fn of_team(route: &TeamRoute<'_>, settings: &Settings) -> Self {
        let page = severity_label(settings, Severity::Page);
        let mut routes: Vec<Self> = route
            .elsewhere
            .iter()
            .map(|(receiver, services)| Self {
                matchers: vec![
                    Matcher::equal("severity", &page),
                    Matcher::one_of("service", services.iter().copied()),
                ],
                receiver: receiver.clone(),
                pace: Some(Pace::of(Severity::Page)),
                routes: Vec::new(),
            })
            .collect();
        routes.push(Self::of_severity(Severity::Page, &route.page, settings));
        if route.ticket != route.other {
            routes.push(Self::of_severity(Severity::Ticket, &route.ticket, settings));
        }
        let mut matchers = vec![Matcher::equal("team", route.team)];
        // Alerts of other origin may carry a team and no environment.
        let environment = settings.environment.as_deref();
        matchers.extend(environment.map(|name| Matcher::equal_or_absent("environment", name)));
        Self {
            matchers,
            receiver: route.other.clone(),
            pace: None,
            routes,
        }
    }

    fn of_severity(severity: Severity, receiver: &str, settings: &Settings) -> Self {
        Self {
            matchers: vec![Matcher::equal(
                "severity",
                &severity_label(settings, severity),
            )],
            receiver: receiver.to_owned(),
            // All else goes at the pace of tickets, from the root on.
            pace: (severity == Severity::Page).then(|| Pace::of(severity)),
            routes: Vec::new(),
        }
    }
}
