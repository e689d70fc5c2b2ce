//! Inhibition over time.

use super::rule::Rule;
use super::series::Series;

/// An alert whose notifications are suppressed for a time, as another alert inhibits it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inhibited {
    /// The index of the inhibited alert.
    pub alert: usize,
    /// The index of an alert that inhibits it when this begins; there may be others.
    pub by: usize,
    /// The time at which Alertmanager would otherwise have looked whether to notify about it.
    pub from: i64,
    /// The time at which it no longer was inhibited, or no longer known; `None` if that is after the end.
    pub until: Option<i64>,
}

/// The alerts that inhibit others at a time.
#[derive(Debug)]
pub struct Sources {
    /// By rule, the series that match as its source.
    by_rule: Vec<Vec<usize>>,
    /// By series, the index of the alert that fires.
    firing: Vec<Option<usize>>,
}

impl Sources {
    /// None of the series fires.
    pub fn new(rules: &[Rule], series: &[Series]) -> Self {
        let mut by_rule = vec![Vec::new(); rules.len()];
        for (index, series) in series.iter().enumerate() {
            for rule in &series.sources {
                by_rule[*rule].push(index);
            }
        }
        Self {
            by_rule,
            firing: vec![None; series.len()],
        }
    }

    /// Sets the alert of a series that fires; `None` if none does.
    pub fn set(&mut self, series: usize, alert: Option<usize>) {
        self.firing[series] = alert;
    }

    /// An alert that inhibits a series; `None` if none does.
    pub fn inhibiting(&self, rules: &[Rule], series: &[Series], target: usize) -> Option<usize> {
        let labels = &series[target].labels;
        series[target].targets.iter().find_map(|index| {
            let rule = &rules[*index];
            // An alert that matches both sides is not inhibited by others that do, such as itself.
            let is_source = series[target].sources.contains(index);
            let sources = self.by_rule[*index].iter();
            sources
                .filter(|source| !is_source || !series[**source].targets.contains(index))
                .filter(|source| rule.is_equal(&series[**source].labels, labels))
                .find_map(|source| self.firing[*source])
        })
    }
}
