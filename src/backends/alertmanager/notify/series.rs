//! Alerts by their labels: what Alertmanager takes for the same alert, and what it knows of it.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use super::rule::Rule;
use super::{AlertInstance, Routing, Texts};

/// The alerts with the same labels.
#[derive(Debug)]
pub struct Series {
    /// The labels without empty ones, which Alertmanager removes.
    pub labels: Texts,
    /// The indices of its routes.
    pub routes: Vec<usize>,
    /// The inhibition rules by whose target matchers it matches.
    pub targets: Vec<usize>,
    /// The inhibition rules by whose source matchers it matches.
    pub sources: Vec<usize>,
}

/// All series of a simulation.
#[derive(Debug)]
pub struct AllSeries {
    /// The series.
    pub all: Vec<Series>,
    /// The index of the series of each alert; `None` if it is given to another configuration.
    pub of_alert: Vec<Option<usize>>,
}

impl AllSeries {
    /// The series of alerts.
    pub fn new(routing: &Routing<'_>, alerts: &[AlertInstance]) -> Self {
        let mut known: BTreeMap<Texts, usize> = BTreeMap::new();
        let mut all = Vec::new();
        let of_alert = alerts
            .iter()
            .map(|alert| {
                let mut labels = alert.labels.clone();
                labels.retain(|_, value| !value.is_empty());
                if let Some(series) = known.get(&labels) {
                    return Some(*series);
                }
                let paths = routing.paths(&labels);
                let routes: Vec<usize> = paths
                    .iter()
                    .filter_map(|path| path.last().copied())
                    .collect();
                if routes.is_empty() {
                    return None;
                }
                let rules = |is_matched: &dyn Fn(&Rule) -> bool| {
                    let rules = routing.rules.iter().enumerate();
                    let matched = rules.filter(|(_, rule)| is_matched(rule));
                    matched.map(|(index, _)| index).collect()
                };
                all.push(Series {
                    routes,
                    targets: rules(&|rule| rule.is_target(&labels)),
                    sources: rules(&|rule| rule.is_source(&labels)),
                    labels: labels.clone(),
                });
                known.insert(labels, all.len() - 1);
                Some(all.len() - 1)
            })
            .collect();
        Self { all, of_alert }
    }
}

/// The order of alerts in a message: by `job`, by `instance`, then by their labels, with fewer labels first.
pub fn order(one: &Texts, other: &Texts) -> Ordering {
    for label in ["job", "instance"] {
        // An alert with the label is before one without.
        let ordering = match (one.get(label), other.get(label)) {
            (Some(one), Some(other)) => one.cmp(other),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => Ordering::Equal,
        };
        if ordering.is_ne() {
            return ordering;
        }
    }
    let pairs = one.iter().zip(other);
    // At the first name that differs, the alert with the smaller name is the one that has this label.
    let ordered = pairs.map(|((name, value), (other_name, other_value))| {
        other_name.cmp(name).then_with(|| value.cmp(other_value))
    });
    one.len()
        .cmp(&other.len())
        .then_with(|| ordered.fold(Ordering::Equal, Ordering::then))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alerts_are_in_alertmanagers_order() {
        let labels = |text: &str| -> Texts {
            let pairs = text
                .split_whitespace()
                .filter_map(|pair| pair.split_once('='));
            pairs
                .map(|(name, value)| (name.into(), value.into()))
                .collect()
        };
        let sorted = [
            "a=2 job=a z=1",
            "job=b instance=1",
            "job=b instance=2",
            "job=b",
            "c=1",
            "a=1 c=1",
            "a=1 b=1",
            "a=1 b=2",
            "a=2 b=1",
            "a=1 b=1 c=1",
        ];
        for (index, one) in sorted.iter().enumerate() {
            for (other_index, other) in sorted.iter().enumerate() {
                let wanted = index.cmp(&other_index);
                assert_eq!(order(&labels(one), &labels(other)), wanted, "{one} {other}");
            }
        }
    }
}
