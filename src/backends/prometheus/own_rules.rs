//! Custom alerts and recording rules of authors and templates.

use std::collections::BTreeSet;
use std::fmt::Display;

use crate::alerts::{NamedAlert, Origin};
use nth_model::{Alert, Duration, Text};

use super::context::Context;
use super::document::{AlertingRule, RecordingRule, Rule};
use super::layout::layout;
use super::template::{alert_text, literal};

impl Context<'_> {
    /// The service's custom recording rules.
    pub fn recording_rules(&self) -> Vec<Rule> {
        let rule = |recording: &nth_model::Recording| {
            Rule::Recording(RecordingRule {
                record: recording.record.to_string(),
                expr: layout(&recording.query),
                labels: self.labels(&recording.labels),
            })
        };
        self.service.recordings.iter().map(rule).collect()
    }

    /// The service's custom alerts and those of its dependencies.
    pub fn alert_rules(&self) -> Vec<Rule> {
        self.alerts_with(None)
    }

    /// Alerts with a limit, by the limit: Prometheus applies the limit of a group to each of its rules.
    pub fn limited_alert_rules(&self) -> Vec<(u32, Vec<Rule>)> {
        let limits: BTreeSet<u32> = self
            .alerts
            .iter()
            .filter_map(|named| match named.origin {
                Origin::Own(alert) => alert.limit,
                _ => None,
            })
            .collect();
        let rules = limits.into_iter();
        rules
            .map(|limit| (limit, self.alerts_with(Some(limit))))
            .collect()
    }

    fn alerts_with(&self, limit: Option<u32>) -> Vec<Rule> {
        let rule = |named: &NamedAlert<'_>| match named.origin {
            Origin::Own(alert) if alert.limit == limit => Some(self.alert_rule(named, alert)),
            _ => None,
        };
        self.alerts.iter().filter_map(rule).collect()
    }

    fn alert_rule(&self, named: &NamedAlert<'_>, alert: &Alert) -> Rule {
        let hold = alert.hold();
        let mut labels = self.labels(&alert.labels);
        if let Some(dependency) = &alert.dependency {
            labels.insert("dependency".into(), dependency.to_string());
        }
        let mut annotations = self.links(named, alert.runbook_url.as_ref());
        annotations.extend(
            alert
                .annotations
                .iter()
                .map(|(name, text)| (name.clone(), alert_text(text))),
        );
        let summary = self.summary(alert.summary.as_ref(), &alert.name);
        let description = description(alert.description.as_ref(), hold, &alert.when);
        annotations.insert("summary".into(), summary);
        annotations.insert("description".into(), description);
        Rule::Alerting(AlertingRule {
            alert: named.name.clone(),
            expr: layout(&alert.when),
            hold: hold.to_string(),
            keep_firing: alert.keep_firing.map(|time| time.to_string()),
            labels: self.alert_labels(labels, &alert.severity),
            annotations,
        })
    }

    /// The summary of a custom alert as a template; by default its owner and its name.
    pub(crate) fn summary(&self, own: Option<&Text>, name: &str) -> String {
        own.map(alert_text).unwrap_or_else(|| {
            let (_, owner) = self.service.identity();
            literal(&format!("{owner}: {name}"))
        })
    }
}

/// The description of a custom alert as a template; by default its condition.
pub(crate) fn description(own: Option<&Text>, hold: Duration, condition: impl Display) -> String {
    own.map(alert_text)
        .unwrap_or_else(|| literal(&format!("Condition held for {hold}: {condition}")))
}
