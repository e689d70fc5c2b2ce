//! Burn-rate alerts: a policy and a condition for each pair of windows.
//!
//! A policy has one condition, and a condition has one window. The long one is written, as it ensures that enough of
//! the budget is consumed; without the short one, an alert keeps firing until the long window has passed.

use super::document::{AlertCondition, AlertPolicy, BurnRate, ConditionRef, Object, TargetRef};
use super::names;
use super::targets::object_name;
use nth_model::burn_rate::Pair;
use nth_model::{Project, Receiver, Service, Settings, Slo, Team, number};

/// The annotation that lists what the format cannot express.
pub const LOST: &str = "nthc.not-expressible";

/// The alert documents of an SLO.
pub struct Alerts {
    /// The conditions.
    pub conditions: Vec<Object<AlertCondition>>,
    /// The policies.
    pub policies: Vec<Object<AlertPolicy>>,
    /// Sentences about what the format cannot express.
    pub lost: Vec<String>,
}

/// The alert documents of an SLO. A policy must notify someone: if nobody is notified of its severity, it is omitted.
pub fn alerts(slo: &Slo, service: &Service, project: &Project<'_>, settings: &Settings) -> Alerts {
    let mut alerts = Alerts {
        conditions: Vec::new(),
        policies: Vec::new(),
        lost: Vec::new(),
    };
    let team = project.owner(service);
    let receivers = team.map(Team::effective_receivers).unwrap_or_default();
    let mut no_data = slo
        .missing_data_alerts
        .first()
        .map(|absence| &absence.severity);
    let mut untold: Vec<&str> = Vec::new();
    for pair in &slo.burn_rate_pairs {
        let notified: Vec<&Receiver> = receivers
            .iter()
            .filter(|receiver| receiver.on.contains(&pair.severity))
            .collect();
        let (Some(team), false) = (team, notified.is_empty()) else {
            if !untold.contains(&pair.severity.name()) {
                untold.push(pair.severity.name());
            }
            continue;
        };
        let absent = no_data.take_if(|severity| **severity == pair.severity);
        let targets = notified.iter().map(|receiver| TargetRef {
            target_ref: object_name(receiver, &team.name, settings),
        });
        let spec = AlertPolicy {
            description: sentence(slo, service, pair),
            alert_when_no_data: absent.is_some(),
            alert_when_resolved: notified.iter().any(|receiver| receiver.resolved),
            alert_when_breaching: true,
            conditions: [ConditionRef {
                condition_ref: names::name_in(settings, &parts(slo, service, &own_name(pair))),
            }],
            notification_targets: targets.collect(),
        };
        let mut condition = condition(slo, service, pair, settings);
        let mut metadata = condition.metadata.clone();
        metadata.annotations.insert(
            LOST.into(),
            format!(
                "The burn rate must also exceed the limit over the short window of {}: an OpenSLO \
                condition has one window.",
                pair.short
            ),
        );
        condition.metadata.annotations.extend([
            ("nthc.short-window".to_owned(), pair.short.to_string()),
            (
                "nthc.budget-spent".to_owned(),
                number::percent_text(pair.rounded_budget()),
            ),
        ]);
        alerts
            .policies
            .push(Object::new("AlertPolicy", metadata, spec));
        alerts.conditions.push(condition);
    }
    if !untold.is_empty() {
        alerts.lost.push(format!(
            "Its burn-rate alerts ({}) are not exported: the team has no notification target, and a \
            policy requires one.",
            untold.join(", ")
        ));
    }
    if let (Some(_), Some(absence)) = (no_data, slo.missing_data_alerts.first()) {
        alerts.lost.push(format!(
            "The missing-data alert is a {}, and there is no policy of that severity.",
            absence.severity.name()
        ));
    }
    alerts
}

/// The name `page-1h`: an SLO has one pair at most of a severity with each long window.
fn own_name(pair: &Pair) -> String {
    format!("{}-{}", pair.severity.name(), pair.long)
}

fn parts<'p>(slo: &'p Slo, service: &'p Service, own: &'p str) -> [&'p str; 3] {
    [&service.name, &slo.name, own]
}

fn sentence(slo: &Slo, service: &Service, pair: &Pair) -> String {
    names::description(&format!(
        "{} of the error budget for {} of {} {} is consumed within {}.",
        number::percent_text(pair.rounded_budget()),
        slo.window_text(),
        service.name,
        slo.name,
        pair.long
    ))
}

fn condition(
    slo: &Slo,
    service: &Service,
    pair: &Pair,
    settings: &Settings,
) -> Object<AlertCondition> {
    let own = own_name(pair);
    let display = format!("{} {}: {own}", service.name, slo.name);
    let spec = AlertCondition {
        description: sentence(slo, service, pair),
        severity: pair.severity.label().to_owned(),
        condition: BurnRate {
            kind: "burnrate",
            op: "gt",
            threshold: names::number(pair.factor),
            lookback_window: names::duration(pair.long),
            alert_after: names::duration(pair.hold),
        },
    };
    let metadata = names::metadata(settings, &parts(slo, service, &own), &display);
    Object::new("AlertCondition", metadata, spec)
}
