//! Alerts that Grafana evaluates: a provisioning file of alert rules for each service.
//!
//! Each alert of the Prometheus rules is one rule, in the same group, with the same name, labels and times. Recording rules stay
//! in Prometheus. Format:
//! <https://grafana.com/docs/grafana/latest/alerting/set-up/provision-alerting-resources/file-provisioning/>.

mod document;
mod template;

use std::collections::{BTreeMap, BTreeSet};

use nth_model::{Duration, Project, Service, Settings, TargetName};

use self::document::{File, Query, Rule, RuleGroup};
use self::template::Untranslatable;
use super::alerts::{Origin, service_alerts};
use super::prometheus::{self, AlertingRule, Group};
use super::{Artifact, EmitError, Target, Unsupported, WriteError, file_stem, fnv1a};

/// How often Grafana evaluates at most: every interval is a multiple of it.
const TICK: Duration = Duration(10_000);

/// The labels that distinguish the alerts of one name in a service.
const DISTINCT: [&str; 6] = [
    "slo",
    "contract",
    "long_window",
    "short_window",
    "budget_consumed",
    "dependency",
];

/// The target: a provisioning file of alert rules for each service.
pub struct GrafanaAlerting;

impl Target for GrafanaAlerting {
    fn name(&self) -> TargetName {
        TargetName::GrafanaAlerting
    }

    fn service_artifacts(
        &self,
        service: &Service,
        _project: &Project<'_>,
        settings: &Settings,
    ) -> Result<Vec<Artifact>, EmitError> {
        // Without a data source the project has an error.
        let Some(datasource) = settings.grafana.datasource.as_deref() else {
            return Ok(Vec::new());
        };
        Ok(service_file(service, settings, datasource)?
            .into_iter()
            .collect())
    }

    fn check_limits(&self, _project: &Project<'_>, settings: &Settings) -> Result<(), EmitError> {
        match settings.grafana.datasource {
            Some(_) => Ok(()),
            None => Err(Unsupported {
                service: None,
                message: "target `grafana-alerting` needs the uid of a Prometheus data source"
                    .to_owned(),
                help: "set `datasource` in `[grafana]` of `nth.toml`, or in each environment"
                    .to_owned(),
            }
            .into()),
        }
    }

    fn describes_other_services(&self) -> bool {
        false
    }
}

/// The file of a service, `grafana-alerting/<service>.yaml`; `None` if it has no alert.
fn service_file(
    service: &Service,
    settings: &Settings,
    datasource: &str,
) -> Result<Option<Artifact>, EmitError> {
    let missing_data: BTreeSet<String> = service_alerts(service)
        .into_iter()
        .filter(|named| matches!(named.origin, Origin::Absence(..)))
        .map(|named| named.name)
        .collect();
    let mut uids = Uids {
        prefix: identity(service, settings),
        seen: BTreeMap::new(),
    };
    let mut groups = Vec::new();
    for group in prometheus::rule_groups(service, settings) {
        let mut rules = Vec::new();
        for alert in group.rules.iter().filter_map(prometheus::Rule::alerting) {
            let rule = Translation {
                service,
                datasource,
                group: &group,
                reports_errors: missing_data.contains(&alert.alert),
            };
            rules.push(rule.rule(alert, uids.assign(alert))?);
        }
        if rules.is_empty() {
            continue;
        }
        check_interval(service, &group)?;
        let name = match settings.environment.as_deref() {
            Some(environment) => format!("{environment}--{}", group.name),
            None => group.name,
        };
        groups.push(RuleGroup {
            org_id: 1,
            name: document::escape(&name),
            folder: document::escape(settings.grafana_folder()),
            interval: group.interval,
            rules,
        });
    }
    if groups.is_empty() {
        return Ok(None);
    }
    let file = File {
        api_version: 1,
        groups,
    };
    let yaml =
        prometheus::to_yaml(&file).map_err(|error| WriteError::new("Grafana's alerts", error))?;
    let name = file_stem(&prometheus::scoped_name(service, settings));
    Ok(Some(Artifact::new(
        TargetName::GrafanaAlerting,
        format!("{name}.yaml"),
        yaml,
    )))
}

/// What distinguishes the rules of a service from those of all others in a Grafana.
fn identity(service: &Service, settings: &Settings) -> String {
    let environment = settings.environment.as_deref().unwrap_or_default();
    format!("{}\0{environment}\0{}", settings.project, service.name)
}

/// Checks that Grafana can evaluate a group as often as Prometheus does.
fn check_interval(service: &Service, group: &Group) -> Result<(), EmitError> {
    let interval = nth_model::settings::texts::parse_duration(&group.interval);
    if interval.is_some_and(|interval| interval.0.is_multiple_of(TICK.0)) {
        return Ok(());
    }
    Err(Unsupported {
        service: Some(service.name.clone()),
        message: format!(
            "Grafana evaluates alerts every {TICK} or a multiple of it, not every {}",
            group.interval
        ),
        help: "set `interval` in `[prometheus]` of `nth.toml`, or of the SLO, to a multiple of 10s"
            .to_owned(),
    }
    .into())
}

/// Names of rules that stay the same while texts, thresholds and times change.
struct Uids {
    prefix: String,
    seen: BTreeMap<String, u32>,
}

impl Uids {
    fn assign(&mut self, alert: &AlertingRule) -> String {
        let labels = DISTINCT.iter().filter_map(|label| alert.labels.get(*label));
        let labels: Vec<&str> = labels.map(String::as_str).collect();
        let key = format!("{}\0{}\0{}", self.prefix, alert.alert, labels.join("\0"));
        let number = self.seen.entry(key.clone()).or_default();
        *number += 1;
        let key = format!("{key}\0{number}");
        // Two hashes of 32 bits: one is too short for thousands of rules.
        format!("nth-{:08x}{:08x}", fnv1a(&key), fnv1a(&format!("{key}\0")))
    }
}

/// An alert on its way to Grafana.
struct Translation<'a> {
    service: &'a Service,
    datasource: &'a str,
    group: &'a Group,
    /// True if a failed evaluation is reported. Alerts on missing data do, so that a data source that does not answer is one
    /// alert of each SLO and not one of each rule.
    reports_errors: bool,
}

impl Translation<'_> {
    fn rule(&self, alert: &AlertingRule, uid: String) -> Result<Rule, EmitError> {
        let offset = self.group.query_offset.as_deref();
        let offset = offset.and_then(nth_model::settings::texts::parse_duration);
        let offset = offset.map_or(0, |offset| offset.0 / 1000);
        Ok(Rule {
            uid,
            title: document::escape(&alert.alert),
            condition: document::EXISTS,
            data: [
                Query::of_prometheus(self.datasource, &alert.expr, offset),
                Query::exists(),
            ],
            no_data_state: "OK",
            exec_err_state: match self.reports_errors {
                true => "Error",
                false => "KeepLast",
            },
            hold: alert.hold.clone(),
            keep_firing: alert.keep_firing.clone(),
            missing_series: 1,
            annotations: self.texts(alert, &alert.annotations)?,
            labels: self.texts(alert, &alert.labels)?,
        })
    }

    fn texts(
        &self,
        alert: &AlertingRule,
        texts: &BTreeMap<String, String>,
    ) -> Result<BTreeMap<String, String>, EmitError> {
        let translated = texts.iter().map(|(name, text)| {
            template::translate(text)
                .map(|text| (name.clone(), text))
                .map_err(|Untranslatable| {
                    EmitError::from(Unsupported {
                        service: Some(self.service.name.clone()),
                        message: format!(
                            "Grafana has no external labels, which `{name}` of alert `{}` uses",
                            alert.alert
                        ),
                        help: "write the text without `${external.…}`".to_owned(),
                    })
                })
        });
        translated.collect()
    }
}
