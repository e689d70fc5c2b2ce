//! A service with the project's settings, shared by all panels of its dashboard.

use crate::project_dashboard_uid;
use nth_model::{Service, Settings, Slo};
use nth_promql::{Expr, MatchOp, Node, build, rewrite};

use super::document::Link;
use super::text;

/// The value of the matcher on the service: a reference to the variable, which Grafana fills in.
const SERVICE: &str = "$service";

/// A service with the project's settings.
#[derive(Clone, Copy)]
pub struct Board<'a> {
    /// The service.
    pub service: &'a Service,
    /// The project's settings.
    pub settings: &'a Settings,
}

impl Board<'_> {
    /// The single recorded series of an SLO of the service, by its metric's name.
    pub fn recorded_series(&self, metric: &str, slo: &Slo) -> Expr {
        self.of_service(metric, &[("slo", slo.name.as_str())])
    }

    /// The series of a metric that the rules of the service make, with these labels.
    pub fn of_service(&self, metric: &str, labels: &[(&str, &str)]) -> Expr {
        let mut own: Vec<(&str, &str)> = self.settings.scope().collect();
        own.extend(labels);
        let mut series = build::selector(metric, &own);
        rewrite::hide(&mut series, &text::begins_variable);
        if let Node::Selector(selector) = &mut series.node {
            let (label, _) = self.service.identity();
            let service = build::matcher(label, MatchOp::Equal, SERVICE);
            selector.matchers.insert(0, service);
        }
        series
    }

    /// The value of a recorded series of an SLO, without labels: an SLO that changed its labels has several series for
    /// a while.
    pub fn value(&self, metric: &str, slo: &Slo) -> Expr {
        let by: Vec<&str> = slo.by().iter().map(String::as_str).collect();
        let groups = (!by.is_empty()).then(|| build::by_labels(&by));
        build::aggregate("max", groups, self.recorded_series(metric, slo))
    }

    /// Links to the runbook, to the logs, to the overview, and to the dashboards of the service's dependencies.
    pub fn links(&self, overview: Option<String>) -> Vec<Link> {
        let service = self.service;
        let runbook = crate::links::runbook(service, self.settings);
        let mut links = Vec::new();
        if let Some(url) = runbook {
            links.push(Link {
                target_blank: true,
                keep_time: false,
                ..link("Runbook", "doc", "What to do when it fails", &url)
            });
        }
        if let Some(url) = &service.logs_url {
            links.push(Link {
                target_blank: true,
                keep_time: false,
                ..link("Logs", "external link", "The logs of the service", url)
            });
        }
        if let Some(uid) = overview {
            links.push(link(
                "SLO overview",
                "dashboard",
                "All services",
                &format!("/d/{uid}"),
            ));
        }
        let mut seen = Vec::new();
        for dependency in &service.panels.dependencies {
            let Some(name) = &dependency.service else {
                continue;
            };
            if seen.contains(&name) {
                continue;
            }
            seen.push(name);
            let uid = project_dashboard_uid(self.settings, name);
            links.push(link(
                name,
                "dashboard",
                "Dependencies of this service",
                &format!("/d/{uid}"),
            ));
        }
        links
    }
}

/// A link that keeps the time range and opens in the same tab.
pub fn link(title: &str, icon: &'static str, tooltip: &str, url: &str) -> Link {
    Link {
        title: text::literal(title),
        kind: "link",
        icon,
        tooltip: text::literal(tooltip),
        url: text::url(url),
        tags: [],
        as_dropdown: false,
        target_blank: false,
        include_vars: false,
        keep_time: true,
    }
}
