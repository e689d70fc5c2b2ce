//! What a rule writes.

use std::collections::BTreeMap;

use smol_str::SmolStr;

use super::expand::is_template;
use super::rule::Rule;
use super::{ALERT_NAME, ALERT_STATE, ALERTS, ALERTS_FOR_STATE};
use crate::labels::METRIC_NAME;

/// Series of one metric that a rule writes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Written<'r> {
    /// The metric's name.
    pub(super) metric: &'r str,
    /// The alert's name, for a metric about alerts.
    alert: Option<&'r str>,
    labels: &'r BTreeMap<SmolStr, SmolStr>,
}

/// Returns what a rule writes.
pub(super) fn writes(rule: &Rule) -> Vec<Written<'_>> {
    let written = |metric, alert| Written {
        metric,
        alert,
        labels: rule.labels(),
    };
    match rule {
        Rule::Recording(rule) => vec![written(&rule.record, None)],
        Rule::Alerting(rule) => vec![
            written(ALERTS, Some(&rule.alert)),
            written(ALERTS_FOR_STATE, Some(&rule.alert)),
        ],
    }
}

impl<'r> Written<'r> {
    /// Returns the value that a label has in all series, `""` if none has it; `None` if it is unknown.
    pub(super) fn known(&self, label: &str) -> Option<&'r str> {
        if label == METRIC_NAME {
            return Some(self.metric);
        }
        if let Some(alert) = self.alert {
            if label == ALERT_NAME {
                return Some(alert);
            }
            if label == ALERT_STATE {
                return None;
            }
        }
        let value = self.labels.get(label)?;
        (self.alert.is_none() || !is_template(value)).then_some(value)
    }

    /// True if two rules certainly do not write the same series.
    pub(super) fn is_disjoint(&self, other: &Self) -> bool {
        let differs = |label: &str| matches!((self.known(label), other.known(label)), (Some(left), Some(right)) if left != right);
        differs(METRIC_NAME)
            || differs(ALERT_NAME)
            || self.labels.keys().any(|label| differs(label))
    }
}
