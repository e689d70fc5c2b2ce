//! What the rules of a service share: labels, severities, links.

use std::collections::BTreeMap;

use crate::backends::{dashboard_uid_in, file_stem};
use crate::ir::{Service, Settings, Severity};

use super::template;

/// A service with the project's settings.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// The service.
    pub service: &'a Service,
    /// The project's settings.
    pub settings: &'a Settings,
}

impl Context<'_> {
    /// The labels that tell the service's series from all others: `service` and, where the project has
    /// environments, `environment`, as one Prometheus may watch several.
    pub fn identity(&self) -> Vec<(&str, &str)> {
        let environment = self.settings.environment.as_deref();
        let environment = environment.map(|environment| ("environment", environment));
        environment
            .into_iter()
            .chain([("service", self.service.name.as_str())])
            .collect()
    }

    /// The labels of every rule: the service's own, with `more` over them, and over those the ones that
    /// identify it and its owner.
    pub fn labels(&self, more: &BTreeMap<String, String>) -> BTreeMap<String, String> {
        let mut labels = self.service.labels.clone();
        labels.extend(more.clone());
        labels.insert("tier".into(), self.service.tier.to_string());
        if let Some(team) = &self.service.team {
            labels.insert("team".into(), team.to_string());
        }
        for (label, value) in self.identity() {
            labels.insert(label.into(), value.into());
        }
        labels
    }

    /// The value of the `severity` label.
    pub fn severity(&self, severity: Severity) -> String {
        self.settings
            .severity_labels
            .get(&severity)
            .cloned()
            .unwrap_or_else(|| {
                match severity {
                    Severity::Page => "page",
                    Severity::Ticket => "ticket",
                }
                .to_owned()
            })
    }

    /// An alert's labels as templates that give `labels` and the severity.
    pub fn alert_labels(
        &self,
        mut labels: BTreeMap<String, String>,
        severity: Severity,
    ) -> BTreeMap<String, String> {
        labels.insert("severity".into(), self.severity(severity));
        labels
            .into_iter()
            .map(|(label, value)| (label, template::literal(&value)))
            .collect()
    }

    /// The annotations that link to the runbook and the dashboard, where they are known; `runbook` is the
    /// alert's own.
    pub fn links(&self, runbook: Option<&String>) -> BTreeMap<String, String> {
        let service = self.service;
        let at = |base: &str, rest: &str| format!("{}/{rest}", base.trim_end_matches('/'));
        let runbook = runbook
            .or(service.runbook_url.as_ref())
            .cloned()
            .or_else(|| {
                self.settings
                    .runbook_base_url
                    .as_ref()
                    .map(|base| at(base, &file_stem(&service.name)))
            });
        let dashboard = service.dashboard_url.clone().or_else(|| {
            let base = self.settings.dashboard_base_url.as_ref()?;
            let environment = self.settings.environment.as_deref();
            Some(at(
                base,
                &format!("d/{}", dashboard_uid_in(environment, &service.name)),
            ))
        });
        [("runbook_url", runbook), ("dashboard_url", dashboard)]
            .into_iter()
            .filter_map(|(name, url)| Some((name.to_owned(), template::literal(&url?))))
            .collect()
    }
}
