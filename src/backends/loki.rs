//! Loki: a rule file of the alerts on logs for each service that has any. Prometheus rejects LogQL, so these files are never
//! mixed with its rules.

use nth_model::{LogAlert, Project, Service, Settings, TargetName};

use super::links;
use super::prometheus::{self, AlertingRule, Context, Group, Rule, RuleFile, alert_text};
use super::{Artifact, EmitError, Target, WriteError, camel_case, file_stem};

/// The target: a rule file of alerts on logs for each service.
pub struct Loki;

impl Target for Loki {
    fn name(&self) -> TargetName {
        TargetName::Loki
    }

    fn service_artifacts(
        &self,
        service: &Service,
        _project: &Project<'_>,
        settings: &Settings,
    ) -> Result<Vec<Artifact>, EmitError> {
        if service.log_alerts.is_empty() {
            return Ok(Vec::new());
        }
        let context = Context {
            service,
            settings,
            alerts: &[],
        };
        let name = prometheus::scoped_name(service, settings);
        let rules = service.log_alerts.iter().map(|alert| rule(context, alert));
        let file = RuleFile {
            namespace: None,
            groups: vec![Group {
                name: format!("{name}-log-alerts"),
                interval: settings.prometheus.interval.to_string(),
                query_offset: None,
                eval_delay: None,
                source_tenants: Vec::new(),
                partial_response_strategy: None,
                limit: None,
                rules: rules.collect(),
            }],
        };
        let yaml =
            prometheus::to_yaml(&file).map_err(|error| WriteError::new("Loki's rules", error))?;
        let file = format!("{}.yaml", file_stem(&name));
        Ok(vec![Artifact::new(TargetName::Loki, file, yaml)])
    }

    fn describes_other_services(&self) -> bool {
        false
    }
}

fn rule(context: Context<'_>, alert: &LogAlert) -> Rule {
    let hold = alert.hold();
    let labels = context.labels(&alert.labels);
    let url = |url: Option<String>| url.map(|url| prometheus::literal(&url));
    let runbook = alert.runbook_url.clone();
    let runbook = runbook.or_else(|| links::runbook(context.service, context.settings));
    let dashboard = links::dashboard(context.service, context.settings);
    let summary = context.summary(alert.summary.as_ref(), &alert.name);
    let description = prometheus::description(alert.description.as_ref(), hold, &alert.when);
    let texts = alert.annotations.iter();
    let annotations = texts
        .map(|(name, text)| (name.clone(), Some(alert_text(text))))
        .chain([
            ("summary".to_owned(), Some(summary)),
            ("description".to_owned(), Some(description)),
            ("runbook_url".to_owned(), url(runbook)),
            ("dashboard_url".to_owned(), url(dashboard)),
        ])
        .filter_map(|(name, text)| Some((name, text?)));
    Rule::Alerting(AlertingRule {
        alert: camel_case(&alert.name).to_string(),
        expr: alert.when.clone(),
        hold: hold.to_string(),
        keep_firing: None,
        labels: context.alert_labels(labels, &alert.severity),
        annotations: annotations.collect(),
    })
}
