//! The context of a service's rules: labels, severities, links.

use std::collections::BTreeMap;

use crate::alerts::NamedAlert;
use crate::links;
use nth_model::{Service, Settings, Severity};

use super::template;

/// A service with the project's settings.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// The service.
    pub service: &'a Service,
    /// The project's settings.
    pub settings: &'a Settings,
    /// The service's alerts.
    pub alerts: &'a [NamedAlert<'a>],
}

impl Context<'_> {
    /// The labels that distinguish the service's series from all others: `service`, or `team` for rules outside of any service;
    /// `environment`, if the project has environments, as one Prometheus may watch several; and `project`, if it shares that
    /// Prometheus.
    pub fn identity(&self) -> Vec<(&str, &str)> {
        let scope = self.settings.scope();
        scope.chain([self.service.identity()]).collect()
    }

    /// The labels of every rule: the service's own, overridden by `more`, and all overridden by those that identify the
    /// service and its owner.
    pub fn labels(&self, more: &BTreeMap<String, String>) -> BTreeMap<String, String> {
        let mut labels = self.service.labels.clone();
        labels.extend(more.clone());
        if self.service.has_service_label() {
            labels.insert("tier".into(), self.service.tier.to_string());
        }
        if let Some(team) = &self.service.team {
            labels.insert("team".into(), team.to_string());
        }
        for (label, value) in self.identity() {
            labels.insert(label.into(), value.into());
        }
        labels
    }

    /// An alert's labels as templates: `labels` and the severity.
    pub fn alert_labels(
        &self,
        mut labels: BTreeMap<String, String>,
        severity: &Severity,
    ) -> BTreeMap<String, String> {
        labels.insert("severity".into(), severity.label().to_owned());
        // An operator's Alertmanager only gets alerts with this label.
        if let Some(namespace) = self.settings.alert_namespace() {
            labels.insert("namespace".into(), namespace.to_owned());
        }
        labels
            .into_iter()
            .map(|(label, value)| (label, template::literal(&value)))
            .collect()
    }

    /// The annotations that link to the runbook and the dashboard, if they are known; `own` is the alert's own runbook.
    pub fn links(&self, alert: &NamedAlert<'_>, own: Option<&String>) -> BTreeMap<String, String> {
        let runbook = links::alert_runbook(self.service, self.settings, own, &alert.anchor);
        let dashboard = links::dashboard(self.service, self.settings);
        [("runbook_url", runbook), ("dashboard_url", dashboard)]
            .into_iter()
            .filter_map(|(name, url)| Some((name.to_owned(), template::literal(&url?))))
            .collect()
    }
}
