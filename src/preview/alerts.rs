//! The alerts of a service: what they watch, and whether they fire.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::backends::alert_names;
use crate::backends::prometheus::{AlertingRule, Rule, rule_groups};
use crate::ir::detection::{DetectionTable, Incident};
use crate::ir::number::percent_text;
use crate::ir::{self, RuleLabel, Service, Settings, TextPart};
use nth_simulate::{AlertTimeline, DAY, END, Sample};

/// An alert of a service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Alert {
    /// Its name, the value of `alertname`.
    pub name: String,
    /// Its severity.
    pub severity: String,
    /// The SLO that it belongs to; `None` for one that the project declares.
    pub slo: Option<String>,
    /// The dependency that it watches.
    pub dependency: Option<String>,
    /// What it fires above, in words; `None` if only its condition says that.
    pub threshold: Option<String>,
    /// The window or the consumed share by which detection times name it.
    pub mark: Option<String>,
    /// The condition in PromQL.
    pub when: String,
    /// The time for which the condition must hold.
    pub hold: String,
    /// The time for which it keeps firing.
    pub keep_firing: Option<String>,
    /// Its summary.
    pub summary: Option<String>,
    /// The URL of its section in the runbook.
    pub runbook: Option<String>,
    /// Its state.
    pub state: State,
    /// Since when it is pending or fires, in seconds since 1970.
    pub since: Option<i64>,
    /// Its labels as in the rule, to find its series.
    #[serde(skip)]
    pub labels: BTreeMap<String, String>,
    /// The group of its rule.
    #[serde(skip)]
    pub group: String,
}

/// How long after its beginning an alert fires in an incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DetectionTime {
    /// The alert's name.
    pub name: String,
    /// The window or the consumed share; see [`Alert::mark`].
    pub mark: Option<String>,
    /// The incident, `100% bad`.
    pub incident: String,
    /// The time, `4m`.
    pub after: String,
}

/// Returns when each alert of an SLO fires in incidents of different strength.
pub fn detection_times(table: &DetectionTable) -> Vec<DetectionTime> {
    let of_incident = |incident: &Incident| {
        let words = incident.strength.words();
        let alerts = incident.alerts.clone().into_iter();
        alerts.map(move |found| DetectionTime {
            name: found.alert.name.to_string(),
            mark: found.alert.threshold.map(|mark| mark.to_string()),
            incident: words.clone(),
            after: found.alert.after.to_human(),
        })
    };
    table.incidents.iter().flat_map(of_incident).collect()
}

/// The state of an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Nothing evaluates it.
    Unknown,
    /// Its condition does not hold.
    Inactive,
    /// Its condition holds, not yet for long enough.
    Pending,
    /// It fires.
    Firing,
}

/// Returns the alerts of a service in the order of its rules, those of SLOs first. Their states are unknown.
pub fn alerts(service: &Service, settings: &Settings) -> Vec<Alert> {
    let given: Vec<&str> = service
        .alerts
        .iter()
        .map(|alert| alert.name.as_str())
        .collect();
    let names = alert_names(&given).into_iter().map(|names| names.unique);
    let own: BTreeMap<String, &ir::Alert> = names.zip(&service.alerts).collect();
    let mut all = Vec::new();
    for group in rule_groups(service, settings) {
        for rule in &group.rules {
            if let Rule::Alerting(rule) = rule {
                let declared = own.get(rule.alert.as_str()).copied();
                all.push(alert(service, settings, &group.name, rule, declared));
            }
        }
    }
    // Groups of an SLO are by interval, not by kind.
    let place = |alert: &Alert| {
        let slos = service.slos.iter();
        let slo = slos
            .map(|slo| Some(slo.name.to_string()))
            .position(|slo| slo == alert.slo);
        slo.unwrap_or(usize::MAX)
    };
    all.sort_by_key(place);
    all
}

fn alert(
    service: &Service,
    settings: &Settings,
    group: &str,
    rule: &AlertingRule,
    declared: Option<&ir::Alert>,
) -> Alert {
    let label = |label: RuleLabel| rule.labels.get(label.name()).cloned();
    let slo_name = label(RuleLabel::Slo);
    let slo = service.slos.iter();
    let slo = slo
        .clone()
        .find(|slo| Some(slo.name.as_str()) == slo_name.as_deref());
    let slo = slo.filter(|_| declared.is_none());
    let long = label(RuleLabel::LongWindow);
    let consumed = label(RuleLabel::BudgetConsumed);
    let severity = label(RuleLabel::Severity).unwrap_or_default();
    let known = settings.severities.with_label(&severity);
    let pair = slo.and_then(|slo| {
        let mut pairs = slo.burn_rate_pairs.iter();
        pairs.find(|pair| {
            Some(pair.long.to_string()) == long && known.is_none_or(|known| *known == pair.severity)
        })
    });
    let threshold = match (slo, pair, &consumed) {
        (Some(slo), Some(pair), _) => Some(format!(
            "burn rate > {}x over {} and {} (> {} bad)",
            pair.factor.normalize(),
            pair.long,
            pair.short,
            percent_text(pair.threshold(slo.objective)),
        )),
        (Some(_), None, Some(consumed)) => Some(format!("{consumed} of the error budget consumed")),
        _ => None,
    };
    Alert {
        name: rule.alert.clone(),
        severity: known.map_or(severity.clone(), |known| known.name().to_owned()),
        slo: slo.map(|slo| slo.name.to_string()),
        dependency: declared
            .and_then(|alert| alert.dependency.as_ref())
            .map(ToString::to_string),
        threshold,
        mark: long.or(consumed),
        when: rule.expr.clone(),
        hold: rule.hold.clone(),
        keep_firing: rule.keep_firing.clone(),
        summary: declared.and_then(|alert| alert.summary.as_ref()).map(text),
        runbook: rule.annotations.get("runbook_url").cloned(),
        state: State::Unknown,
        since: None,
        labels: rule.labels.clone(),
        group: group.to_owned(),
    }
}

/// Formats a text with its placeholders as they are written.
fn text(found: &ir::Text) -> String {
    let parts = found.parts.iter().map(|part| match part {
        TextPart::Literal(text) => text.clone(),
        TextPart::Value(_) => "${value}".to_owned(),
        TextPart::Label(label) => format!("${{labels.{label}}}"),
        TextPart::External(label) => format!("${{external.{label}}}"),
    });
    parts.collect()
}

impl Alert {
    /// True if a series of alerts with these labels is one of it.
    fn has(&self, get: impl Fn(&str) -> Option<String>) -> bool {
        let mut labels = self
            .labels
            .iter()
            .filter(|(_, value)| !value.contains("{{"));
        get("alertname").as_deref() == Some(self.name.as_str())
            && labels.all(|(name, value)| get(name).unwrap_or_default() == *value)
    }

    /// Notes a state, unless a worse one is known: an alert of groups has a series for each.
    fn note(&mut self, state: State, since: Option<i64>) {
        if state > self.state {
            self.state = state;
            self.since = since;
        }
    }

    /// Sets the state at the end of a sample.
    pub fn read_sample(&mut self, sample: &Sample) {
        if sample.has_evaluated(&self.group) {
            self.note(State::Inactive, None);
        }
        let own = |timeline: &&AlertTimeline| {
            self.has(|label| Some(timeline.labels.get(label).to_owned()))
        };
        let timelines: Vec<&AlertTimeline> = sample.alerts().iter().filter(own).collect();
        for timeline in timelines {
            let Some(last) = timeline.periods.last().filter(|last| last.ended.is_none()) else {
                continue;
            };
            let begin = END - DAY;
            match last.firing {
                Some(firing) => self.note(State::Firing, Some((begin + firing) / 1000)),
                None => self.note(State::Pending, Some((begin + last.pending) / 1000)),
            }
        }
    }

    /// Sets the state from the series of `ALERTS` in Prometheus.
    pub fn read_series(&mut self, series: &[super::Series]) {
        self.note(State::Inactive, None);
        for one in series {
            if !self.has(|label| one.labels.get(label).cloned()) {
                continue;
            }
            match one.labels.get("alertstate").map(String::as_str) {
                Some("firing") => self.note(State::Firing, None),
                Some("pending") => self.note(State::Pending, None),
                _ => {}
            }
        }
    }
}
