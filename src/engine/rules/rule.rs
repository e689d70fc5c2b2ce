//! Rules and their groups.

use std::collections::BTreeMap;

use nth_promql::Expr;
use smol_str::SmolStr;

/// A group of rules, which are evaluated one after another at each multiple of the interval.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// The group's name.
    pub name: SmolStr,
    /// Milliseconds between two evaluations; at least 1.
    pub interval: i64,
    /// How long before the time of evaluation the rules query and write, in milliseconds. Default: 0.
    pub query_offset: i64,
    /// The maximum number of series of a recording rule, and of active alerts of an alerting rule. Default: 0, no limit.
    pub limit: usize,
    /// The rules in order.
    pub rules: Vec<Rule>,
}

/// A rule.
#[derive(Debug, Clone, PartialEq)]
pub enum Rule {
    /// A recording rule.
    Recording(Recording),
    /// An alerting rule.
    Alerting(Alerting),
}

/// A rule that stores the result of a query as series.
#[derive(Debug, Clone, PartialEq)]
pub struct Recording {
    /// The metric's name.
    pub record: SmolStr,
    /// The query.
    pub expr: Expr,
    /// Labels to set. An empty value removes the label.
    pub labels: BTreeMap<SmolStr, SmolStr>,
}

/// A rule whose query's series are alerts.
#[derive(Debug, Clone, PartialEq)]
pub struct Alerting {
    /// The alert's name.
    pub alert: SmolStr,
    /// The query.
    pub expr: Expr,
    /// How long a series must exist until its alert fires, in milliseconds. Default: 0.
    pub hold: i64,
    /// How long an alert keeps firing after its series has disappeared, in milliseconds. Default: 0.
    pub keep_firing: i64,
    /// Labels to set, with templates. An empty value removes the label.
    pub labels: BTreeMap<SmolStr, SmolStr>,
    /// Texts about the alert, with templates. They do not change the result; [`Observation`](super::Observation) is what their
    /// templates refer to.
    pub annotations: BTreeMap<SmolStr, SmolStr>,
}

impl Rule {
    /// Returns the name of the metric or of the alert.
    pub fn name(&self) -> &SmolStr {
        match self {
            Self::Recording(rule) => &rule.record,
            Self::Alerting(rule) => &rule.alert,
        }
    }

    /// Returns the query.
    pub fn expr(&self) -> &Expr {
        match self {
            Self::Recording(rule) => &rule.expr,
            Self::Alerting(rule) => &rule.expr,
        }
    }

    /// Returns the labels to set.
    pub fn labels(&self) -> &BTreeMap<SmolStr, SmolStr> {
        match self {
            Self::Recording(rule) => &rule.labels,
            Self::Alerting(rule) => &rule.labels,
        }
    }
}

/// The place of a rule: rules are ordered by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RuleId {
    /// The index of the group.
    pub group: usize,
    /// The index of the rule in its group.
    pub rule: usize,
}
