//! When alerts were pending, firing and resolved.

use nth_engine::rules::{ALERT_NAME, AlertHistory, AlertState};
use nth_engine::{Labels, Timestamp};
use nth_model::{RuleLabel, Service, Settings, Severity};
use smol_str::SmolStr;

use crate::rule_groups::RuleSet;

/// An alert over time.
#[derive(Debug, Clone, PartialEq)]
pub struct AlertTimeline {
    /// The service.
    pub service: SmolStr,
    /// The alert's name, as in the rules.
    pub name: SmolStr,
    /// The labels, including `alertname`.
    pub labels: Labels,
    /// The severity; `None` if its label has no known value.
    pub severity: Option<Severity>,
    /// The SLO; `None` for a custom alert.
    pub slo: Option<SmolStr>,
    /// When it was active, in order.
    pub periods: Vec<Period>,
    /// The history that the engine recorded, with the rule and the samples that templates refer to.
    pub history: AlertHistory,
}

/// A time in which an alert was active. Times are milliseconds since the beginning of the test, negative before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    /// When its condition began to hold.
    pub pending: i64,
    /// When it began to fire; `None` if it never did.
    pub firing: Option<i64>,
    /// When it was resolved, or was no longer pending; `None` if it is active at the end.
    pub ended: Option<i64>,
}

impl AlertTimeline {
    /// Returns when it fired first, at or after a time.
    pub fn fires_from(&self, from: i64) -> Option<i64> {
        self.periods
            .iter()
            .filter_map(|period| period.firing)
            .find(|firing| *firing >= from)
    }

    /// True if it fires at the end.
    pub fn is_firing(&self) -> bool {
        self.periods
            .last()
            .is_some_and(|period| period.firing.is_some() && period.ended.is_none())
    }

    /// Returns when it was resolved last; `None` if it never fired or fires at the end.
    pub fn resolved(&self) -> Option<i64> {
        if self.is_firing() {
            return None;
        }
        let fired = self
            .periods
            .iter()
            .rev()
            .find(|period| period.firing.is_some());
        fired.and_then(|period| period.ended)
    }
}

/// Returns the timelines of all alerts that were active, in the order of their rules.
pub(crate) fn timelines(
    services: &[&Service],
    settings: &Settings,
    rules: &RuleSet,
    alerts: Vec<AlertHistory>,
    begin: Timestamp,
) -> Vec<AlertTimeline> {
    alerts
        .into_iter()
        .filter_map(|history| {
            let service = rules.service_of(history.rule.group, services)?;
            let service: &Service = services.get(service)?;
            let slo = history.labels.get(RuleLabel::Slo.name());
            // A custom alert that reads a recorded series of an SLO has the label from there.
            let is_slo = service.slos.iter().any(|known| known.name == slo)
                && rules.sets_label(history.rule, RuleLabel::Slo.name());
            Some(AlertTimeline {
                service: service.name.clone(),
                name: history.labels.get(ALERT_NAME).into(),
                severity: severity(history.labels.get(RuleLabel::Severity.name()), settings)
                    .cloned(),
                slo: is_slo.then(|| slo.into()),
                periods: periods(&history, begin),
                labels: history.labels.clone(),
                history,
            })
        })
        .collect()
}

/// Returns the severity of a label's value.
fn severity<'s>(label: &str, settings: &'s Settings) -> Option<&'s Severity> {
    settings.severities.with_label(label)
}

fn periods(history: &AlertHistory, begin: Timestamp) -> Vec<Period> {
    let mut found: Vec<Period> = Vec::new();
    for transition in &history.transitions {
        let at = transition.at - begin;
        let is_open = found.last().is_some_and(|period| period.ended.is_none());
        match (transition.state, found.last_mut()) {
            (AlertState::Inactive, Some(last)) => last.ended = Some(at),
            (AlertState::Firing, Some(last)) if is_open => last.firing = Some(at),
            (AlertState::Pending, _) => found.push(Period {
                pending: at,
                firing: None,
                ended: None,
            }),
            (AlertState::Firing, _) => found.push(Period {
                pending: at,
                firing: Some(at),
                ended: None,
            }),
            (AlertState::Inactive, None) => {}
        }
    }
    found
}
