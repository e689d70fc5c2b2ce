//! Alerts and recordings that people and templates wrote.

use std::collections::BTreeSet;

use crate::backends::camel_case;
use crate::ir::Alert;

use super::context::Context;
use super::document::{AlertingRule, RecordingRule, Rule};
use super::layout::layout;
use super::template::{Template, alert_text};

impl Context<'_> {
    /// The service's own recordings.
    pub fn recording_rules(&self) -> Vec<Rule> {
        let rule = |recording: &crate::ir::Recording| {
            Rule::Recording(RecordingRule {
                record: recording.record.to_string(),
                expr: layout(&recording.query),
                labels: self.labels(&recording.labels),
            })
        };
        self.service.recordings.iter().map(rule).collect()
    }

    /// The service's own alerts and those of its dependencies.
    pub fn alert_rules(&self) -> Vec<Rule> {
        let mut taken = BTreeSet::new();
        let alerts = self.service.alerts.iter();
        alerts
            .map(|alert| self.alert_rule(alert, unique_name(&alert.name, &mut taken)))
            .collect()
    }

    fn alert_rule(&self, alert: &Alert, name: String) -> Rule {
        let hold = alert.hold();
        let mut labels = self.labels(&alert.labels);
        if let Some(dependency) = &alert.dependency {
            labels.insert("dependency".into(), dependency.to_string());
        }
        let mut annotations = self.links(alert.runbook_url.as_ref());
        annotations.extend(
            alert
                .annotations
                .iter()
                .map(|(name, text)| (name.clone(), alert_text(text))),
        );
        let summary = alert.summary.as_ref().map(alert_text).unwrap_or_else(|| {
            Template::default()
                .text(&self.service.name)
                .text(": ")
                .text(&alert.name)
                .finish()
        });
        let description = alert
            .description
            .as_ref()
            .map(alert_text)
            .unwrap_or_else(|| {
                Template::default()
                    .text(format!("For {hold}, this has held: {}", alert.when))
                    .finish()
            });
        annotations.insert("summary".into(), summary);
        annotations.insert("description".into(), description);
        Rule::Alerting(AlertingRule {
            alert: name,
            expr: layout(&alert.when),
            hold: hold.to_string(),
            labels: self.alert_labels(labels, alert.severity),
            annotations,
        })
    }
}

/// The alert's name in camel case; with a number where two names differ only in what camel case drops.
fn unique_name(name: &str, taken: &mut BTreeSet<String>) -> String {
    let mut camel = camel_case(name).to_string();
    if camel.is_empty() {
        camel = "Alert".to_owned();
    }
    let mut unique = camel.clone();
    let mut number = 2;
    while !taken.insert(unique.clone()) {
        unique = format!("{camel}{number}");
        number += 1;
    }
    unique
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_apart() {
        let mut taken = BTreeSet::new();
        let names = [
            "queue-backlog",
            "queue_backlog",
            "QueueBacklog2",
            "queue backlog",
            "-",
        ];
        assert_eq!(
            names.map(|name| unique_name(name, &mut taken)),
            [
                "QueueBacklog",
                "QueueBacklog2",
                "QueueBacklog22",
                "QueueBacklog3",
                "Alert"
            ]
        );
    }
}
