//! Routes for a configuration that also has those of others: they match this project's alerts only.
//!
//! A route of ours precedes those of others, so it must not match any alert but ours. Where no team is notified, it has no receiver of
//! its own and inherits that of the place where it is added, so that no alert is lost.

use nth_model::{Response, Settings};

use super::matcher::Matcher;
use super::plan::{NOBODY, Plan};
use super::routes::{Node, Pace};

/// The receiver of a route that inherits the one of its parent.
pub const INHERITED: &str = "";

impl Node {
    /// The routes of the project's own alerts, for a place before the routes of others: those of services, then those of each team's
    /// alerts outside of services.
    pub fn own(plan: &Plan<'_>, settings: &Settings) -> Vec<Self> {
        let scope = || {
            settings
                .scope()
                .map(|(label, value)| Matcher::equal(label, value))
        };
        let mut own = Vec::new();
        if !plan.services.is_empty() {
            own.push(Self::wrapper(
                plan,
                scope()
                    .chain([
                        Matcher::one_of("service", plan.services.iter().copied()),
                        Matcher::present("tier"),
                    ])
                    .collect(),
                None,
            ));
        }
        for (team, alerts) in &plan.team_alerts {
            let names = alerts.iter().map(String::as_str);
            own.push(Self::wrapper(
                plan,
                scope()
                    .chain([
                        Matcher::equal("team", team),
                        // The series that fires may have any other label.
                        Matcher::one_of("alertname", names),
                    ])
                    .collect(),
                Some(team),
            ));
        }
        for route in &mut own {
            route.set_times(plan, false);
        }
        own
    }

    /// The root of a tree with the own routes and nothing else: what reaches it is not of the project.
    pub fn root_of_own(plan: &Plan<'_>, settings: &Settings) -> Self {
        Self {
            routes: Self::own(plan, settings),
            ..Self::to(NOBODY.to_owned())
        }
    }

    /// The route with these matchers for the alerts of all teams, or of one. Its timing does not depend on the routes above it.
    fn wrapper(plan: &Plan<'_>, matchers: Vec<Matcher>, team: Option<&str>) -> Self {
        let mut routes = Vec::new();
        for route in plan.routes.iter() {
            if team.is_none_or(|team| team == route.team) {
                routes.extend(without_nobody(Self::team_route(route, plan)));
            }
        }
        routes.extend(Self::fallback_routes(plan));
        let receiver = plan.fallback.other.as_str();
        Self {
            matchers,
            pace: Pace::for_response(Response::Ticket),
            routes,
            ..Self::to(inherited_if_nobody(receiver).to_owned())
        }
    }
}

fn inherited_if_nobody(receiver: &str) -> &str {
    match receiver {
        NOBODY => INHERITED,
        receiver => receiver,
    }
}

/// A team's route, after routes for those of its alerts that no receiver of the team gets: within its route they would inherit another
/// receiver of the team.
fn without_nobody(mut route: Node) -> Vec<Node> {
    route.receiver = inherited_if_nobody(&route.receiver).to_owned();
    let (to_nobody, routes) = route
        .routes
        .into_iter()
        .partition(|child| child.receiver == NOBODY);
    route.routes = routes;
    let to_nobody: Vec<Node> = to_nobody;
    let mut all: Vec<Node> = to_nobody
        .into_iter()
        .map(|child| Node {
            matchers: route
                .matchers
                .iter()
                .cloned()
                .chain(child.matchers)
                .collect(),
            receiver: INHERITED.to_owned(),
            ..child
        })
        .collect();
    all.push(route);
    all
}
